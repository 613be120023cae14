"""Who may write what, through REST: the people whom tests/support/write_cases.py names for each mutation.

Each write is tried for real, and undone where it would be committed. Of each case, one person who may and one who may
not have a try; with REST_ALL=1 everybody has.
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from backend.access.credentials import create_token
from backend.errors import InputError
from backend.interface.entity import Entity, camel_case
from backend.interface.inputs import input_fields
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from backend.operation.writing import Writing
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.repeat import tries_all
from tests.support.write_cases import CASES, WRITERS, Case, build_campus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

CATALOG = reflect(INTERFACES)
UNDONE = "undone"
_NAME = re.compile(r"(create|update|delete|archive|unarchive)(\w+)")
_ROUTES = {
    "create": ("POST", ""),
    "update": ("PATCH", "/{id}"),
    "delete": ("DELETE", "/{id}"),
    "archive": ("PATCH", "/{id}/archive"),
    "unarchive": ("PATCH", "/{id}/unarchive"),
}
EVERYBODY = tries_all("REST")


async def _undo(_: Writing) -> None:
    raise InputError("it would have been committed", (UNDONE,))


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[tuple[World, RunningGateway]]:
    build_campus(own_world)
    url = own_world.database_url
    tokens = {user: create_token(url, user=user, name="tests", scopes=["*"]) for user in WRITERS}
    with pytest.MonkeyPatch.context() as monkeypatch, running_gateway(url, tokens) as running:
        monkeypatch.setattr(Writing, "commit", _undo)
        yield own_world, running


def _body(entity: Entity, verb: str, given: dict[str, Any]) -> dict[str, Any]:
    """The input of a mutation as REST has it: by attributes, with the values of enums."""
    dto = entity.interface.create if verb == "create" else entity.interface.update
    assert dto is not None
    fields = {field.name: field for field in input_fields(entity, dto)}
    body = {}
    for name, value in given.items():
        field = fields[name]
        body[field.attribute] = value if field.enum is None else field.enum[value].value
    return body


def _attempt(world: World, gateway: RunningGateway, user: str, case: Case) -> str:
    """The code that the write is refused with; UNDONE where it would have been committed."""
    found = _NAME.fullmatch(case.mutation)
    assert found is not None
    verb, entity = found[1], CATALOG[found[2]]
    method, tail = _ROUTES[verb]
    path = f"/{entity.interface.endpoint}{tail}"
    if (key := case.key(world)) is not None:
        path = path.replace("{id}", quote(key, safe=""))
    body = _body(entity, verb, case.filled(world)) if case.given is not None else None
    problem = gateway.send(user, method, path, body).json()
    if any(error.get("parameter") == UNDONE for error in problem.get("errors", ())):
        return UNDONE
    return f"{problem['code']} {problem['detail']}"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_only_they_may(campus: tuple[World, RunningGateway], case: Case) -> None:
    world, gateway = campus
    verdicts = {user: _attempt(world, gateway, user, case) for user in _some(case)}
    allowed = {user for user, verdict in verdicts.items() if verdict == UNDONE}
    expected = case.allowed & verdicts.keys()
    assert allowed == expected, {user: verdicts[user] for user in allowed ^ expected}


def _some(case: Case) -> list[str]:
    if EVERYBODY:
        return list(WRITERS)
    drawn = random.Random(str(case))  # noqa: S311 - others for each case, the same each time
    groups = (sorted(case.allowed), sorted(set(WRITERS) - case.allowed))
    return [user for group in groups for user in drawn.sample(group, min(1, len(group)))]


def test_every_operation_has_its_route(campus: tuple[World, RunningGateway]) -> None:
    _, gateway = campus
    paths = gateway.send(None, "GET", "/openapi.json").json()["paths"]
    for entity in CATALOG.values():
        for action in entity.operations:
            method, tail = _ROUTES[action.value]
            assert method.lower() in paths[f"/{entity.interface.endpoint}{tail}"], (entity.name, action)
        assert {"get"} <= paths[f"/{entity.interface.endpoint}"].keys()


def test_fields_of_inputs_are_those_of_graphql() -> None:
    for entity in CATALOG.values():
        for dto in (entity.interface.create, entity.interface.update):
            for field in input_fields(entity, dto) if dto else ():
                assert camel_case(field.attribute) == field.name
