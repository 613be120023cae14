"""The demo data keeps the rules of the platform, is the same each time, and never mixes with other data."""

# ruff: noqa: RUF001 - letters of other scripts look like Latin ones, and are meant

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from backend import seed
from backend.migration import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = (
    "user",
    "user_role",
    "organization",
    "course_family",
    "course",
    "course_group",
    "course_member",
    "course_content_type",
    "course_content",
    "execution_backend",
    "course_execution_backend",
    "course_submission_group",
    "course_submission_group_member",
    "result",
)


@pytest.fixture(scope="module")
def demo_database(postgres_url: str, migrated_template: str) -> Iterator[str]:
    """URL of a database with the demo data, for tests that only read."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(migrated_template))
        )
        url = urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
        seed.load(url, "demo")
        yield url
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def checksums(database_url: str) -> dict[str, tuple[int, str]]:
    """Of each table, the number of rows and a digest of all their values."""
    statement = "SELECT count(*), md5(string_agg(row_::text, chr(10) ORDER BY row_::text)) FROM {} AS row_"
    with psycopg.connect(database_url) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = {
            table: connection.execute(sql.SQL(statement).format(sql.Identifier(table))).fetchone() for table in TABLES
        }
    return {table: (row[0], row[1]) for table, row in found.items() if row}


def rows(database_url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute(statement.encode()).fetchall()


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
    assert rows(migrated_database, 'SELECT count(*) FROM "user" UNION ALL SELECT count(*) FROM course') == [(1,), (0,)]


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
    names = {username for (username,) in rows(migrated_database, 'SELECT username FROM "user"')}
    assert {user.username for user in users} <= names
    assert users == seed.cast("demo")


ROLES_IN_COURSES = """
    SELECT username, array_agg(course_role_id ORDER BY course_role_id)
    FROM "user" JOIN course_member ON course_member.user_id = "user".id
    WHERE username = ANY ('{admin,lecturer,tutor,student,owner,usermanager,orgmanager,stranger}')
    GROUP BY username ORDER BY username
"""


def test_named_users_have_the_roles_that_their_names_say(demo_database: str) -> None:
    assert rows(demo_database, ROLES_IN_COURSES) == [
        ("lecturer", ["_lecturer"] * 3),
        ("owner", ["_owner"] * 3),
        ("student", ["_student"] * 4),
        ("tutor", ["_student", "_tutor"]),
    ]
    assert rows(
        demo_database,
        'SELECT username, role_id FROM user_role JOIN "user" ON "user".id = user_id WHERE NOT transient ORDER BY 1',
    ) == [("admin", "_admin"), ("orgmanager", "_organization_manager"), ("usermanager", "_user_manager")]


def test_student_has_results_in_all_of_their_courses(demo_database: str) -> None:
    found = rows(
        demo_database,
        """
        SELECT count(result.id) > 10
        FROM course_member JOIN "user" ON "user".id = user_id LEFT JOIN result ON course_member_id = course_member.id
        WHERE username = 'student' GROUP BY course_member.id
        """,
    )
    assert found == [(True,)] * 4


VIOLATIONS = {
    "who runs a test is in the group whose work it is": """
        SELECT FROM result WHERE NOT EXISTS (
            SELECT FROM course_submission_group_member AS member
            WHERE member.course_submission_group_id = result.course_submission_group_id
                AND member.course_member_id = result.course_member_id)
    """,
    "a result is of its group's content, and of that content's type and backend": """
        SELECT FROM result
        JOIN course_submission_group AS team ON team.id = result.course_submission_group_id
        JOIN course_content ON course_content.id = result.course_content_id
        WHERE team.course_content_id <> course_content.id
            OR result.course_content_type_id <> course_content.course_content_type_id
            OR result.execution_backend_id <> course_content.execution_backend_id
    """,
    "a group and its members are of the course of its content": """
        SELECT FROM course_submission_group_member AS member
        JOIN course_submission_group AS team ON team.id = member.course_submission_group_id
        JOIN course_content ON course_content.id = team.course_content_id
        JOIN course_member ON course_member.id = member.course_member_id
        WHERE (team.course_id, member.course_id, course_member.course_id)
            <> (course_content.course_id, course_content.course_id, course_content.course_id)
    """,
    "only students are in groups": """
        SELECT FROM course_submission_group_member AS member
        JOIN course_member ON course_member.id = member.course_member_id WHERE course_role_id <> '_student'
    """,
    "nobody is in two groups for one content": """
        SELECT FROM course_submission_group_member AS member
        JOIN course_submission_group AS team ON team.id = member.course_submission_group_id
        GROUP BY course_content_id, course_member_id HAVING count(*) > 1
    """,
    "no group is empty or too large": """
        SELECT FROM course_submission_group AS team
        LEFT JOIN course_submission_group_member AS member ON member.course_submission_group_id = team.id
        GROUP BY team.id HAVING count(member.id) NOT BETWEEN 1 AND max_group_size
    """,
    "groups exist for contents that can be submitted to": """
        SELECT FROM course_submission_group AS team
        JOIN course_content ON course_content.id = team.course_content_id
        JOIN course_content_type AS type ON type.id = course_content.course_content_type_id
        JOIN course_content_kind AS kind ON kind.id = type.course_content_kind_id WHERE NOT submittable
    """,
    "each student has a group for each content worked on alone": """
        SELECT FROM course_content
        JOIN course_member USING (course_id)
        WHERE execution_backend_id IS NOT NULL AND coalesce(max_group_size, 1) = 1 AND course_role_id = '_student'
            AND NOT EXISTS (
                SELECT FROM course_submission_group_member AS member
                JOIN course_submission_group AS team ON team.id = member.course_submission_group_id
                WHERE team.course_content_id = course_content.id AND member.course_member_id = course_member.id)
    """,
    "no group has more runs or submissions than it may": """
        SELECT FROM result JOIN course_submission_group AS team ON team.id = result.course_submission_group_id
        GROUP BY team.id
        HAVING count(*) > max_test_runs OR count(*) FILTER (WHERE submit) > max_submissions
    """,
    "scores lie between 0 and 1, statuses between 0 and 7": """
        SELECT FROM result WHERE NOT (result BETWEEN 0 AND 1 AND status BETWEEN 0 AND 7)
    """,
    "only what is completed has a score, a report or is submitted": """
        SELECT FROM result WHERE status <> 0 AND (result > 0 OR result_json IS NOT NULL OR submit)
    """,
    "scores do not fall from one completed run of a group to its next": """
        SELECT FROM (
            SELECT result < lag(result) OVER (PARTITION BY course_submission_group_id ORDER BY created_at) AS falls
            FROM result WHERE status = 0
        ) AS run WHERE falls
    """,
    "a report agrees with the score": """
        SELECT FROM result
        WHERE abs((result_json ->> 'passed')::float / (result_json ->> 'total')::float - result) > 1e-9
            OR jsonb_array_length(result_json -> 'failed')
                <> (result_json ->> 'total')::int - (result_json ->> 'passed')::int
    """,
    "an assignment's backend is linked to its course": """
        SELECT FROM course_content WHERE execution_backend_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM course_execution_backend AS link WHERE link.course_id = course_content.course_id
                AND link.execution_backend_id = course_content.execution_backend_id)
    """,
    "paths of contents are lower case": """
        SELECT FROM course_content WHERE path::text !~ '^[a-z0-9_]+(\\.[a-z0-9_]+)*$'
    """,
    "below what is archived everything is": """
        SELECT FROM course_content AS node JOIN course_content AS above
            ON above.course_id = node.course_id AND node.path <@ above.path
        WHERE above.archived_at IS NOT NULL AND node.archived_at IS NULL
    """,
    "a course is in its family's organization": """
        SELECT FROM course JOIN course_family ON course_family.id = course_family_id
        WHERE course.organization_id <> course_family.organization_id
    """,
    "an organization is below another, or at the top": """
        SELECT FROM organization AS node WHERE parent_path IS NOT NULL AND NOT EXISTS (
            SELECT FROM organization AS above
            WHERE above.organization_type = node.organization_type AND above.path = node.parent_path)
    """,
    "usernames and addresses are in the form that the platform accepts": """
        SELECT FROM "user" WHERE username !~ '^[a-z0-9_.-]{3,50}$' OR email !~ '^[a-z0-9._-]+@[a-z.-]+$'
            OR email LIKE '%..%'
    """,
    "nothing comes before what it needs": """
        SELECT FROM course_member JOIN "user" ON "user".id = user_id JOIN course ON course.id = course_id
        WHERE course_member.created_at <= greatest("user".created_at, course.created_at)
            AND course_role_id = '_student'
        UNION ALL
        SELECT FROM result JOIN course_submission_group AS team ON team.id = course_submission_group_id
        WHERE result.created_at <= team.created_at
        UNION ALL
        SELECT FROM course_content JOIN course ON course.id = course_id
        WHERE course_content.created_at <= course.created_at
        UNION ALL
        SELECT FROM "user" WHERE archived_at <= created_at
    """,
}


@pytest.mark.parametrize("rule", VIOLATIONS)
def test_rule_holds(rule: str, demo_database: str) -> None:
    assert rows(demo_database, VIOLATIONS[rule]) == [], rule


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
}


def test_there_is_some_of_everything(demo_database: str) -> None:
    found = {name: rows(demo_database, statement)[0][0] for name, statement in VARIETY.items()}
    assert found == {
        "scripts": 14,
        "statuses": 8,
        "levels of contents": 3,
        "semesters": 5,
        "types of organizations": 3,
        "course roles": 5,
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
        ("result", "result_json reference_version_identifier properties"),
    ],
)
def test_what_may_be_missing_is_missing_somewhere(table: str, columns: str, demo_database: str) -> None:
    for column in columns.split():
        (found,) = rows(demo_database, f'SELECT count({column}) > 0, count(*) > count({column}) FROM "{table}"')  # noqa: S608 - names from above
        assert found == (True, True), column


def test_some_properties_hold_a_token_to_redact(demo_database: str) -> None:
    for table in ("organization", "course", "course_submission_group"):
        (found,) = rows(demo_database, f"SELECT count(properties #> '{{gitlab,token}}') > 0 FROM {table}")  # noqa: S608 - names from above
        assert found == (True,), table


def test_statistics_are_fresh(demo_database: str) -> None:
    (found,) = rows(
        demo_database, "SELECT reltuples = (SELECT count(*) FROM result) FROM pg_class WHERE relname = 'result'"
    )
    assert found == (True,)
