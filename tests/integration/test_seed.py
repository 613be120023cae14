"""The demo data keeps the rules of the platform, is the same each time, and never mixes with other data."""

# ruff: noqa: RUF001 - letters of other scripts look like Latin ones, and are meant

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from backend import seed
from backend.migration import upgrade
from backend.seed.tables import NAMES
from tests.support.database import new_database, run

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def demo_database(postgres_url: str, migrated_template: str) -> Iterator[str]:
    """URL of a database with the demo data and nothing else: not even a token more."""
    with new_database(postgres_url, migrated_template) as url:
        seed.load(url, "demo")
        yield url


def checksums(database_url: str) -> dict[str, tuple[int, str]]:
    """Of each table, the number of rows and a digest of all their values."""
    statement = "SELECT count(*), md5(string_agg(row_::text, chr(10) ORDER BY row_::text)) FROM {} AS row_"
    # What migrations wrote bears the time at which they ran.
    of_the_data = sql.SQL(" WHERE role_id !~ '^_'")
    with psycopg.connect(database_url) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = {
            table: connection.execute(
                sql.SQL(statement).format(sql.Identifier(table))
                + (of_the_data if table == "role_claim" else sql.SQL(""))
            ).fetchone()
            for table in NAMES.values()
        }
    return {table: (row[0], row[1]) for table, row in found.items() if row}


def test_two_loads_write_the_same_rows(demo_database: str, empty_database: str) -> None:
    upgrade(empty_database)
    seed.load(empty_database, "demo")
    assert checksums(empty_database) == checksums(demo_database)


def test_every_table_has_as_many_rows_as_one_can_look_at(demo_database: str) -> None:
    counts = {table: count for table, (count, _) in checksums(demo_database).items()}
    assert counts["user"] == 300
    assert counts["course"] == 12
    assert 490 <= counts["course_member"] <= 550
    assert counts["course_content"] == 408
    assert 5500 <= counts["result"] <= 6500
    assert all(counts.values())


def test_a_database_with_a_user_is_left_alone(migrated_database: str) -> None:
    with psycopg.connect(migrated_database) as connection:
        connection.execute("""INSERT INTO "user" (username) VALUES ('somebody')""")
    assert not seed.is_empty(migrated_database)
    with pytest.raises(seed.DatabaseInUseError, match="The database has users already"):
        seed.load(migrated_database, "demo")
    assert run(migrated_database, 'SELECT count(*) FROM "user" UNION ALL SELECT count(*) FROM course') == [(1,), (0,)]


def test_a_failed_load_leaves_nothing(migrated_database: str) -> None:
    with psycopg.connect(migrated_database) as connection:
        connection.execute("ALTER TABLE result ADD CHECK (result < 0.9)")
    with pytest.raises(psycopg.errors.CheckViolation):
        seed.load(migrated_database, "demo")
    assert seed.is_empty(migrated_database)


def test_who_may_be_logged_in_as_is_there(migrated_database: str) -> None:
    assert seed.is_empty(migrated_database)
    users = seed.load(migrated_database, "demo")
    assert not seed.is_empty(migrated_database)
    names = {username for (username,) in run(migrated_database, 'SELECT username FROM "user"')}
    assert {user.username for user in users} <= names
    assert users == seed.cast("demo")


ROLES_IN_COURSES = """
    SELECT username, array_agg(course_role_id ORDER BY course_role_id)
    FROM "user" JOIN course_member ON course_member.user_id = "user".id
    WHERE username = ANY ('{admin,lecturer,tutor,student,owner,usermanager,orgmanager,stranger}')
    GROUP BY username ORDER BY username
"""


def test_named_users_have_the_roles_that_their_names_say(demo_database: str) -> None:
    assert run(demo_database, ROLES_IN_COURSES) == [
        ("lecturer", ["_lecturer"] * 3),
        ("owner", ["_owner"] * 3),
        ("student", ["_student"] * 4),
        ("tutor", ["_student", "_tutor"]),
    ]
    assert run(
        demo_database,
        'SELECT username, role_id FROM user_role JOIN "user" ON "user".id = user_id WHERE NOT transient ORDER BY 1',
    ) == [("admin", "_admin"), ("orgmanager", "_organization_manager"), ("usermanager", "_user_manager")]


def test_student_has_results_in_all_of_their_courses(demo_database: str) -> None:
    found = run(
        demo_database,
        """
        SELECT count(result.id) > 10
        FROM course_member JOIN "user" ON "user".id = user_id LEFT JOIN result ON course_member_id = course_member.id
        WHERE username = 'student' GROUP BY course_member.id
        """,
    )
    assert found == [(True,)] * 4


VARIETY = {
    "scripts": """
        SELECT count(*) FROM unnest(ARRAY[
            '[à-ž]', '[α-ω]', '[а-я]', '[ء-ي]', '[א-ת]', '[ऀ-ॿ]', '[ঀ-৿]', '[一-鿿]', '[ぁ-ヿ]', '[가-힣]',
            '[Ạ-ỹ]', '[ก-๛]', '[ሀ-፿]', '🦊'
        ]) AS script WHERE EXISTS (
            SELECT FROM "user" WHERE concat(given_name, family_name) COLLATE "C" ~ script)
    """,
    "statuses": "SELECT count(DISTINCT status) FROM result",
    "levels of contents": "SELECT max(nlevel(path)) FROM course_content",
    "semesters": "SELECT count(DISTINCT path) FROM course",
    "types of organizations": "SELECT count(DISTINCT organization_type) FROM organization",
    "course roles": "SELECT count(DISTINCT course_role_id) FROM course_member",
    "statuses of deployments": "SELECT count(DISTINCT deployment_status) FROM course_content_deployment",
    "what happens to deployments": "SELECT count(DISTINCT action) FROM deployment_history",
    "versions of an example": "SELECT max(version_number) FROM example_version",
    "sources of examples": "SELECT count(DISTINCT source_type) FROM example_repository",
    "statuses of grades": "SELECT count(DISTINCT status) FROM course_submission_group_grading",
    "types of reviews": "SELECT count(DISTINCT review_type) FROM submission_review",
    "types of groups": """SELECT count(DISTINCT type) FROM "group" """,
    "roles in organizations": "SELECT count(DISTINCT organization_role_id) FROM organization_member",
    "roles in course families": "SELECT count(DISTINCT course_family_role_id) FROM course_family_member",
    "levels of threads": "SELECT count(DISTINCT level) FROM message",
    "targets of messages": """
        SELECT count(DISTINCT (user_id IS NULL, course_member_id IS NULL, course_submission_group_id IS NULL,
            course_group_id IS NULL, course_content_id IS NULL, course_id IS NULL, course_family_id IS NULL,
            organization_id IS NULL))
        FROM message
    """,
}


def test_there_is_some_of_everything(demo_database: str) -> None:
    found = {name: run(demo_database, statement)[0][0] for name, statement in VARIETY.items()}
    assert found == {
        "scripts": 14,
        "statuses": 8,
        "levels of contents": 3,
        "semesters": 5,
        "types of organizations": 3,
        "course roles": 5,
        "statuses of deployments": 5,
        "what happens to deployments": 6,
        "versions of an example": 4,
        "sources of examples": 5,
        "statuses of grades": 4,
        "types of reviews": 2,
        "types of groups": 2,
        "roles in organizations": 3,
        "roles in course families": 3,
        "levels of threads": 3,
        "targets of messages": 9,
    }


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("user", "username given_name family_name email number properties archived_at"),
        ("organization", "title number email url properties archived_at user_id"),
        ("course_family", "description properties"),
        ("course", "title description properties"),
        ("course_group", "title description"),
        ("course_member", "course_group_id properties created_by"),
        ("course_content_type", "title description color"),
        ("course_content", "title description max_group_size max_test_runs max_submissions properties archived_at"),
        ("execution_backend", "properties"),
        ("result", "result_json reference_version_identifier properties started_at"),
        ("example_repository", "description access_credentials default_version organization_id"),
        ("example", "description category"),
        ("example_version", "test_yaml"),
        ("example_dependency", "version_constraint"),
        (
            "course_content_deployment",
            "example_version_id version_identifier deployment_message deployed_at workflow_id",
        ),
        ("submission_artifact", "content_type properties"),
        ("course_submission_group_grading", "feedback"),
        ("submission_review", "review_type"),
        ("message", "parent_id archived_at"),
        ("group", "title description properties"),
        ("session", "logout_time properties"),
        ("api_token", "description expires_at revoked_at"),
    ],
)
def test_what_may_be_missing_is_missing_somewhere(table: str, columns: str, demo_database: str) -> None:
    for column in columns.split():
        (found,) = run(demo_database, f'SELECT count({column}) > 0, count(*) > count({column}) FROM "{table}"')  # noqa: S608 - names from above
        assert found == (True, True), column


def test_some_properties_hold_a_token_to_redact(demo_database: str) -> None:
    for table in ("organization", "course", "course_submission_group"):
        (found,) = run(demo_database, f"SELECT count(properties #> '{{gitlab,token}}') > 0 FROM {table}")  # noqa: S608 - names from above
        assert found == (True,), table


def test_statistics_are_fresh(demo_database: str) -> None:
    (found,) = run(
        demo_database, "SELECT reltuples = (SELECT count(*) FROM result) FROM pg_class WHERE relname = 'result'"
    )
    assert found == (True,)
