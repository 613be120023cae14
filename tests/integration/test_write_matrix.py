"""Who may write what: the expected people of every entity and operation (tests/support/write_cases.py), tried for real.

Each write stands in a document that undoes it: its last mutation always fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from backend.access.credentials import create_token
from backend.graphql.mutation_fields import Verb, mutation_fields
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.write_cases import CASES, WRITERS, Case, build_campus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

CATALOG = reflect(INTERFACES)
FIELDS = mutation_fields(CATALOG)
SCOPES = ["course:get", "course_group:get", "course_group:create", "course_group:update"]
# What clients never write as rows: fixed by the system, or changed by operations of their own.
READ_ONLY = {
    "RoleClaim",
    "CourseRole",
    "OrganizationRole",
    "CourseFamilyRole",
    "CourseContentKind",
    "CourseContentDeployment",
    "DeploymentHistory",
    "MessageRead",
}


@dataclass(frozen=True)
class Campus:
    """The world, the gateway over it, and of each reader the global ids of those rows of the cases that they see."""

    world: World
    gateway: RunningGateway
    seen: dict[str, set[str]]


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[Campus]:
    build_campus(own_world)
    url = own_world.database_url
    tokens = {user: create_token(url, user=user, name="tests", scopes=["*"]) for user in WRITERS}
    tokens["reading adi"] = create_token(url, user="adi", name="tests")
    tokens["narrow lea"] = create_token(url, user="lea", name="tests", scopes=SCOPES)
    ids = sorted({_global_id(own_world, case) for case in CASES if case.row is not None})
    with running_gateway(url, tokens) as running:
        yield Campus(own_world, running, {user: _seen(running, user, ids) for user in tokens})


def _global_id(world: World, case: Case) -> str:
    return f"{FIELDS[case.mutation].entity.name}:{case.key(world)}"


def _seen(gateway: RunningGateway, user: str, ids: list[str]) -> set[str]:
    nodes = gateway.data(user, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)["nodes"]
    return {key for key, node in zip(ids, nodes, strict=True) if node is not None}


def _attempt(campus: Campus, user: str, case: Case, *, verb: Verb | None = None) -> str:
    """The code that the write is refused with; ROLLED_BACK where it would have been done."""
    field = FIELDS[case.mutation]
    if verb is not None:
        field = next(each for each in FIELDS.values() if each.entity is field.entity and each.verb is verb)
    kind = field.name[:1].upper() + field.name[1:]
    given = case.filled(campus.world)
    arguments: dict[str, tuple[str, Any]] = {}
    if case.row is not None:
        arguments["id"] = ("ID!", case.key(campus.world))
    if verb is Verb.CREATE_MANY:
        arguments["inputs"] = (f"[Create{field.entity.name}Input!]!", [given])
    elif case.given is not None:
        arguments["input"] = (f"{kind}Input!", given)
    declared = ", ".join(f"${name}: {of}" for name, (of, _) in arguments.items())
    passed = ", ".join(f"{name}: ${name}" for name in arguments)
    text = f"""mutation({declared}) @atomic {{
      it: {field.name}({passed}) {{ errors {{ code message path }} }}
      undone: deleteUser(id: "") {{ errors {{ code }} }}
    }}"""
    answer = campus.gateway.ask(user, text, **{name: value for name, (_, value) in arguments.items()})
    if "errors" in answer:
        return str(answer["errors"][0]["extensions"]["code"])
    (error, *_) = answer["data"]["it"]["errors"]
    return str(error["code"]) if error["code"] != "VALIDATION" else f"VALIDATION: {error['message']} {error['path']}"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_only_they_may(campus: Campus, case: Case) -> None:
    verdicts = {user: _attempt(campus, user, case) for user in WRITERS}
    allowed = {user for user, code in verdicts.items() if code == "ROLLED_BACK"}
    assert allowed == case.allowed, {user: verdicts[user] for user in allowed ^ case.allowed}
    if case.row is not None:
        key = _global_id(campus.world, case)
        refused = {user: code for user, code in verdicts.items() if user not in allowed}
        assert {user for user, code in refused.items() if code == "NOT_FOUND"} == {
            user for user in refused if key not in campus.seen[user]
        }


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_token_does_not_write_beyond_its_scopes(campus: Campus, case: Case) -> None:
    assert _attempt(campus, "reading adi", case) in {"FORBIDDEN", "NOT_FOUND"}
    of_groups = case.mutation in {"createCourseGroup", "updateCourseGroup"}
    assert (_attempt(campus, "narrow lea", case) == "ROLLED_BACK") == of_groups


CREATES = [case for case in CASES if case.row is None]


@pytest.mark.parametrize("case", CREATES, ids=str)
def test_who_may_create_one_may_create_many_and_nobody_else(campus: Campus, case: Case) -> None:
    refused = [user for user in ("sol", "ada", "uma") if user not in case.allowed][:1]
    for user in (*sorted(case.allowed)[:1], *refused):
        assert _attempt(campus, user, case, verb=Verb.CREATE_MANY) == _attempt(campus, user, case).replace(
            "'input'", "'inputs', '0'"
        )


def test_every_mutation_has_a_case() -> None:
    by_one = {name for name, field in FIELDS.items() if field.verb not in {Verb.CREATE_MANY, Verb.UPSERT}}
    assert by_one == {case.mutation for case in CASES}
    assert {entity.name for entity in CATALOG.values() if not entity.operations} == READ_ONLY


def test_nobody_writes_without_a_token(campus: Campus) -> None:
    for name in FIELDS:
        text = f"mutation {{ {name} {{ errors {{ code }} }} }}"
        answer = campus.gateway.client.post(f"{campus.gateway.url}/graphql", json={"query": text}).json()
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
