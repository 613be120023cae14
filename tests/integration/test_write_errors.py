"""What the database refuses, collides with, or takes too long for, as clients are told of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from backend.access.credentials import create_token
from backend.interface.entity import camel_case
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from tests.support.gateway import Campus, running_gateway
from tests.support.mutations import codes, told, write
from tests.support.waiting import wait_for_lock
from tests.support.write_cases import CASES, Case, build_campus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

CATALOG = reflect(INTERFACES)
NOBODY = "00000000-0000-4000-8000-000000000000"

# Refusals that no input brings about: each for course groups of one title.
_REFUSALS = """
CREATE SEQUENCE tries;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    CASE NEW.title
        WHEN 'twice' THEN
            IF nextval('tries') <= 2 THEN RAISE EXCEPTION 'x' USING ERRCODE = 'serialization_failure'; END IF;
        WHEN 'serialization' THEN
            PERFORM nextval('tries');
            RAISE EXCEPTION 'secret' USING ERRCODE = 'serialization_failure';
        WHEN 'deadlock' THEN
            PERFORM nextval('tries');
            RAISE EXCEPTION 'secret' USING ERRCODE = 'deadlock_detected';
        WHEN 'foreign' THEN NEW.course_id := '00000000-0000-4000-8000-000000000000';
        WHEN 'null' THEN NEW.course_id := NULL;
        WHEN 'raised' THEN RAISE EXCEPTION 'secret';
        ELSE NULL;
    END CASE;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON course_group FOR EACH ROW EXECUTE FUNCTION refuse();
ALTER TABLE course_group ADD CONSTRAINT course_group_never CHECK (title <> 'checked');
ALTER TABLE course_group ADD CONSTRAINT course_group_once EXCLUDE USING btree (description WITH =);
ALTER TABLE course_content_type ALTER COLUMN title TYPE varchar(5);
ALTER TABLE course_content ALTER COLUMN max_test_runs TYPE smallint;
"""


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[Campus]:
    build_campus(own_world)
    own_world.course("algebra").member("adi", "_owner")
    own_world.connection.execute(_REFUSALS)
    url = own_world.database_url
    tokens = {user: create_token(url, user=user, scopes=["*"]) for user in ("adi", "lea", "orla", "uma", "mona")}
    with running_gateway(url, tokens, lock_timeout=0.3) as running:
        yield own_world, running


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("foreign", ("NOT_FOUND", ["input", "courseId"])),
        ("null", ("VALIDATION", ["input", "courseId"])),
        ("raised", ("VALIDATION", ["input"])),
        ("checked", ("VALIDATION", ["input"])),
        ("overlapping", ("CONFLICT", ["input"])),
    ],
)
def test_what_the_database_refuses_is_an_error_of_the_payload(
    campus: Campus, title: str, expected: tuple[str, list[str]]
) -> None:
    world, gateway = campus
    group = {"courseId": world.id("course", "algebra"), "description": "taken"}
    if title == "overlapping":
        assert codes(write(gateway, "lea", "createCourseGroup", input={**group, "title": "first"})) == []
    refused = write(gateway, "lea", "createCourseGroup", input={**group, "title": title})
    assert told(refused) == [expected]
    assert "secret" not in str(refused)


def test_values_that_a_column_cannot_hold_are_an_error_of_the_payload(campus: Campus) -> None:
    world, gateway = campus
    kind = world.id("course_content_type", "algebra/unit")
    long = write(gateway, "lea", "updateCourseContentType", id=kind, input={"title": "too long"})
    assert told(long) == [("VALIDATION", ["input"])]
    sheet = world.id("course_content", "algebra/week_1.sheet_2")
    large = write(gateway, "lea", "updateCourseContent", id=sheet, input={"maxTestRuns": 40_000})
    assert told(large) == [("VALIDATION", ["input"])]


def _tries(world: World) -> int:
    row = world.connection.execute("SELECT last_value FROM tries").fetchone()
    assert row
    return int(row[0])


def test_collisions_are_tried_again_and_then_told(campus: Campus) -> None:
    world, gateway = campus
    group = {"courseId": world.id("course", "algebra")}
    world.connection.execute("ALTER SEQUENCE tries RESTART")
    assert codes(write(gateway, "lea", "createCourseGroup", input={**group, "title": "twice"})) == []
    assert _tries(world) == 3
    for title in ("serialization", "deadlock"):
        world.connection.execute("ALTER SEQUENCE tries RESTART")
        refused = write(gateway, "lea", "createCourseGroup", input={**group, "title": title})
        assert told(refused) == [("RETRY", [])]
        assert _tries(world) == 4
        assert "secret" not in str(refused)


def test_who_waits_too_long_for_a_lock_is_told_to_try_again(campus: Campus) -> None:
    world, gateway = campus
    key = world.id("course_group", "algebra/other")
    with psycopg.connect(world.database_url) as other:
        other.execute("SELECT FROM course_group WHERE id = %s FOR UPDATE", [key])
        refused = write(gateway, "lea", "updateCourseGroup", id=key, input={"description": "x"})
        assert told(refused) == [("RETRY", [])]
    assert codes(write(gateway, "lea", "updateCourseGroup", id=key, input={"description": "x"})) == []


def test_who_is_picked_out_of_a_deadlock_gets_through_later(campus: Campus) -> None:
    world, hasty = campus
    name = sql.Identifier(world.connection.info.dbname)
    world.connection.execute(sql.SQL("ALTER DATABASE {} SET deadlock_timeout = '50ms'").format(name))
    first, second = (world.id("course_group", f"algebra/{title}") for title in ("group", "other"))
    text = """mutation($a: ID!, $b: ID!) @atomic {
      first: updateCourseGroup(id: $a, input: {description: "by lea"}) { errors { code } }
      second: updateCourseGroup(id: $b, input: {description: "by lea, too"}) { errors { code } }
    }"""
    lock = "SELECT FROM course_group WHERE id = %s FOR UPDATE"
    with (
        running_gateway(world.database_url, hasty.tokens, lock_timeout=30) as patient,
        psycopg.connect(world.database_url) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        other.execute("SET deadlock_timeout = '1min'")
        other.execute(lock, [second])
        answer = pool.submit(patient.data, "lea", text, a=first, b=second)
        wait_for_lock(world)
        # Each has now what the other waits for.
        other.execute(lock, [first])
        other.commit()
        assert answer.result() == {"first": {"errors": []}, "second": {"errors": []}}


def _references(case: Case) -> list[str]:
    entity = CATALOG[case.mutation.removeprefix("create").removeprefix("update")]
    dto = entity.interface.create if case.row is None else entity.interface.update
    return [attribute for attribute in entity.references if dto is not None and attribute in dto.model_fields]


REFERRING = [
    (case, attribute)
    for case in CASES
    if case.mutation.startswith(("create", "update")) and case.given is not None and "adi" in case.allowed
    for attribute in _references(case)
    if camel_case(attribute) in case.given
]


@pytest.mark.parametrize(("case", "attribute"), REFERRING, ids=str)
def test_what_is_referred_to_must_be_there(campus: Campus, case: Case, attribute: str) -> None:
    world, gateway = campus
    name = camel_case(attribute)
    given = {
        **case.filled(world),
        name: "nothing" if name.endswith(("RoleId", "KindId")) or name == "roleId" else NOBODY,
    }
    row: dict[str, Any] = {} if case.row is None else {"id": case.key(world)}
    assert told(write(gateway, "adi", case.mutation, **row, input=given)) == [("NOT_FOUND", ["input", name])]


HIDDEN = {
    "course": "chemistry",
    "course_group": "chemistry/group",
    "course_content": "chemistry/lab.report",
    "course_content_type": "chemistry/assignment",
    "course_member": "dan@chemistry",
    "course_submission_group": "dan alone",
    "result": "dan 1",
    "organization": "tech",
    "course_family": "science",
}


@pytest.mark.parametrize(
    ("case", "attribute"),
    [(case, attribute) for case, attribute in REFERRING if "lea" in case.allowed],
    ids=str,
)
def test_what_is_not_seen_is_not_there_to_be_referred_to(campus: Campus, case: Case, attribute: str) -> None:
    world, gateway = campus
    entity = CATALOG[case.mutation.removeprefix("create").removeprefix("update")]
    target = CATALOG[entity.references[attribute]].model.__tablename__
    if target not in HIDDEN or attribute in entity.interface.links:
        # Users, roles, backends and examples are seen by, or open to, every lecturer who may write such rows.
        assert target in {
            "user",
            "course_role",
            "course_content_kind",
            "execution_backend",
            "example",
            "submission_artifact",
        }
        return
    name = camel_case(attribute)
    row: dict[str, Any] = {} if case.row is None else {"id": case.key(world)}
    for key in (world.id(target, HIDDEN[target]), NOBODY):
        refused = write(gateway, "lea", case.mutation, **row, input={**case.filled(world), name: key})
        assert told(refused) == [("NOT_FOUND", ["input", name])]
