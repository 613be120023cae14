"""A mutation and a route that are written by hand, as docs/written-operations.md has them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from backend import server
from backend.access.credentials import create_token
from backend.graphql.schema import build_schema
from backend.rest.written import WRITTEN
from tests.support import university
from tests.support.documented_code import documented
from tests.support.gateway import Campus, running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

MERGE = """mutation($source: ID!, $into: ID!) {
  mergeCourseGroups(source: $source, into: $into) {
    courseGroup { title courseMembers { totalCount nodes { user { username } } } }
    errors { code message path }
    query { courseGroups(search: {title: "merged"}) { totalCount } }
  }
}"""


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[Campus]:
    university.build_university(own_world)
    url = own_world.database_url
    tokens = {user: create_token(url, user=user, name="tests", scopes=["*"]) for user in university.READERS}
    mutations, routes = documented("written_mutations"), documented("router")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(server, "build_schema", partial(build_schema, mutations=mutations))
        monkeypatch.setattr("backend.rest.app.WRITTEN", (*WRITTEN, routes))
        with running_gateway(url, tokens) as running:
            yield own_world, running


def _groups(campus: Campus, title: str) -> tuple[str, str]:
    """Two groups of algebra, one of which has two members."""
    world, _ = campus
    algebra = world.course("algebra")
    source, into = algebra.course_group(f"{title}, source"), algebra.course_group(f"{title}, into")
    for number in (1, 2):
        name = f"{title.replace(' ', '_')}_{number}"
        algebra.member(name, course_group_id=source)
    return source, into


def _merge(campus: Campus, user: str, source: str, into: str) -> dict[str, Any]:
    payload: dict[str, Any] = campus[1].data(user, MERGE, source=source, into=into)["mergeCourseGroups"]
    return payload


def test_a_mutation_by_hand_is_one_transaction_and_its_payload_is_read_by_the_engine(campus: Campus) -> None:
    source, into = _groups(campus, "merged")
    merged = _merge(campus, "lea", source, f"CourseGroup:{into}")
    assert merged["errors"] == []
    assert merged["courseGroup"]["title"] == "merged, into"
    names = {node["user"]["username"] for node in merged["courseGroup"]["courseMembers"]["nodes"]}
    assert names == {"merged_1", "merged_2"}
    assert campus[1].send("lea", "GET", f"/course-groups/{source}").status_code == 404


def test_its_rules_are_those_of_the_operations(campus: Campus) -> None:
    world, _ = campus
    source, into = _groups(campus, "kept")
    hidden = world.id("course_group", "geometry/group")
    for user, target, code in (
        ("ada", into, "FORBIDDEN"),
        ("cyd", into, "NOT_FOUND"),
        ("lea", hidden, "NOT_FOUND"),
        ("lea", source, "VALIDATION"),
        ("lea", "nonsense", "VALIDATION"),
    ):
        refused = _merge(campus, user, source, target)
        assert ([error["code"] for error in refused["errors"]], refused["courseGroup"]) == ([code], None)
    seated = campus[1].send("lea", "GET", f"/course-members?course_group_id={source}")
    assert seated.headers["x-total-count"] == "2"


def test_it_takes_part_in_an_atomic_operation(campus: Campus) -> None:
    source, into = _groups(campus, "atomic")
    text = """mutation($source: ID!, $into: ID!) @atomic {
      first: mergeCourseGroups(source: $source, into: $into) { courseGroup { id } errors { code } }
      second: updateCourseGroup(id: $source, input: { title: "gone" }) { errors { code } }
    }"""
    answer = campus[1].data("lea", text, source=source, into=into)
    assert answer["first"] == {"courseGroup": None, "errors": [{"code": "ROLLED_BACK"}]}
    assert answer["second"]["errors"] == [{"code": "NOT_FOUND"}]
    assert campus[1].send("lea", "GET", f"/course-groups/{source}").status_code == 200


def test_a_route_by_hand_creates_all_or_none(campus: Campus) -> None:
    world, gateway = campus
    path = f"/courses/{world.id('course', 'algebra')}/groups"
    made = gateway.send("lea", "POST", path, ["Monday", "Tuesday"])
    assert (made.status_code, [row["title"] for row in made.json()]) == (201, ["Monday", "Tuesday"])
    refused = gateway.send("lea", "POST", path, ["Wednesday", " "])
    assert (refused.status_code, refused.json()["code"]) == (422, "VALIDATION")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["#/1/title"]
    assert gateway.send("lea", "GET", "/course-groups?title=Wednesday").json() == []
    assert gateway.send("ada", "POST", path, ["x"]).json()["code"] == "FORBIDDEN"
    assert gateway.send("cyd", "POST", path, ["x"]).json()["code"] == "NOT_FOUND"
    assert gateway.send(None, "POST", path, ["x"]).status_code == 401


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b'"x"', 422), (b"[7]", 422), (b"[" * 3000, 400)])
def test_what_fastapi_refuses_is_a_problem_too(campus: Campus, body: bytes, status: int) -> None:
    world, gateway = campus
    refused = gateway.send("lea", "POST", f"/courses/{world.id('course', 'algebra')}/groups", body)
    assert (refused.status_code, refused.headers["content-type"]) == (status, "application/problem+json")
    assert refused.json()["code"] == ("BAD_REQUEST" if status == 400 else "VALIDATION")


def test_both_stand_in_what_describes_the_apis(campus: Campus) -> None:
    _, gateway = campus
    described = gateway.send(None, "GET", "/openapi.json").json()
    assert described["paths"]["/courses/{course_id}/groups"]["post"]["responses"].keys() == {"201", "4XX", "5XX"}
    query = '{ __type(name: "Mutation") { fields { name description } } }'
    fields = {each["name"]: each["description"] for each in gateway.data("lea", query)["__type"]["fields"]}
    assert (
        fields["mergeCourseGroups"] == "Moves all members of a course group into another of the course, and deletes it."
    )
