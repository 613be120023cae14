"""Answers, and what they say of where they came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.support.gateway import RunningGateway


@dataclass(frozen=True)
class Told:
    """An answer: its data, and by root field whether that was a hit or a miss."""

    data: dict[str, Any]
    cache: dict[str, str]


def told(gateway: RunningGateway, user: str, query: str, **variables: Any) -> Told:
    """The answer, which must be without errors, and what it says of the cache."""
    response = gateway.client.post(
        f"{gateway.url}/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": f"Bearer {gateway.tokens[user]}", "GraphQL-Cache": "report"},
    )
    answer = response.json()
    assert "errors" not in answer, answer["errors"]
    report = answer.get("extensions", {}).get("cache", {})
    return Told(answer["data"], {name: of["status"] for name, of in report.items()})


def kept(gateway: RunningGateway, user: str, query: str, **variables: Any) -> dict[str, Any]:
    """The data, once all of it comes from the cache."""
    found: list[Told] = []

    def all_hit() -> bool:
        found.append(told(gateway, user, query, **variables))
        statuses = found[-1].cache.values()
        return bool(statuses) and set(statuses) == {"hit"}

    eventually(all_hit)
    return found[-1].data
