"""What those who delete must not take along, and what must not slip past them: each of these was tried."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backend.access.credentials import create_token
from tests.support.gateway import Campus, running_gateway
from tests.support.mutations import codes, write
from tests.support.waiting import wait_for_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.world import World

PEOPLE = ("dev", "own", "max", "lea", "orla", "adi", "ova", "ovi")
NARROW = {
    "seats ova": ["organization_member:get", "organization_member:delete"],
    "seats ovi": ["organization_member:get", "organization_member:delete"],
    "contents lea": [f"{table}:{verb}" for table in ("course_content",) for verb in ("get", "update", "delete")],
}


def seat(world: World, user: str, role: str, *, organization: str | None = None, family: str | None = None) -> str:
    """A seat of the user in the organization or the family, made by SQL; its key."""
    kind = "organization" if organization else "course_family"
    whole = world.organization(organization) if organization else world.family(str(family))
    of = {f"{kind}_id": whole, f"{kind}_role_id": role}
    return world.insert(f"{kind}_member", f"{user}@{organization or family}", user_id=world.user(user), **of)


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[Campus]:
    world = own_world
    algebra = world.course("algebra", organization="uni", family="maths")
    algebra.content("week_1")
    algebra.content("week_1.sheet_1", "assignment")
    algebra.student("ada")
    algebra.lecturer("lea")
    algebra.tutor("tom")
    algebra.member("max", "_owner")
    seat(world, "own", "_owner", family="empty")
    seat(world, "dev", "_developer", family="maths")
    seat(world, "dev", "_owner", organization="devs")
    seat(world, "own", "_owner", family="maths")
    seat(world, "own", "_owner", organization="uni")
    seat(world, "max", "_owner", family="maths")
    world.role("orla", "_organization_manager")
    world.role("adi", "_admin")
    for user in ("ova", "ovi"):
        world.user(user)
    url = world.database_url
    tokens = {user: create_token(url, user=user, scopes=["*"]) for user in PEOPLE}
    tokens |= {name: create_token(url, user=name.split()[1], scopes=scopes) for name, scopes in NARROW.items()}
    with running_gateway(url, tokens) as running:
        yield world, running


def _meanwhile(world: World, change: Callable[[psycopg.Connection[Any]], object], work: Callable[[], Any]) -> Any:
    """What the work comes to, which waits until the change of another writer is committed."""
    with psycopg.connect(world.database_url) as other, ThreadPoolExecutor(1) as pool:
        change(other)
        answer = pool.submit(work)
        wait_for_lock(world)
        other.commit()
        return answer.result()


def test_whoever_may_not_delete_a_course_does_not_by_its_family_or_organization(campus: Campus) -> None:
    world, gateway = campus
    family, uni = world.id("course_family", "maths"), world.id("organization", "uni")
    for name, key in (("deleteCourseFamily", family), ("deleteOrganization", uni)):
        for dry in (True, False):
            payload = write(gateway, "own", name, "affected { count }", id=key, dryRun=dry)
            assert (codes(payload), payload["affected"]) == (["FORBIDDEN"], [])
    # They see no course of it, so nothing is told of how many there are.
    (error,) = write(gateway, "own", "deleteCourseFamily", id=family)["errors"]
    assert error["message"] == "It would take rows that you do not see along."
    assert world.connection.execute("SELECT count(*) FROM course").fetchone() == (1,)
    # Who owns both, may, and whoever owns what is empty.
    assert codes(write(gateway, "max", "deleteCourseFamily", id=family, dryRun=True)) == []
    assert codes(write(gateway, "own", "deleteCourseFamily", id=world.id("course_family", "empty"))) == []
    assert codes(write(gateway, "adi", "deleteOrganization", id=uni, dryRun=True)) == []


def test_a_family_moves_between_organizations_by_those_who_develop_both(campus: Campus) -> None:
    world, gateway = campus
    family = world.id("course_family", "maths")
    to_devs = {"organizationId": world.id("organization", "devs")}
    refused = write(gateway, "dev", "updateCourseFamily", id=family, input=to_devs)
    assert [(error["code"], error["path"]) for error in refused["errors"]] == [
        ("FORBIDDEN", ["input", "organizationId"])
    ]
    assert codes(write(gateway, "dev", "updateCourseFamily", id=family, input={"description": "by dev"})) == []
    seat(world, "dev", "_developer", organization="uni")
    assert codes(write(gateway, "dev", "updateCourseFamily", id=family, input=to_devs)) == []
    # It is theirs to develop now, but not to delete, nor are the courses.
    assert codes(write(gateway, "dev", "deleteOrganization", id=to_devs["organizationId"])) == ["FORBIDDEN"]
    back = {"organizationId": world.id("organization", "uni")}
    assert codes(write(gateway, "dev", "updateCourseFamily", id=family, input=back)) == []


def test_a_manager_of_organizations_does_not_delete_courses(campus: Campus) -> None:
    world, gateway = campus
    made = write(
        gateway,
        "orla",
        "createOrganization",
        "organization { id }",
        input={"organizationType": "ORGANIZATION", "title": "Trap", "path": "trap"},
    )
    trap = made["organization"]["id"]
    family = world.id("course_family", "maths")
    assert codes(write(gateway, "orla", "updateCourseFamily", id=family, input={"organizationId": trap})) == []
    assert codes(write(gateway, "orla", "deleteOrganization", id=trap)) == ["FORBIDDEN"]
    back = {"organizationId": world.id("organization", "uni")}
    assert codes(write(gateway, "orla", "updateCourseFamily", id=family, input=back)) == []
    assert codes(write(gateway, "orla", "deleteOrganization", id=trap)) == []


def test_notes_of_others_do_not_go_with_a_member_but_by_who_may_delete_them(campus: Campus) -> None:
    world, gateway = campus
    member = world.course("algebra").student("bob")
    world.insert(
        "course_member_comment",
        "note",
        message="late",
        transmitter_id=world.id("course_member", "tom@algebra"),
        course_member_id=member,
    )
    (error,) = write(gateway, "lea", "deleteCourseMember", id=member)["errors"]
    assert (error["code"], error["message"]) == (
        "FORBIDDEN",
        "It would take 1 course member comments that you may not delete along.",
    )
    assert codes(write(gateway, "max", "deleteCourseMember", id=member)) == []


def test_the_last_owner_is_not_deleted_as_a_user(campus: Campus) -> None:
    world, gateway = campus
    key = seat(world, "oskar", "_owner", organization="oskars")
    user = world.id("user", "oskar")
    for dry in (True, False):
        (error,) = write(gateway, "adi", "deleteUser", id=user, dryRun=dry)["errors"]
        assert error["message"] == "This is the last owner; make another one first."
    assert codes(write(gateway, "adi", "deleteOrganizationMember", id=key)) == ["FORBIDDEN"]
    assert codes(write(gateway, "adi", "deleteOrganization", id=world.id("organization", "oskars"), dryRun=True)) == []
    seat(world, "dev", "_owner", organization="oskars")
    assert codes(write(gateway, "adi", "deleteUser", id=user, dryRun=True)) == []
    assert world.connection.execute("SELECT count(*) FROM organization_member WHERE id = %s", [key]).fetchone() == (1,)
    assert codes(write(gateway, "adi", "deleteUser", id=user)) == []


def test_of_two_owners_whose_tokens_see_no_organization_one_stays(campus: Campus) -> None:
    world, gateway = campus
    for number in range(4):
        name = f"pair{number}"
        seats = {user: seat(world, user, "_owner", organization=name) for user in ("ova", "ovi")}

        def leave(user: str, seats: dict[str, str] = seats) -> list[str]:
            return codes(write(gateway, f"seats {user}", "deleteOrganizationMember", id=seats[user]))

        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(leave, seats))
        assert sorted(outcomes) == [[], ["FORBIDDEN"]]


def test_a_node_is_not_deleted_from_below_one_that_is_being_made(campus: Campus) -> None:
    world, gateway = campus
    algebra = world.course("algebra")
    above = algebra.content("week_2")
    child = {"title": "x", "path": "week_2.x", "course_id": algebra.key, "position": 1.0}
    child |= {"course_content_type_id": algebra.content_type("unit"), "id": "10000000-0000-4000-8000-000000000000"}

    def insert(other: psycopg.Connection[Any]) -> None:
        # As the gateway does: whoever writes into the tree holds its course.
        other.execute("SELECT FROM course WHERE id = %s FOR NO KEY UPDATE", [algebra.key])
        other.execute(
            "INSERT INTO course_content (id, title, path, course_id, position, course_content_type_id) VALUES"
            " (%(id)s, %(title)s, %(path)s, %(course_id)s, %(position)s, %(course_content_type_id)s)",
            child,
        )

    refused = _meanwhile(world, insert, lambda: write(gateway, "contents lea", "deleteCourseContent", id=above))
    assert codes(refused) == ["CONFLICT"]


def test_a_row_that_others_come_to_refer_to_is_not_deleted(campus: Campus) -> None:
    world, gateway = campus
    content = world.id("course_content", "algebra/week_1.sheet_1")
    backend = world.backend("gone")

    def use(other: psycopg.Connection[Any]) -> None:
        other.execute("UPDATE course_content SET execution_backend_id = %s WHERE id = %s", [backend, content])

    refused = _meanwhile(world, use, lambda: write(gateway, "adi", "deleteExecutionBackend", id=backend))
    assert codes(refused) == ["CONFLICT"]
    assert world.connection.execute("SELECT count(*) FROM course_content WHERE id = %s", [content]).fetchone() == (1,)


def test_nobody_waits_for_what_they_do_not_see(campus: Campus) -> None:
    world, gateway = campus
    physics = world.course("physics")
    hidden = physics.content("week_1")
    with psycopg.connect(world.database_url) as other:
        other.execute("SELECT FROM course WHERE id = %s FOR UPDATE", [physics.key])
        other.execute("SELECT FROM course_content WHERE id = %s FOR UPDATE", [hidden])
        assert codes(write(gateway, "lea", "deleteCourseContent", id=hidden)) == ["NOT_FOUND"]
        given = {
            "path": "x",
            "courseId": physics.key,
            "courseContentTypeId": world.course("algebra").content_type("unit"),
        }
        assert codes(write(gateway, "lea", "createCourseContent", input=given)) == ["NOT_FOUND"]
