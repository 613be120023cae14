"""What is said of mutations that are done where one after them fails, which leaves the answer without data."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backend.access.credentials import create_token
from tests.support.gateway import Campus, running_gateway
from tests.support.waiting import blocked, wait_for_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

_GROUPS = """mutation($course: ID!, $first: String!, $second: String!) %s {
  made: createCourseGroup(input: {title: $first, courseId: $course}) { errors { code } }
  other: createCourseGroup(input: {title: $second, courseId: $course}) { errors { code %s } %s }
}"""


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[Campus]:
    own_world.course("algebra").lecturer("lea")
    own_world.course("algebra").course_group("taken")
    url = own_world.database_url
    tokens = {name: create_token(url, user="lea", scopes=["*"]) for name in ("lea", "leaving lea")}
    with running_gateway(url, tokens) as running:
        yield own_world, running


def _titles(world: World, *titles: str) -> list[str]:
    text = "SELECT title FROM course_group WHERE title = ANY (%s) ORDER BY title"
    return [title for (title,) in world.connection.execute(text, [list(titles)]).fetchall()]


def _told(answer: dict[str, Any]) -> tuple[Any, str, Any, bool]:
    """Data, code, what is said to be done, and whether the message says so, too."""
    (error,) = answer["errors"]
    extensions = error["extensions"]
    return answer["data"], extensions["code"], extensions.get("done"), "done all the same: made." in error["message"]


@pytest.mark.parametrize(("directive", "done"), [("", ["made"]), ("@atomic", None)])
def test_mutations_before_a_database_that_is_lost_are_said_to_be_done(
    campus: Campus, directive: str, done: list[str] | None
) -> None:
    world, gateway = campus
    course = world.id("course", "algebra")
    given = {"course": course, "first": f"kept{directive}", "second": f"lost{directive}"}
    with psycopg.connect(world.database_url) as other, ThreadPoolExecutor(1) as pool:
        other.execute("INSERT INTO course_group (title, course_id) VALUES (%s, %s)", [given["second"], course])
        answer = pool.submit(lambda: gateway.ask("lea", _GROUPS % (directive, "", ""), **given))
        wait_for_lock(world)
        world.connection.execute("SELECT pg_terminate_backend(%s)", blocked(world.connection))
        assert _told(answer.result()) == (None, "UNAVAILABLE", done, done is not None)
        other.rollback()
    assert _titles(world, given["first"], given["second"]) == ([given["first"]] if done else [])


def test_mutation_that_ends_its_own_token_is_said_to_be_done(campus: Campus) -> None:
    world, gateway = campus
    own = world.connection.execute(
        "SELECT id::text FROM api_token WHERE token_prefix = %s", [gateway.tokens["leaving lea"][:12]]
    ).fetchone()
    assert own is not None
    text = """mutation($token: ID!, $course: ID!) {
      made: deleteApiToken(id: $token) { errors { code } }
      other: createCourseGroup(input: {title: "after", courseId: $course}) { errors { code } }
    }"""
    answer = gateway.ask("leaving lea", text, token=own[0], course=world.id("course", "algebra"))
    assert _told(answer) == (None, "UNAUTHENTICATED", ["made"], True)
    assert _titles(world, "after") == []


@pytest.mark.parametrize(
    "payload",
    ["query { courses(first: -1) { totalCount } }", "courseGroup { course { members(first: -1) { totalCount } } }"],
)
def test_nothing_is_done_where_a_payload_is_asked_for_with_a_bad_value(campus: Campus, payload: str) -> None:
    world, gateway = campus
    given = {"course": world.id("course", "algebra"), "first": "early", "second": "bad"}
    answer = gateway.ask("lea", _GROUPS % ("", "", payload), **given)
    assert "data" not in answer
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    assert _titles(world, "early", "bad") == []


def test_bad_value_for_the_row_in_the_way_is_told_with_what_is_done(campus: Campus) -> None:
    """What that row is, is not known before."""
    world, gateway = campus
    given = {"course": world.id("course", "algebra"), "first": "before", "second": "taken"}
    asked = (
        "... on ConflictError { conflicting { ... on CourseGroup { course { members(first: -1) { totalCount } } } } }"
    )
    assert _told(gateway.ask("lea", _GROUPS % ("", asked, ""), **given)) == (None, "BAD_USER_INPUT", ["made"], True)
    assert _titles(world, "before") == ["before"]
