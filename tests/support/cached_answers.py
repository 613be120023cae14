"""Answers, what they say of where they came from, and gateways that keep them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from backend.access.credentials import create_token
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.redis_server import RedisServer, redis_server
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.world import World

USERS = ("ada", "bob", "cyd", "tom", "lea", "adi", "uma", "orla", "mia", "sol")


@pytest.fixture(scope="module")
def own_redis() -> Iterator[RedisServer]:
    """A Redis for one module alone."""
    with redis_server() as server:
        yield server


@pytest.fixture(scope="module")
def university_tokens(own_university: World) -> dict[str, str]:
    """By user: a token that does all that they may; `ada reads` only reads courses for ada."""
    url = own_university.database_url
    made = {user: create_token(url, user=user, scopes=["*"]) for user in USERS}
    made["ada reads"] = create_token(url, user="ada", scopes=["course:list"])
    return made


@pytest.fixture(scope="module")
def cached_gateways(
    own_university: World, own_redis: RedisServer, university_tokens: dict[str, str]
) -> Iterator[Sequence[RunningGateway]]:
    """Two gateways over one database and one Redis, which share nothing else."""
    url, at = own_university.database_url, SecretStr(own_redis.url)
    with (
        running_gateway(url, university_tokens, redis_url=at) as first,
        running_gateway(url, university_tokens, redis_url=at) as second,
    ):
        yield first, second


@pytest.fixture
def cached(cached_gateways: Sequence[RunningGateway]) -> RunningGateway:
    """The first of the gateways."""
    return cached_gateways[0]


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
