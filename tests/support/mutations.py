"""Mutations as tests send them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.gateway import RunningGateway

ERRORS = """errors {
  code message path
  ... on ConflictError { fields conflicting { id } }
  ... on StaleVersionError { currentVersion }
}"""


def write(gateway: RunningGateway, user: str, name: str, selection: str = "", **given: Any) -> dict[str, Any]:
    """The payload of one mutation; `given` are its arguments."""
    kind = name[:1].upper() + name[1:]
    types = {
        "id": "ID!",
        "input": f"{kind.replace('Upsert', 'Create')}Input!",
        "inputs": f"[{re.sub('ie$', 'y', kind.removesuffix('s'))}Input!]!",
        "expectedVersion": "BigInt",
        "dryRun": "Boolean!",
        "on": f"{kind.removeprefix('Upsert')}UniqueKey!",
    }
    declared = ", ".join(f"${each}: {types[each]}" for each in given)
    passed = ", ".join(f"{each}: ${each}" for each in given)
    text = f"mutation({declared}) {{ it: {name}({passed}) {{ {ERRORS} {selection} }} }}"
    payload: dict[str, Any] = gateway.data(user, text, **given)["it"]
    return payload


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["errors"]]


def told(payload: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Code and path of each error."""
    return [(error["code"], error["path"]) for error in payload["errors"]]
