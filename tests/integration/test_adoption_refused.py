"""Databases that the gateway does not adopt, or that are not as it left them, and what their operators are told."""

from __future__ import annotations

from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from backend.migration import upgrade
from backend.process.serve import is_current
from tests.support.catalogue import catalogue
from tests.support.database import run
from tests.support.processes import computor

REFUSED = (
    "This database is not one of Computor's as of September 2025, with which the gateway works. Nothing was changed."
)
OBSTACLES: tuple[tuple[LiteralString, str], ...] = (
    ("DROP TABLE message_read", "table message_read is missing"),
    ("ALTER TABLE result DROP COLUMN result_json", "column result.result_json is missing"),
    ("ALTER TABLE message ALTER title TYPE text", "column message.title is text, not character varying(255)"),
    ("ALTER TABLE message ALTER title DROP NOT NULL", "column message.title is NULL, not NOT NULL"),
    ("ALTER TABLE course ALTER id DROP DEFAULT", "column course.id has the default NULL, not uuid_generate_v4()"),
    ("ALTER TYPE user_type ADD VALUE 'robot'", "enum user_type is user, token, robot, not user, token"),
    ("DROP INDEX course_content_path_key", "unique index course_content_path_key of course_content is missing"),
    ("DROP FUNCTION can_delete_course_content", "function can_delete_course_content is missing"),
    (
        "DROP TRIGGER trg_validate_course_content_hierarchy ON course_content",
        "trigger trg_validate_course_content_hierarchy of course_content is missing",
    ),
    ("DELETE FROM role WHERE id = '_organization_manager'", "row _organization_manager of role is missing"),
)


@pytest.mark.parametrize(("statement", "line"), OBSTACLES)
def test_what_the_gateway_cannot_work_with_is_refused(
    computor_database: str, statement: LiteralString, line: str
) -> None:
    run(computor_database, statement)
    before = catalogue(computor_database)

    done = computor(computor_database, "db", "upgrade")

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        REFUSED,
        f"  {line}",
    ]
    assert catalogue(computor_database) == before
    assert computor(computor_database, "db", "upgrade", "--sql").stderr == done.stderr


def test_what_the_gateway_does_not_rely_on_may_differ(computor_database: str) -> None:
    run(
        computor_database,
        "DROP INDEX idx_history_action",
        "ALTER TABLE course ALTER id SET DEFAULT gen_random_uuid()",
        "ALTER TABLE course ADD COLUMN colour text",
    )

    assert computor(computor_database, "db", "upgrade").returncode == 0

    told = computor(computor_database, "db", "check").stdout
    assert "index idx_history_action of deployment_history is missing; Computor's own migrations make it so\n" in told
    assert "column course.id has the default gen_random_uuid(), not uuid_generate_v4()" in told
    assert "note: column course.colour is none of the gateway's\n" in told


def test_database_of_another_application_is_refused(empty_database: str) -> None:
    run(empty_database, 'CREATE TABLE "user" (id integer)')

    done = computor(empty_database, "db", "upgrade")

    assert done.returncode == 1
    assert "  table course_content is missing\n" in done.stderr
    assert "Traceback" not in done.stderr


def test_role_that_may_not_create_is_told_so(computor_database: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(computor_database)["dbname"]
    role = f"{name}_reader"
    with psycopg.connect(computor_database) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'hush'").format(sql.Identifier(role)))
    try:
        done = computor(psycopg.conninfo.make_conninfo(computor_database, user=role, password="hush"), "db", "check")
    finally:
        with psycopg.connect(computor_database) as connection:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))

    assert done.returncode == 1
    assert done.stderr.startswith("permission denied")
    assert "Traceback" not in done.stderr
    assert "hush" not in done.stderr


def test_what_was_dropped_after_the_upgrade_is_told(migrated_database: str) -> None:
    run(
        migrated_database,
        "DROP INDEX ix_course_title_id",
        "DROP TRIGGER gateway_audit_insert ON course",
        "ALTER TABLE message DISABLE TRIGGER gateway_audit_update",
    )

    done = computor(migrated_database, "db", "check")

    assert done.returncode == 1
    assert (
        "index ix_course_title_id of course is missing; the gateway's revisions made it so: USING btree" in done.stdout
    )
    assert "trigger gateway_audit_insert of course is missing;" in done.stdout
    assert "(disabled), not CREATE TRIGGER gateway_audit_update" in done.stdout
    assert done.stdout.endswith("3 differences.\n")


def test_tables_that_a_subscription_writes_are_told(migrated_database: str) -> None:
    run(
        migrated_database,
        "CREATE SUBSCRIPTION other CONNECTION 'host=nowhere' PUBLICATION theirs WITH (connect = false)",
        # As if it had asked what the publication has.
        "SET allow_system_table_mods = on",
        "INSERT INTO pg_subscription_rel SELECT oid, 'course'::regclass, 'r' FROM pg_subscription",
    )
    try:
        done = computor(migrated_database, "db", "check")
    finally:
        run(migrated_database, "ALTER SUBSCRIPTION other SET (slot_name = NONE)", "DROP SUBSCRIPTION other")

    assert done.returncode == 1
    assert "table course is written by the logical subscription other, whose changes nobody is told of" in done.stdout
    assert done.stdout.endswith("1 difference.\n")


def test_triggers_that_note_changes_are_told_and_made_again(migrated_database: str) -> None:
    run(
        migrated_database,
        "DROP TRIGGER gateway_change_insert ON course",
        "ALTER TABLE message ENABLE TRIGGER gateway_change_update",
        "CREATE OR REPLACE FUNCTION gateway_note_result() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    )
    assert not is_current(migrated_database)

    done = computor(migrated_database, "db", "check")

    assert "trigger gateway_change_insert of course is missing" in done.stdout
    assert "trigger gateway_change_update of message is CREATE TRIGGER" in done.stdout
    assert "function gateway_note_result has another body" in done.stdout
    assert "function gateway_note_result is RETURNS trigger, not RETURNS trigger SECURITY DEFINER" in done.stdout

    upgrade(migrated_database)
    assert is_current(migrated_database)
    assert computor(migrated_database, "db", "check").returncode == 0
