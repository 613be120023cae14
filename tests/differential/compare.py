"""Two answers beside each other: where they differ, and which cursors stand for the same place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tests.differential.reference_pages import CURSOR

if TYPE_CHECKING:
    from collections.abc import Iterator

TOLERANCE = 1e-9
_MOST = 12


def differences(gateway: dict[str, Any], reference: dict[str, Any]) -> list[str]:
    """Where the gateway's answer is not the reference's, a line each; empty where they agree."""
    if reference.get("errors") == "BAD_USER_INPUT":
        codes = [error["extensions"]["code"] for error in gateway.get("errors", [])]
        if "data" not in gateway and codes and set(codes) == {"BAD_USER_INPUT"}:
            return []
        return [f"the reference refuses the request with BAD_USER_INPUT, the gateway answers {_short(gateway)}"]
    if "data" not in gateway:
        return [f"the gateway refuses what the reference answers: {gateway.get('errors')}"]
    found = list(_differences("data", gateway["data"], reference["data"]))
    ours = [(error.get("path"), error["extensions"]["code"]) for error in gateway.get("errors", [])]
    theirs = [(error["path"], error["code"]) for error in reference.get("errors", [])]
    # Where an error leaves no data at all, the others need not be told.
    partial = reference["data"] is None and ours and all(error in theirs for error in ours)
    if not partial and sorted(map(str, ours)) != sorted(map(str, theirs)):
        found.append(f"errors {gateway.get('errors')}, expected them at {theirs}")
    return found[:_MOST]


def cursors(gateway: Any, reference: Any) -> dict[str, str]:
    """The reference's cursors by those of the gateway, from two answers that agree."""
    found: dict[str, str] = {}
    if isinstance(reference, dict):
        for name, value in reference.items():
            found |= cursors(gateway[name], value)
    elif isinstance(reference, list):
        for ours, theirs in zip(gateway, reference, strict=True):
            found |= cursors(ours, theirs)
    elif isinstance(reference, str) and reference.startswith(CURSOR):
        found[gateway] = reference
    return found


def _differences(path: str, gateway: Any, reference: Any) -> Iterator[str]:
    if isinstance(gateway, dict) and isinstance(reference, dict):
        if list(gateway) != list(reference):
            yield f"{path}: fields {list(gateway)}, expected {list(reference)}"
        for name in gateway.keys() & reference.keys():
            yield from _differences(f"{path}.{name}", gateway[name], reference[name])
    elif isinstance(gateway, list) and isinstance(reference, list):
        if len(gateway) != len(reference):
            yield f"{path}: {len(gateway)} items, expected {len(reference)}: {_short(gateway)}, not {_short(reference)}"
        for index, (ours, theirs) in enumerate(zip(gateway, reference, strict=False)):
            yield from _differences(f"{path}.{index}", ours, theirs)
    elif not _same(gateway, reference):
        yield f"{path}: {_short(gateway)}, expected {_short(reference)}"


def _same(gateway: Any, reference: Any) -> bool:
    if isinstance(reference, str) and reference.startswith(CURSOR):
        return isinstance(gateway, str) and bool(gateway)
    if isinstance(gateway, bool) or isinstance(reference, bool):
        return gateway is reference
    if isinstance(gateway, float | int) and isinstance(reference, float | int):
        return math.isclose(gateway, reference, rel_tol=TOLERANCE)
    return type(gateway) is type(reference) and bool(gateway == reference)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 300 else f"{text[:300]}…"
