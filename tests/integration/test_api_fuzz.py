"""Requests that nobody thought of: drawn by Schemathesis from the OpenAPI document and from the GraphQL schema.

Whatever comes, no answer is a 5xx or tells of what is within. Each REST operation is tried a little, each by another
kind of caller; FUZZ_EXAMPLES=20 has all of them try each that often.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error, response_schema_conformance, status_code_conformance

from backend.access.credentials import create_token
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from tests import university
from tests.gateway import RunningGateway, running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.builder import World

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
CATALOG = reflect(INTERFACES)
CALLERS = ("ada", "lea", "adi")
_WITHIN = re.compile(
    r"Traceback|psycopg|sqlalchemy|\bSELECT\b|\bINSERT\b|constraint \"|relation \"|/backend/|\$\d\b", re.IGNORECASE
)
_QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example]


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[tuple[World, RunningGateway]]:
    university.build_university(own_world)
    url = own_world.database_url
    tokens = {user: create_token(url, user=user, name="tests", scopes=["*"]) for user in CALLERS}
    with running_gateway(url, tokens) as running:
        yield own_world, running


def _known(gateway: RunningGateway) -> dict[str, list[str]]:
    """Keys of rows, by the endpoints that have them."""
    found = {}
    for entity in CATALOG.values():
        rows = gateway.send("adi", "GET", f"/{entity.interface.endpoint}?limit=5").json()
        found[entity.interface.endpoint] = [row["id"] for row in rows if "id" in row]
    return found


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
    schema: Any = schemathesis.openapi.from_dict(gateway.send(None, "GET", "/openapi.json").json())
    known = _known(gateway)
    operations = [result.ok() for result in schema.get_all_operations()]
    # What is deleted can be asked for no more.
    operations.sort(key=lambda each: each.method.upper() == "DELETE")
    for index, operation in enumerate(operations):
        callers = CALLERS if EXAMPLES else (CALLERS[index % len(CALLERS)],)
        for caller in callers:
            _try(gateway, operation, caller, known)


def _try(gateway: RunningGateway, operation: Any, caller: str, known: dict[str, list[str]]) -> None:
    endpoint = operation.path.split("/")[1]

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES or 2, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=_QUIET
    )
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
