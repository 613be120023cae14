"""A database that Computor's own migrations made becomes the gateway's as well, and stays theirs."""

from __future__ import annotations

from collections import defaultdict

import psycopg
import pytest
from psycopg import sql

from backend.revision import needs_upgrade, newest
from tests.support.catalogue import LIBRARY_AUTHORS, catalogue, computor_catalogue
from tests.support.changes import take_changes
from tests.support.database import run
from tests.support.processes import computor

LEFT_OFF = {
    "check course_content_path_check of course_content": "2 rows break it",
    "check course_content_max_group_size_check of course_content": "1 row breaks it",
    "check execution_backend_slug_check1 of execution_backend": "1 row breaks it",
    "unique index user_lower_email_key of user": "2 rows break it",
    "unique index group_slug_key of group": "2 rows break it",
}
UNHELD = "foreign key account_created_by_fkey of account"


def rows(database_url: str) -> dict[str, list[tuple[object, ...]]]:
    """What Computor's columns hold, by table; the claims, to which the gateway adds, left out."""
    columns: dict[str, list[str]] = defaultdict(list)
    for line in computor_catalogue():
        if line.startswith("column"):
            columns[line.split("\t")[1]].append(line.split("\t")[3])
    del columns["role_claim"]
    with psycopg.connect(database_url) as connection:
        return {
            table: connection.execute(
                sql.SQL("SELECT {}::text FROM {} ORDER BY {}").format(
                    sql.SQL("::text, ").join(map(sql.Identifier, names)),
                    sql.Identifier(table),
                    sql.Identifier("id" if "id" in names else names[0]),
                )
            ).fetchall()
            for table, names in columns.items()
        }


def test_layout_is_that_of_the_catalogue(computor_database: str) -> None:
    expected = set(computor_catalogue())
    found = catalogue(computor_database)

    assert sorted(expected - found) == []
    assert {line.split("\t")[1] for line in found - expected} == {"alembic_version", "note_of_an_operator"}


def test_check_tells_of_what_an_upgrade_adds(computor_database: str) -> None:
    before = catalogue(computor_database)

    done = computor(computor_database, "db", "check")

    assert done.returncode == 1
    assert "column course_content.tree_key is missing: `computor db upgrade` adds it\n" in done.stdout
    assert "table api_token is missing: `computor db upgrade` adds it\n" in done.stdout
    assert "note: table note_of_an_operator is none of the gateway's\n" in done.stdout
    assert "note: function can_delete_course_content is worded otherwise\n" in done.stdout
    assert catalogue(computor_database) == before


def test_adoption_changes_nothing_that_is_computors(computor_database: str) -> None:
    before, held = catalogue(computor_database), rows(computor_database)

    done = computor(computor_database, "db", "upgrade")

    assert done.returncode == 0, done.stderr
    lost = {tuple(line.split("\t")[:4]) for line in before - catalogue(computor_database)}
    assert lost == LIBRARY_AUTHORS
    assert rows(computor_database) == held
    assert run(computor_database, "SELECT version_num FROM alembic_version") == [("9f3c1d2e4b5a",)]
    assert run(computor_database, "SELECT version_num FROM gateway_alembic_version") == [(newest(),)]
    assert run(
        computor_database, "SELECT claim_value FROM role_claim WHERE claim_value IN ('user:get', 'user:archive')"
    ) == [
        ("user:get",),
        ("user:archive",),
    ]
    assert not needs_upgrade(computor_database)


def test_rules_that_rows_break_are_reported_and_left_off(computor_database: str) -> None:
    warnings = computor(computor_database, "db", "upgrade").stderr.splitlines()

    assert len(warnings) == len(LEFT_OFF) + 1
    for subject, broken in LEFT_OFF.items():
        assert any(line.startswith(f"warning: {subject} is left off: {broken}, with the id") for line in warnings)
    assert any(line.startswith(f"warning: {UNHELD} holds for new rows only: 1 row breaks it") for line in warnings)

    done = computor(computor_database, "db", "check")
    differences = [line for line in done.stdout.splitlines() if not line.startswith("note: ")]
    assert done.returncode == 1
    assert differences[-1] == "5 differences."
    for subject, broken in LEFT_OFF.items():
        assert any(line.startswith(f"{subject} was left off: {broken}") for line in differences)
    assert f"note: {UNHELD} holds for newer rows only: 1 row breaks it" in done.stdout


def test_rules_are_added_once_the_rows_are_changed(computor_database: str) -> None:
    computor(computor_database, "db", "upgrade")
    run(
        computor_database,
        "UPDATE account SET created_by = NULL",
        "UPDATE course_content SET path = 'week_1', max_group_size = NULL WHERE path = 'Week_1'",
        "UPDATE course_content SET path = 'week_1.sheet', max_group_size = 1 WHERE path = 'Week_1.sheet'",
        "UPDATE execution_backend SET slug = 'python-3'",
        "UPDATE \"user\" SET email = 'robert@uni.example' WHERE username = 'robert'",
        "UPDATE \"group\" SET slug = 'more-tutors' WHERE title = 'More tutors'",
    )
    told = computor(computor_database, "db", "check").stdout
    assert "unique index group_slug_key of group was left off, and no row breaks it now" in told

    printed = computor(computor_database, "db", "upgrade", "--sql").stdout
    assert "CREATE UNIQUE INDEX group_slug_key" in printed
    assert computor(computor_database, "db", "upgrade").stderr == ""

    done = computor(computor_database, "db", "check")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "0 differences.")
    assert UNHELD not in done.stdout


def test_computors_own_code_goes_on(computor_database: str) -> None:
    computor(computor_database, "db", "upgrade")

    # Old rows that break rules may be written again, rows by the old rules, too.
    run(computor_database, "UPDATE course_content SET title = 'One' WHERE path = 'Week_1'")
    run(computor_database, "UPDATE account SET provider = 'https://git.example'")
    run(
        computor_database,
        "INSERT INTO course_content (path, position, course_id, course_content_type_id) VALUES ('Week_1.More', 2,"
        " '00000000-0000-4000-8000-000000000012', '00000000-0000-4000-8000-000000000016')",
    )
    run(computor_database, "UPDATE course_content SET path = 'Week_1.Later' WHERE path = 'Week_1.More'")
    run(
        computor_database,
        "INSERT INTO result (submit, course_member_id, course_submission_group_id, course_content_id,"
        " course_content_type_id, execution_backend_id, test_system_id, result, version_identifier, status) VALUES"
        " (true, '00000000-0000-4000-8000-000000000014', '00000000-0000-4000-8000-00000000001a',"
        " '00000000-0000-4000-8000-000000000019', '00000000-0000-4000-8000-000000000016',"
        " '00000000-0000-4000-8000-000000000017', 'job', 0.5, 'c0ffee', 0)",
    )
    run(computor_database, "INSERT INTO \"user\" (given_name, email) VALUES ('Cleo', 'Ada@uni.example')")
    assert run(computor_database, "SELECT path::text FROM course_content ORDER BY tree_key") == [
        ("Week_1",),
        ("Week_1.sheet",),
        ("Week_1.Later",),
    ]
    with pytest.raises(psycopg.errors.RaiseException, match="Invalid place"):
        run(
            computor_database,
            "INSERT INTO course_content (path, position, course_id, course_content_type_id) VALUES ('none.x', 1,"
            " '00000000-0000-4000-8000-000000000012', '00000000-0000-4000-8000-000000000016')",
        )
    # Bob wrote in the library, which kept him until now.
    run(computor_database, "DELETE FROM \"user\" WHERE username = 'bob'")
    assert run(computor_database, "SELECT created_by FROM example_repository") == [(None,)]
    run(computor_database, "DELETE FROM result", "DELETE FROM course_submission_group", "DELETE FROM course_content")
    # What it writes is noted for those who keep answers.
    scopes = {change.table: {str(scope) for scope in change.scopes or ()} for change in take_changes(computor_database)}
    assert scopes["course_content"] == {"course:00000000-0000-4000-8000-000000000012"}
    assert "course_member:00000000-0000-4000-8000-000000000014" in scopes["result"]
    assert scopes.keys() >= {"account", "user", "example_repository", "course_submission_group"}


def test_printed_statements_adopt_as_well(computor_database: str) -> None:
    before = catalogue(computor_database)
    printed = computor(computor_database, "db", "upgrade", "--sql")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert catalogue(computor_database) == before

    with psycopg.connect(computor_database, autocommit=True) as connection:
        connection.execute(printed.stdout.encode())

    assert not needs_upgrade(computor_database)
    assert computor(computor_database, "db", "check").stdout.splitlines()[-1] == "5 differences."


def test_printed_statements_make_a_new_database(empty_database: str) -> None:
    printed = computor(empty_database, "db", "upgrade", "--sql").stdout
    assert catalogue(empty_database) == set()

    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(printed.encode())

    assert computor(empty_database, "db", "check").stdout == "0 differences.\n"
    assert computor(empty_database, "db", "upgrade", "--sql").stdout == ""
