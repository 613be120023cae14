"""Requests that nobody thought of: drawn by Schemathesis from the OpenAPI document and from the GraphQL schema.

Whatever comes, no answer is a 5xx or tells of what is within. Each operation of REST is tried once, and some fields of
GraphQL, each by another kind of caller: with FUZZ_ALL=1 all fields, each by all callers; FUZZ_STEPS is how often.
"""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error, response_schema_conformance, status_code_conformance
from schemathesis.graphql import nodes

from backend.access.credentials import create_token
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from tests.support import university
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.repeat import given_seed, steps, tries_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.world import World

STEPS, SEED, ALL = steps("FUZZ", 1), int(given_seed("FUZZ") or 1), tries_all("FUZZ")
CATALOG = reflect(INTERFACES)
CALLERS = ("ada", "lea", "adi")
FIELDS = 20
SCHEMA = Path(__file__).resolve().parents[2] / "schema.graphql"
_WITHIN = re.compile(
    r"Traceback|psycopg|sqlalchemy|\bSELECT\b|\bINSERT\b|constraint \"|relation \"|/backend/|\$\d\b", re.IGNORECASE
)
_QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example]


_TEXTS = st.text(max_size=12).map(nodes.String)
for name, values in {
    "TreePath": st.from_regex(r"[a-z_]{1,4}(\.[a-z_]{1,4}){0,3}", fullmatch=True).map(nodes.String) | _TEXTS,
    "BigInt": st.integers(-(2**64), 2**64).map(str).map(nodes.String) | st.integers(-9, 9).map(nodes.Int),
    "DateTime": st.datetimes().map(lambda moment: nodes.String(f"{moment.isoformat()}Z")) | _TEXTS,
    "JSON": _TEXTS | st.booleans().map(nodes.Boolean) | st.just(nodes.Null),
}.items():
    schemathesis.graphql.scalar(name, values)


def _drawn(test: Callable[[], None]) -> Callable[[], None]:
    """The test with as many examples as there are to be, the same each time."""
    bounded = settings(
        max_examples=STEPS, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=_QUIET
    )
    return seed(SEED)(bounded(test))


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[tuple[World, RunningGateway]]:
    university.build_university(own_world)
    url = own_world.database_url
    tokens = {user: create_token(url, user=user, name="tests", scopes=["*"]) for user in CALLERS}
    with running_gateway(url, tokens) as running:
        yield own_world, running


def _known(gateway: RunningGateway) -> dict[str, list[str]]:
    """Keys of rows, by the endpoints that have them."""
    found: dict[str, list[str]] = {}
    mine = {gateway.send(user, "GET", f"/users?username={user}").json()[0]["id"] for user in CALLERS}
    for entity in CATALOG.values():
        rows = gateway.send("adi", "GET", f"/{entity.interface.endpoint}?limit=5").json()
        found[entity.interface.endpoint] = [row["id"] for row in rows if "id" in row]
    # Whoever is archived asks for nothing more.
    return {**found, "users": [key for key in found["users"] if key not in mine], "api-tokens": []}


def _endpoint_of(name: str) -> str:
    target = next((e for e in CATALOG.values() if name == f"{e.model.__tablename__}_id"), None)
    return target.interface.endpoint if target else ""


def _with_known_keys(value: Any, known: dict[str, list[str]], draw: Any) -> Any:
    """The same body with keys of rows that are there, where it refers to some."""
    if isinstance(value, list):
        return [_with_known_keys(each, known, draw) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: draw(st.sampled_from(keys))
        if (keys := known.get(_endpoint_of(name)))
        else _with_known_keys(each, known, draw)
        for name, each in value.items()
    }


def test_rest_survives_what_its_document_allows(campus: tuple[World, RunningGateway]) -> None:
    _, gateway = campus
    document = gateway.send(None, "GET", "/openapi.json").json()
    # Who asks is ours to say.
    del document["security"], document["components"]["securitySchemes"]
    schema: Any = schemathesis.openapi.from_dict(document)
    known = _known(gateway)
    operations = [result.ok() for result in schema.get_all_operations()]
    # What is deleted can be asked for no more.
    operations.sort(key=lambda each: each.method.upper() == "DELETE")
    for index, operation in enumerate(operations):
        callers = CALLERS if ALL else (CALLERS[index % len(CALLERS)],)
        for caller in callers:
            _try(gateway, operation, caller, known)


def test_graphql_survives_what_its_schema_allows(campus: tuple[World, RunningGateway]) -> None:
    _, gateway = campus
    schema: Any = schemathesis.graphql.from_file(SCHEMA.read_text())
    fields = [result.ok() for result in schema.get_all_operations()]
    random.Random(SEED).shuffle(fields)  # noqa: S311 - to take some of each kind
    for index, field in enumerate(fields if ALL else fields[:FIELDS]):
        for caller in CALLERS if ALL else (CALLERS[index % len(CALLERS)],):
            _ask(gateway, field, caller)


def _ask(gateway: RunningGateway, field: Any, caller: str) -> None:
    @_drawn
    @given(case=field.as_strategy())
    def attempt(case: Any) -> None:
        sent = {"Authorization": f"Bearer {gateway.tokens[caller]}", "Accept": "application/graphql-response+json"}
        response = gateway.client.post(f"{gateway.url}/graphql", json={"query": case.body}, headers=sent)
        assert response.status_code < 500, (case.body, response.text)
        assert response.status_code != 401
        codes = {error["extensions"]["code"] for error in response.json().get("errors", ())}
        assert not codes & {"INTERNAL_SERVER_ERROR", "UNAVAILABLE"}, (case.body, response.text)
        assert not _WITHIN.search(response.text), response.text

    attempt()


def _try(gateway: RunningGateway, operation: Any, caller: str, known: dict[str, list[str]]) -> None:
    endpoint = operation.path.split("/")[1]

    @_drawn
    @given(case=operation.as_strategy(), data=st.data())
    def attempt(case: Any, data: Any) -> None:
        if case.path_parameters and known.get(endpoint) and data.draw(st.booleans()):
            case.path_parameters["id"] = data.draw(st.sampled_from(known[endpoint]))
        case.body = _with_known_keys(case.body, known, data.draw)
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {gateway.tokens[caller]}"}
        response = case.call(base_url=gateway.url)
        checks = [not_a_server_error, status_code_conformance, response_schema_conformance]
        case.validate_response(response, checks=checks)
        if response.status_code >= 400:
            assert response.headers["content-type"] == ["application/problem+json"]
            assert response.json()["code"].isupper()
            assert not _WITHIN.search(response.text), response.text

    attempt()
