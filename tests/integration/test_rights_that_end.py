"""Rights that end while a mutation is underway: what is written then, and what is shown.

A mutation is held up where it has looked already: at a key that another transaction takes, or in its payload.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest

from backend.access.credentials import create_token
from tests.support.gateway import Campus, running_gateway
from tests.support.mutations import codes, write
from tests.support.university import READERS, build_university
from tests.support.waiting import blocked, eventually, wait_for_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.gateway import RunningGateway
    from tests.support.world import World

_SLOW = "query { exampleRepositories { totalCount } }"
_GROUP: LiteralString = "INSERT INTO course_group (title, course_id) VALUES (%s, %s)"
_SEAT: LiteralString = "UPDATE course_member SET course_role_id = %s WHERE id = %s"
_GROUPS: LiteralString = "SELECT title FROM course_group WHERE title = %s"
_REVOKE: LiteralString = "UPDATE api_token SET revoked_at = now() WHERE token_prefix = %s"
_NOBODY = "00000000-0000-4000-8000-000000000000"
_ORGANIZATION = {"organizationType": "COMMUNITY", "title": "Orla's"}


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[Campus]:
    build_university(own_world)
    url = own_world.database_url
    with running_gateway(url, {user: create_token(url, user=user, scopes=["*"]) for user in READERS}) as running:
        yield own_world, running


def _with_token(gateway: RunningGateway, user: str) -> RunningGateway:
    """The gateway, asked with a token of the user's that a test may end."""
    return gateway.with_tokens({user: create_token(gateway.database_url, user=user, scopes=["*"])})


def _revoke(world: World, gateway: RunningGateway, user: str) -> None:
    world.connection.execute(_REVOKE, [gateway.tokens[user][:12]])


@contextmanager
def _locked(world: World) -> Iterator[None]:
    """Nobody reads what `_SLOW` does until the block ends."""
    with psycopg.connect(world.database_url) as other:
        other.execute("LOCK TABLE example_repository IN ACCESS EXCLUSIVE MODE")
        yield
        other.rollback()


def _while_key_is_taken(
    world: World, insert: LiteralString, row: list[str], work: Callable[[], Any], change: Callable[[], object]
) -> Any:
    """What the work comes to, which writes the row that another transaction inserts, and then does not.

    What is to `change`, changes while the work waits for that.
    """
    with psycopg.connect(world.database_url) as other, ThreadPoolExecutor(1) as pool:
        other.execute(insert, row)
        answer = pool.submit(work)
        wait_for_lock(world)
        change()
        other.rollback()
        return answer.result()


def _created(gateway: RunningGateway, face: str, course: str, title: str) -> str:
    """The code that a member is refused with who creates a group."""
    if face == "rest":
        given = {"title": title, "course_id": course}
        return str(gateway.send("mel", "POST", "/course-groups", given).json()["code"])
    (code,) = codes(write(gateway, "mel", "createCourseGroup", input={"title": title, "courseId": course}))
    return code


@pytest.mark.parametrize("face", ["graphql", "rest"])
def test_role_that_is_taken_away_while_a_write_waits_for_a_key_counts_no_more(campus: Campus, face: str) -> None:
    world, gateway = campus
    course, member = (
        world.id(table, name) for table, name in (("course", "algebra"), ("course_member", "mel@algebra"))
    )
    refused = _while_key_is_taken(
        world,
        _GROUP,
        [face, course],
        lambda: _created(gateway, face, course, face),
        lambda: world.connection.execute(_SEAT, ["_tutor", member]),
    )
    assert refused == "FORBIDDEN"
    assert world.connection.execute(_GROUPS, [face]).fetchall() == []
    world.connection.execute(_SEAT, ["_maintainer", member])


def test_of_two_writes_that_wait_for_each_other_none_is_kept_once_the_role_is_gone(campus: Campus) -> None:
    world, gateway = campus
    given = {"title": "twice", "courseId": world.id("course", "algebra")}
    seat = world.id("course_member", "lea@algebra")

    def make(role: str) -> list[str]:
        return codes(write(gateway, "oda", "updateCourseMember", id=seat, input={"courseRoleId": role}))

    with ThreadPoolExecutor(2) as pool:
        with _locked(world):
            first = pool.submit(write, gateway, "lea", "createCourseGroup", _SLOW, input=given)
            wait_for_lock(world)
            second = pool.submit(write, gateway, "lea", "createCourseGroup", input=given)
            eventually(lambda: len(blocked(world.connection)) == 2)
            assert make("_tutor") == []
        assert [codes(each.result()) for each in (first, second)] == [["FORBIDDEN"]] * 2
    assert world.connection.execute(_GROUPS, ["twice"]).fetchall() == []
    assert make("_lecturer") == []


def test_token_that_is_revoked_while_a_seat_waits_for_its_key_seats_nobody(campus: Campus) -> None:
    world, gateway = campus
    ending = _with_token(gateway, "lea")
    course, group, user = world.id("course", "algebra"), world.id("course_group", "algebra/group"), world.user("sol")
    given = {"userId": user, "courseId": course, "courseGroupId": group, "courseRoleId": "_student"}
    text = """mutation($input: CreateCourseMemberInput!) {
      createCourseMember(input: $input) { courseMember { id } errors { code } }
    }"""
    insert: LiteralString = (
        "INSERT INTO course_member (user_id, course_id, course_group_id, course_role_id)"
        " VALUES (%s, %s, %s, '_student')"
    )
    told = _while_key_is_taken(
        world,
        insert,
        [user, course, group],
        lambda: ending.ask("lea", text, input=given),
        lambda: _revoke(world, ending, "lea"),
    )
    assert (told["data"], told["errors"][0]["extensions"]["code"]) == (None, "UNAUTHENTICATED")
    assert world.connection.execute("SELECT FROM course_member WHERE user_id = %s", [user]).fetchall() == []


def test_right_that_others_take_counts_no_more_where_the_write_gives_another(campus: Campus) -> None:
    """Whoever creates an organization is its owner in the transaction, with and without what others do."""
    world, gateway = campus
    given = {**_ORGANIZATION, "path": "orlas_late"}
    insert: LiteralString = (
        "INSERT INTO organization (title, path, organization_type) VALUES ('X', 'orlas_late', 'community')"
    )
    orla = [world.id("user", "orla")]
    taken: list[Any] = []

    def take() -> None:
        text = "DELETE FROM user_role WHERE user_id = %s RETURNING role_id"
        taken.extend(role for (role,) in world.connection.execute(text, orla).fetchall())

    refused = _while_key_is_taken(
        world, insert, [], lambda: codes(write(gateway, "orla", "createOrganization", input=given)), take
    )
    assert taken
    assert refused == ["FORBIDDEN"]
    text = "SELECT FROM organization WHERE path = 'orlas_late'"
    assert world.connection.execute(text).fetchall() == []
    for role in taken:
        world.connection.execute("INSERT INTO user_role (user_id, role_id) VALUES (%s, %s)", [*orla, role])


@pytest.mark.parametrize("connections", [1, 8])
def test_what_writes_do_to_their_own_caller_is_written(campus: Campus, connections: int) -> None:
    """Each is told from what the others do; over a single connection, too, which each holds when it asks for that."""
    world, gateway = campus
    ending = _with_token(gateway, "orla")
    own = world.connection.execute(
        "SELECT id::text FROM api_token WHERE token_prefix = %s", [ending.tokens["orla"][:12]]
    ).fetchone()
    assert own is not None
    with running_gateway(gateway.database_url, ending.tokens, pool_size=connections) as narrow:
        with ThreadPoolExecutor(4) as pool:
            given = [{**_ORGANIZATION, "path": f"orlas_{connections}_{number}"} for number in range(4)]
            made = pool.map(lambda each: codes(write(narrow, "orla", "createOrganization", input=each)), given)
            assert list(made) == [[]] * 4
        assert codes(write(narrow, "orla", "deleteApiToken", id=own[0])) == []
        assert narrow.ask("orla", "{ me { id } }")["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_payload_of_a_refused_write_shows_nothing_that_came_after_its_caller_was_nobody(campus: Campus) -> None:
    world, gateway = campus
    ending = _with_token(gateway, "tom")
    text = f"""mutation($id: ID!) {{ updateCourseGroup(id: $id, input: {{title: "Unseen"}}) {{
      errors {{ code }} a: {_SLOW} b: query {{ courseContents(first: 100) {{ nodes {{ path }} }} }}
    }} }}"""
    with ThreadPoolExecutor(1) as pool:
        with _locked(world):
            answer = pool.submit(ending.ask, "tom", text, id=_NOBODY)
            wait_for_lock(world)
            _revoke(world, ending, "tom")
            world.course("algebra").content("week_99", position=9.0)
        payload = answer.result()["data"]["updateCourseGroup"]
    assert codes(payload) == ["NOT_FOUND"]
    shown = [content["path"] for content in payload["b"]["courseContents"]["nodes"]]
    assert "week_1" in shown
    assert "week_99" not in shown
