"""Writers who meet: rights that end between look and write, rows that others hold, and what comes of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest

from backend.access.credentials import create_token
from tests.support.discussion import build_discussion
from tests.support.gateway import Campus, running_gateway
from tests.support.mutations import codes, write
from tests.support.university import READERS
from tests.support.waiting import wait_for_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.world import World

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[Campus]:
    build_discussion(own_world)
    url = own_world.database_url
    tokens = {user: create_token(url, user=user, scopes=["*"]) for user in (*READERS, "otto")}
    with running_gateway(url, tokens) as running:
        yield own_world, running


def _while_waiting(world: World, group: str, change: LiteralString, key: str, work: Callable[[], Any]) -> Any:
    """What the work comes to, which waits for a course group, while a statement changes the row of the key."""
    with psycopg.connect(world.database_url) as other, ThreadPoolExecutor(1) as pool:
        other.execute("SELECT FROM course_group WHERE id = %s FOR UPDATE", [group])
        answer = pool.submit(work)
        wait_for_lock(world)
        other.execute(change, [key])
        other.commit()
        return answer.result()


def test_a_role_that_is_taken_away_between_look_and_write_counts_no_more(campus: Campus) -> None:
    world, gateway = campus
    key = world.id("course_group", "algebra/group")
    member = world.id("course_member", "lea@algebra")

    def change() -> list[str]:
        return codes(write(gateway, "lea", "updateCourseGroup", id=key, input={"description": "by lea"}))

    demote: LiteralString = "UPDATE course_member SET course_role_id = '_tutor' WHERE id = %s"
    assert _while_waiting(world, key, demote, member, change) == ["FORBIDDEN"]
    assert _while_waiting(world, key, "DELETE FROM course_member WHERE id = %s", member, change) == ["NOT_FOUND"]
    found = world.connection.execute("SELECT description FROM course_group WHERE id = %s", [key]).fetchone()
    assert found == (None,)
    world.course("algebra").lecturer("lea")


def test_a_token_that_is_revoked_between_look_and_write_writes_no_more(campus: Campus) -> None:
    world, gateway = campus
    key = world.id("course_group", "algebra/group")
    user = world.id("user", "mel")

    def change() -> str:
        text = 'mutation($id: ID!) { updateCourseGroup(id: $id, input: {description: "x"}) { errors { code } } }'
        return str(gateway.ask("mel", text, id=key)["errors"][0]["extensions"]["code"])

    revoke: LiteralString = "UPDATE api_token SET revoked_at = now() WHERE user_id = %s"
    assert _while_waiting(world, key, revoke, user, change) == "UNAUTHENTICATED"


def test_of_two_owners_who_remove_each_other_one_stays(campus: Campus) -> None:
    world, gateway = campus
    tech = world.id("organization", "tech")
    seat = {"organization_id": tech, "organization_role_id": "_owner", "user_id": world.user("oda")}
    world.insert("organization_member", "oda@tech", **seat)
    for _ in range(6):
        keys = {user: world.id("organization_member", f"{user}@tech") for user in ("otto", "oda")}
        pairs = (("otto", keys["oda"]), ("oda", keys["otto"]))

        def remove(pair: tuple[str, str]) -> list[str]:
            return codes(write(gateway, pair[0], "deleteOrganizationMember", id=pair[1]))

        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(remove, pairs))
        assert sorted(map(len, outcomes)) == [0, 1]
        (gone,) = (user for user, other in (("otto", "oda"), ("oda", "otto")) if outcomes[user == "otto"] == [])
        world.insert("organization_member", f"{gone}@tech", **{**seat, "user_id": world.user(gone)})


def test_two_owners_of_a_course_do_not_demote_each_other(campus: Campus) -> None:
    world, gateway = campus
    world.course("algebra").member("otto", "_owner")
    keys = [world.id("course_member", f"{user}@algebra") for user in ("otto", "oda")]
    for user, key in (("oda", keys[0]), ("otto", keys[1])):
        assert codes(write(gateway, user, "updateCourseMember", id=key, input={"courseRoleId": "_tutor"})) == [
            "FORBIDDEN"
        ]


def test_a_row_that_is_not_seen_is_not_upserted_onto(campus: Campus) -> None:
    world, gateway = campus
    hidden = world.id("course_group", "chemistry/group")
    by_id = {"id": hidden, "title": "mine", "courseId": world.id("course", "algebra")}
    upserted = write(gateway, "lea", "upsertCourseGroup", "courseGroup { id }", input=by_id, on="ID")
    # The id is taken: an ordinary conflict, which says nothing of the row.
    (error,) = upserted["errors"]
    assert (error["code"], error["path"], error["conflicting"]) == ("CONFLICT", ["input", "id"], None)
    in_chemistry = {"title": "group", "courseId": world.id("course", "chemistry")}
    elsewhere = {"title": "group", "courseId": NOBODY}
    hidden_course, no_course = (
        write(gateway, "lea", "upsertCourseGroup", input=given, on="COURSE_ID_TITLE")["errors"]
        for given in (in_chemistry, elsewhere)
    )
    assert hidden_course == no_course
    assert [error["code"] for error in hidden_course] == ["NOT_FOUND"]
    found = world.connection.execute("SELECT title FROM course_group WHERE id = %s", [hidden]).fetchone()
    assert found == ("group",)


def test_those_who_upsert_one_row_at_once_make_one(campus: Campus) -> None:
    world, gateway = campus
    given = {"courseId": world.id("course", "algebra"), "title": "at once"}

    def upsert(number: int) -> tuple[bool | None, list[str]]:
        payload = write(
            gateway,
            "oda",
            "upsertCourseGroup",
            "created",
            input={**given, "description": str(number)},
            on="COURSE_ID_TITLE",
        )
        return payload["created"], codes(payload)

    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(upsert, range(12)))
    # Who looked before the row was there, and wrote after, looks again.
    assert sorted(outcomes, key=str) == [*[(False, [])] * 11, (True, [])]


def test_a_version_tells_nothing_of_a_row_that_is_not_seen(campus: Campus) -> None:
    world, gateway = campus
    hidden = world.id("course_group", "chemistry/group")
    further: dict[str, dict[str, Any]] = {"updateCourseGroup": {"input": {}}, "deleteCourseGroup": {}}
    for name, given in further.items():
        answers = [
            write(gateway, "oda", name, id=key, expectedVersion=version, **given)
            for key in (hidden, NOBODY)
            for version in (0, 1, 99)
        ]
        assert all(answer == answers[0] for answer in answers)
        assert codes(answers[0]) == ["NOT_FOUND"]


def test_an_id_that_is_taken_elsewhere_is_a_conflict_without_details(campus: Campus) -> None:
    world, gateway = campus
    taken = world.id("course_group", "chemistry/group")
    given = {"id": taken, "title": "x", "courseId": world.id("course", "algebra")}
    (error,) = write(gateway, "oda", "createCourseGroup", input=given)["errors"]
    assert (error["code"], error["path"], error["fields"], error["conflicting"]) == (
        "CONFLICT",
        ["input", "id"],
        ["id"],
        None,
    )
    # Within a mutation it leads to what the mutation creates, never to the other row.
    course = {
        "path": "linked",
        "courseFamilyId": world.id("course_family", "math"),
        "courseGroups": [{"id": taken, "title": "Monday"}],
        "members": [{"userId": world.id("user", "sol"), "courseRoleId": "_student", "courseGroupId": taken}],
    }
    errors = write(gateway, "adi", "createCourse", input=course)["errors"]
    assert [(each["code"], each["path"]) for each in errors] == [("CONFLICT", ["input", "courseGroups", "0", "id"])]


def test_whoever_creates_reads_the_payload_by_the_role_that_creating_gave(campus: Campus) -> None:
    world, gateway = campus
    # What the organization managers' claims say, without the reading.
    world.claim("founder", "organization:create")
    world.claim("founder", "course_family:create")
    world.role("sol", "founder")
    read = "organization { title members { nodes { organizationRoleId user { username } } } }"
    given = {"organizationType": "COMMUNITY", "path": "sols", "title": "Sol's"}
    made = write(gateway, "sol", "createOrganization", read, input=given)
    assert made["errors"] == []
    assert made["organization"] == {
        "title": "Sol's",
        "members": {"nodes": [{"organizationRoleId": "OrganizationRole:_owner", "user": {"username": "sol"}}]},
    }
    # In one operation the second mutation rests on what the first gave.
    together = """mutation @atomic {
      made: createOrganization(input: {organizationType: COMMUNITY, path: "further", title: "Further"}) {
        organization { id } errors { code }
      }
      again: createOrganization(input: {organizationType: COMMUNITY, path: "further2", title: "Further"}) {
        query { organizations { totalCount } } errors { code }
      }
    }"""
    answer = gateway.data("sol", together)
    assert (answer["made"]["errors"], answer["again"]["errors"]) == ([], [])
    assert answer["again"]["query"]["organizations"]["totalCount"] == 3


def test_of_fifty_who_expect_a_version_one_wins_each_round(campus: Campus) -> None:
    world, gateway = campus
    key = world.id("course_group", "geometry/group")

    def change(number: int) -> list[str]:
        payload = write(
            gateway, "adi", "updateCourseGroup", id=key, input={"description": f"by {number}"}, expectedVersion=rounds
        )
        return codes(payload)

    for rounds in range(3):
        with ThreadPoolExecutor(50) as pool:
            outcomes = list(pool.map(change, range(50)))
        (winner,) = (number for number, outcome in enumerate(outcomes) if outcome == [])
        assert sum(outcome == ["STALE_VERSION"] for outcome in outcomes) == 49
        found = world.connection.execute(
            "SELECT version, description FROM course_group WHERE id = %s", [key]
        ).fetchone()
        assert found == (rounds + 1, f"by {winner}")


def test_of_fifty_changes_without_a_version_none_is_lost(campus: Campus) -> None:
    world, gateway = campus
    key = world.id("course_group", "geometry/group")
    before = world.connection.execute("SELECT version FROM course_group WHERE id = %s", [key]).fetchone()
    assert before

    def change(number: int) -> list[str]:
        return codes(write(gateway, "adi", "updateCourseGroup", id=key, input={"description": str(number)}))

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(change, range(50)))
    assert outcomes == [[]] * 50
    after = world.connection.execute("SELECT version FROM course_group WHERE id = %s", [key]).fetchone()
    assert after == (before[0] + 50,)


def test_of_fifty_who_create_under_one_key_one_does(campus: Campus) -> None:
    world, gateway = campus
    given = {"courseId": world.id("course", "geometry"), "title": "one of fifty"}

    def create(number: int) -> list[str]:
        return codes(write(gateway, "adi", "createCourseGroup", input={**given, "description": str(number)}))

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(create, range(50)))
    assert sorted(outcomes) == [[], *[["CONFLICT"]] * 49]
    (winner,) = (number for number, outcome in enumerate(outcomes) if outcome == [])
    found = world.connection.execute("SELECT description FROM course_group WHERE title = 'one of fifty'").fetchall()
    assert found == [(str(winner),)]


def test_what_moves_while_a_payload_is_read_is_where_it_was_or_is(campus: Campus) -> None:
    """The statements of a transaction that writes each see the newest state: a second one may find another parent."""
    world, gateway = campus
    world.course("wandering")
    there = world.organization("elsewhere")
    query = """mutation($id: ID!, $other: ID!) {
      updateCourse(id: $id, input: {title: "Still"}) {
        query { course(id: $other) { courseFamily { organization { title } } } }
      }
    }"""
    course, other_course = (f"Course:{world.id('course', name)}" for name in ("algebra", "wandering"))

    def change() -> Any:
        return gateway.data("adi", query, id=course, other=other_course)["updateCourse"]["query"]["course"]

    with psycopg.connect(world.database_url) as other, ThreadPoolExecutor(1) as pool:
        other.execute("LOCK TABLE organization IN ACCESS EXCLUSIVE MODE")
        answer = pool.submit(change)
        wait_for_lock(world)
        family = world.id("course_family", "wandering")
        other.execute("UPDATE course_family SET organization_id = %s WHERE id = %s", [there, family])
        other.commit()
        assert answer.result()["courseFamily"]["organization"] is not None
