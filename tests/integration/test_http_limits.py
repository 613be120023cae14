"""What one user may ask for at a time: cost, time, requests side by side; and what errors suggest."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg

from backend.access.credentials import create_token
from tests.support.gateway import running_gateway
from tests.support.waiting import blocked, eventually

if TYPE_CHECKING:
    import httpx
    import pytest

    from tests.support.gateway import RunningGateway
    from tests.support.world import World

TYPENAME_ASKED = "{ __typename }"
TYPENAME = {"data": {"__typename": "Query"}}


def _post(gateway: RunningGateway, content: Any, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {"authorization": f"Bearer {gateway.tokens['tom']}", **named}
    return gateway.client.post(f"{gateway.url}/graphql", json=content, headers=given)


def _code(response: httpx.Response) -> tuple[int, str]:
    error = response.json()["errors"][0]
    return response.status_code, error["extensions"]["code"]


def test_cost_is_told_to_who_asks(world_gateway: RunningGateway) -> None:
    query = {"query": "{ courses(first: 3) { nodes { id } } }"}
    with running_gateway(world_gateway.database_url, world_gateway.tokens, cost_per_minute=1_000_000) as counting:
        plain = _post(counting, query)
        assert "extensions" not in plain.json()
        assert plain.headers["ratelimit-policy"] == '"cost";q=1000000;w=60'
        told = _post(counting, query, graphql_cost="report")
    cost = told.json()["extensions"]["cost"]
    left = cost.pop("costLeft")
    assert cost == {"cost": 7, "fieldCost": 2, "typeCost": 5, "rows": 3, "costPerMinute": 1_000_000}
    assert re.fullmatch(f'"cost";r={left};t=[0-9]+', told.headers["ratelimit"])


def test_user_who_costs_too_much_waits(world_gateway: RunningGateway) -> None:
    query = {"query": "{ courses(first: 500) { nodes { members(first: 500) { nodes { id } } } } }"}
    with running_gateway(world_gateway.database_url, world_gateway.tokens, cost_per_minute=400_000) as counting:
        assert _post(counting, query).status_code == 200
        refused = _post(counting, query)
        assert _code(refused) == (429, "RATE_LIMITED")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.json()["errors"][0]["extensions"]["limit"] == "costPerMinute"
        other = {"authorization": f"Bearer {world_gateway.tokens['ada']}"}
        assert _post(counting, query, **other).status_code == 200


def test_user_whose_documents_take_too_long_to_read_waits(world_gateway: RunningGateway) -> None:
    with running_gateway(world_gateway.database_url, world_gateway.tokens, cost_per_minute=60) as counting:
        fields = "id " * 150
        codes = [_code(_post(counting, {"query": f"{{ courses {{ {fields} }} }}"})) for _ in range(2)]
    assert codes == [(200, "GRAPHQL_VALIDATION_FAILED"), (429, "RATE_LIMITED")]


def test_request_that_takes_too_long_is_ended_in_postgresql_too(
    own_world: World, world_gateway: RunningGateway
) -> None:
    own_world.course("algebra")
    own_world.role("adi", "_admin")
    token = create_token(own_world.database_url, user="adi")
    with (
        running_gateway(own_world.database_url, {"tom": token}, max_seconds=0.2) as hasty,
        psycopg.connect(own_world.database_url) as holder,
    ):
        holder.execute("LOCK TABLE course IN ACCESS EXCLUSIVE MODE")
        response = _post(hasty, {"query": "{ courses { totalCount } }"})
        assert _code(response) == (504, "TIMEOUT")
        assert response.json()["errors"][0]["extensions"]["limit"] == "seconds"
        eventually(lambda: blocked(own_world.connection) == [])
        holder.rollback()
        assert _post(hasty, {"query": "{ courses { totalCount } }"}).json() == {"data": {"courses": {"totalCount": 1}}}


def test_requests_of_one_user_side_by_side_are_bounded(own_world: World, world_gateway: RunningGateway) -> None:
    token = create_token(own_world.database_url, user="adi")
    with (
        running_gateway(own_world.database_url, {"tom": token}, max_concurrent=1) as narrow,
        psycopg.connect(own_world.database_url) as holder,
        ThreadPoolExecutor(1) as pool,
    ):
        holder.execute("LOCK TABLE course IN ACCESS EXCLUSIVE MODE")
        first = pool.submit(_post, narrow, {"query": "{ courses { totalCount } }"})
        eventually(lambda: len(blocked(own_world.connection)) == 1)
        refused = _post(narrow, {"query": "{ __typename }"})
        assert _code(refused) == (429, "RATE_LIMITED")
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["errors"][0]["extensions"]["limit"] == "concurrent"
        holder.rollback()
        assert first.result().status_code == 200
        assert _post(narrow, {"query": "{ __typename }"}).json() == TYPENAME


def test_who_has_statements_made_owes_for_them_once(
    world_gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = " ".join(f"a{number}: members(first: 1) {{ nodes {{ id }} }}" for number in range(30))
    query = {"query": f"{{ courses(first: 1) {{ nodes {{ {lists} }} }} }}"}
    with running_gateway(world_gateway.database_url, world_gateway.tokens, cost_per_minute=10**12) as counting:
        monkeypatch.setattr(counting.app.engine.callers.admission, "_clock", lambda: 0.0)
        answers = [_post(counting, query, graphql_cost="report").json()["extensions"]["cost"] for _ in range(3)]
        first, second, third = (answer["costLeft"] for answer in answers)
    # What was made for an answer is taken out behind it.
    assert first - second > 30 * 50_000
    assert second - third == answers[0]["cost"]


SCHEMA = "{ __schema { types { name fields { name type { name kind } } } } }"


def test_who_reads_the_schema_owes_for_it_once_in_a_while(world_gateway: RunningGateway) -> None:
    # A minute allows less than making one such answer takes; what is kept costs no more than its document.
    with running_gateway(world_gateway.database_url, world_gateway.tokens, cost_per_minute=200_000) as counting:
        assert _post(counting, {"query": SCHEMA}).status_code == 200
        assert _code(_post(counting, {"query": TYPENAME_ASKED})) == (429, "RATE_LIMITED")
        other = {"authorization": f"Bearer {world_gateway.tokens['ada']}"}
        assert _post(counting, {"query": SCHEMA}, **other).status_code == 200
        assert _post(counting, {"query": TYPENAME_ASKED}, **other).json() == TYPENAME


def test_nobody_without_a_token_keeps_the_schema_busy(world_gateway: RunningGateway) -> None:
    settings: dict[str, Any] = {"cost_per_minute": 200_000, "anonymous_schema": True}
    with running_gateway(world_gateway.database_url, world_gateway.tokens, **settings) as counting:
        address = f"{counting.url}/graphql"
        assert counting.client.post(address, json={"query": SCHEMA}).status_code == 200
        for query in (SCHEMA.replace("__schema", "again: __schema"), "{ __typename nothing }", "{ again: __typename }"):
            refused = counting.client.post(address, json={"query": query})
            assert _code(refused) == (429, "RATE_LIMITED")
            assert int(refused.headers["retry-after"]) >= 1
        # What was made once is told, and users are in nobody else's debt.
        assert counting.client.post(address, json={"query": SCHEMA}).status_code == 200
        assert _post(counting, {"query": TYPENAME_ASKED}).json() == TYPENAME


def test_names_are_suggested_where_that_is_wanted_alone(world_gateway: RunningGateway) -> None:
    asked = (
        {"query": "{ course(id: 1) { titel } }"},
        {"query": "query ($f: CourseFilter) { courses(filter: $f) { totalCount } }", "variables": {"f": {"titel": 1}}},
    )
    with running_gateway(world_gateway.database_url, world_gateway.tokens, field_suggestions=True) as helpful:
        for body in asked:
            assert "Did you mean" in _post(helpful, body).text
            assert "Did you mean" not in _post(world_gateway, body).text
