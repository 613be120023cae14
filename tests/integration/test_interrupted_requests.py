"""Clients that go away, servers that end connections, statements that take too long: the pool recovers."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest

from backend.access.credentials import create_token
from backend.face import incoming
from backend.graphql.introspection import SchemaAnswers
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.waiting import blocked, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

QUERY = "{ courses { totalCount } }"
OTHERS = (
    "SELECT pid FROM pg_stat_activity"
    " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
UNAVAILABLE = {
    "errors": [
        {
            "message": "The database cannot be reached, or took too long; try again.",
            "extensions": {"code": "UNAVAILABLE"},
        }
    ]
}


@pytest.fixture(scope="module")
def reader(own_world: World) -> str:
    """A token that reads everything."""
    own_world.course("algebra")
    own_world.role("adi", "_admin")
    return create_token(own_world.database_url, user="adi")


@pytest.fixture
def small(own_world: World, reader: str) -> Iterator[RunningGateway]:
    """A gateway with four connections, two for each user."""
    with running_gateway(own_world.database_url, {"adi": reader}, pool_size=4, statement_timeout=5) as running:
        assert running.data("adi", QUERY) == {"courses": {"totalCount": 1}}
        yield running


@contextmanager
def _locked(world: World) -> Iterator[None]:
    """Nobody reads courses while the block runs."""
    with psycopg.connect(world.database_url) as holder:
        holder.execute("LOCK TABLE course IN ACCESS EXCLUSIVE MODE")
        yield
        holder.rollback()


def _post(gateway: RunningGateway, client: httpx.Client) -> httpx.Response:
    headers = {"Authorization": f"Bearer {gateway.tokens['adi']}"}
    return client.post(f"{gateway.url}/graphql", json={"query": QUERY}, headers=headers)


def _fill(gateway: RunningGateway, clients: list[httpx.Client], pool: ThreadPoolExecutor) -> list[Any]:
    return [pool.submit(_post, gateway, client) for client in clients]


def test_client_that_goes_away_takes_its_statement_along(
    small: RunningGateway, own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "WATCHED_AFTER", 0.02)
    for _ in range(3):
        with _locked(own_world), ThreadPoolExecutor(2) as pool:
            clients = [httpx.Client(timeout=0.5) for _ in range(2)]
            asked = _fill(small, clients, pool)
            eventually(lambda: len(blocked(own_world.connection)) == 2)
            for request in asked:
                assert isinstance(request.exception(), httpx.ReadTimeout)
            eventually(lambda: blocked(own_world.connection) == [])
            for client in clients:
                client.close()
        assert small.data("adi", QUERY) == {"courses": {"totalCount": 1}}


def test_client_that_goes_away_between_two_statements_holds_nothing_up(
    small: RunningGateway, own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "WATCHED_AFTER", 0.02)

    async def think(*_: object) -> None:
        await asyncio.sleep(60)

    with monkeypatch.context() as slow, httpx.Client(timeout=0.3) as client:
        slow.setattr(SchemaAnswers, "answer", think)
        # Whose token is new is asked for before anything else.
        headers = {"Authorization": f"Bearer {create_token(own_world.database_url, user='adi')}"}
        with pytest.raises(httpx.ReadTimeout):
            client.post(f"{small.url}/graphql", json={"query": "{ __schema { types { name } } }"}, headers=headers)
    eventually(lambda: not own_world.connection.execute(OTHERS + " AND state = 'idle in transaction'").fetchall())
    assert small.data("adi", QUERY) == {"courses": {"totalCount": 1}}


def test_connections_that_ended_in_the_pool_are_replaced_unseen(small: RunningGateway, own_world: World) -> None:
    for _ in range(3):
        with ThreadPoolExecutor(2) as pool:
            with _locked(own_world):
                asked = [pool.submit(small.data, "adi", QUERY) for _ in range(2)]
                eventually(lambda: len(blocked(own_world.connection)) == 2)
            assert [request.result() for request in asked] == [{"courses": {"totalCount": 1}}] * 2
        idle = own_world.connection.execute(OTHERS).fetchall()
        assert len(idle) >= 2
        for pid in idle:
            own_world.connection.execute("SELECT pg_terminate_backend(%s, 5000)", pid)
        assert small.data("adi", QUERY) == {"courses": {"totalCount": 1}}


def test_connection_that_ends_while_it_reads_is_replaced(small: RunningGateway, own_world: World) -> None:
    with ThreadPoolExecutor(1) as pool:
        with _locked(own_world):
            asked = pool.submit(small.data, "adi", QUERY)
            eventually(lambda: blocked(own_world.connection) != [])
            first = blocked(own_world.connection)
            own_world.connection.execute("SELECT pg_terminate_backend(%s, 5000)", first)
            eventually(lambda: blocked(own_world.connection) not in ([], first))
        assert asked.result() == {"courses": {"totalCount": 1}}


def test_statement_that_takes_too_long_is_unavailable(own_world: World, reader: str) -> None:
    with running_gateway(own_world.database_url, {"adi": reader}, pool_size=1, statement_timeout=0.05) as hasty:
        for _ in range(3):
            with _locked(own_world):
                response = _post(hasty, hasty.client)
                assert (response.status_code, response.json()) == (503, UNAVAILABLE)
            assert hasty.data("adi", QUERY) == {"courses": {"totalCount": 1}}


def test_read_that_waits_too_long_for_a_lock_is_unavailable(own_world: World, reader: str) -> None:
    refused = """mutation($id: ID!) { updateCourse(id: $id, input: {title: "Unseen"}) {
      errors { code } query { courses { totalCount } }
    } }"""
    nobody = "00000000-0000-4000-8000-000000000000"
    writer = create_token(own_world.database_url, user="adi", scopes=["*"])
    tokens = {"adi": reader, "writing adi": writer}
    with running_gateway(own_world.database_url, tokens, pool_size=1, lock_timeout=0.05) as hasty:
        with _locked(own_world):
            response = _post(hasty, hasty.client)
            rest = hasty.send("adi", "GET", "/courses")
            (error,) = hasty.ask("writing adi", refused, id=nobody)["errors"]
        assert (response.status_code, response.json()) == (503, UNAVAILABLE)
        assert (rest.status_code, rest.json()["code"]) == (503, "UNAVAILABLE")
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert hasty.data("adi", QUERY) == {"courses": {"totalCount": 1}}


def test_error_of_the_database_says_nothing_and_spoils_nothing(small: RunningGateway, own_world: World) -> None:
    own_world.connection.execute("ALTER TABLE course RENAME COLUMN title TO label")
    try:
        answer = small.ask("adi", "{ courses { nodes { title } } }")
    finally:
        own_world.connection.execute("ALTER TABLE course RENAME COLUMN label TO title")
    (error,) = answer["errors"]
    mark = error["extensions"]["correlationId"]
    assert error == {
        "message": f"Internal error. Tell the operators this mark: {mark}.",
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "correlationId": mark},
    }
    assert small.data("adi", "{ courses { nodes { title } } }") == {"courses": {"nodes": [{"title": "Algebra"}]}}


def test_more_requests_than_connections_are_all_answered(small: RunningGateway) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: small.data("adi", QUERY), range(64)))
    assert answers == [{"courses": {"totalCount": 1}}] * 64


@pytest.mark.parametrize("tokens", ["known", "one that is new", "one of a request that was cancelled", "all new"])
def test_slow_requests_of_one_user_leave_connections_to_others(
    small: RunningGateway, own_world: World, tokens: str
) -> None:
    own_world.user("eve")
    eve = {"Authorization": f"Bearer {create_token(own_world.database_url, user='eve')}"}

    def of_eve() -> httpx.Response:
        return httpx.post(f"{small.url}/graphql", json={"query": "{ me { username } }"}, headers=eve)

    assert of_eve().json() == {"data": {"me": {"username": "eve"}}}
    new = {name: create_token(own_world.database_url, user="adi") for name in "abcde"} if "new" in tokens else {}
    asking = small.with_tokens({**small.tokens, **new})
    if tokens == "one of a request that was cancelled":
        with _locked(own_world):
            with httpx.Client(timeout=0.2) as hasty, pytest.raises(httpx.ReadTimeout):
                _post(small, hasty)
            eventually(lambda: blocked(own_world.connection) == [])
    names = {"all new": list(new), "one that is new": ["a"] * 5}.get(tokens, ["adi"] * 5)
    with ThreadPoolExecutor(5) as slow:
        with _locked(own_world):
            asked = [slow.submit(asking.ask, name, QUERY) for name in names]
            eventually(lambda: len(blocked(own_world.connection)) == 2)
            assert of_eve().json() == {"data": {"me": {"username": "eve"}}}
            assert httpx.get(f"{small.url}/health/ready").status_code == 200
            assert len(blocked(own_world.connection)) == 2
        assert [each.result() for each in asked] == [{"data": {"courses": {"totalCount": 1}}}] * 5
