"""Version, time and author of changes hold for every writer, and only for changes that a person made."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import psycopg
import pytest

from backend.migration import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import LiteralString

    from psycopg import Connection


class Audit(NamedTuple):
    """The columns that triggers keep."""

    version: int | None
    updated_at: datetime
    created_by: object
    updated_by: object


@pytest.fixture
def connection(empty_database: str) -> Iterator[Connection]:
    """A migrated database."""
    upgrade(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        yield connection


def one(connection: Connection, query: LiteralString, *values: object) -> str:
    """The only value of the only row, as text."""
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return str(row[0])


def user(connection: Connection, name: str) -> str:
    return one(connection, 'INSERT INTO "user" (given_name) VALUES (%s) RETURNING id', name)


def organization(connection: Connection, path: str = "o") -> str:
    return one(
        connection,
        "INSERT INTO organization (organization_type, title, path) VALUES ('organization', 'O', %s::ltree)"
        " RETURNING id",
        path,
    )


def audit(connection: Connection, table: LiteralString, key: str) -> Audit:
    row = connection.execute(
        f"SELECT version, updated_at, created_by::text, updated_by::text FROM {table} WHERE id = %s",  # noqa: S608 - a literal
        (key,),
    ).fetchone()
    assert row is not None
    return Audit(*row)


def act_as(connection: Connection, user_id: str) -> None:
    """Name the acting user until the end of the transaction."""
    connection.execute("SELECT set_config('app.user_id', %s, true)", (user_id,))


def test_rows_name_the_acting_user_as_their_author(connection: Connection) -> None:
    ada, bob = user(connection, "Ada"), user(connection, "Bob")

    with connection.transaction():
        act_as(connection, ada)
        key = organization(connection)
    with connection.transaction():
        act_as(connection, bob)
        connection.execute("UPDATE organization SET url = 'http://o'")

    made = audit(connection, "organization", key)
    assert (made.created_by, made.updated_by) == (ada, bob)


def test_without_an_acting_user_authors_stay_as_written(connection: Connection) -> None:
    ada = user(connection, "Ada")
    nobody = organization(connection, "a")
    somebody = organization(connection, "b")
    connection.execute("UPDATE organization SET created_by = %s, updated_by = %s WHERE id = %s", (ada, ada, somebody))

    connection.execute("UPDATE organization SET url = 'http://o'")

    assert audit(connection, "organization", nobody)[2:] == (None, None)
    assert audit(connection, "organization", somebody)[2:] == (ada, ada)


def test_acting_user_ends_with_the_transaction(connection: Connection) -> None:
    with connection.transaction():
        act_as(connection, user(connection, "Ada"))

    assert audit(connection, "organization", organization(connection)).created_by is None


def test_update_counts_and_is_dated_whatever_it_says(connection: Connection) -> None:
    key = organization(connection)
    before = audit(connection, "organization", key)

    connection.execute("UPDATE organization SET version = 41, updated_at = 'epoch', title = 'P'")

    after = audit(connection, "organization", key)
    assert after.version == 1
    assert after.updated_at > before.updated_at


def test_missing_version_counts_from_zero(connection: Connection) -> None:
    key = one(
        connection,
        "INSERT INTO organization (version, organization_type, title, path)"
        " VALUES (NULL, 'organization', 'O', 'o') RETURNING id",
    )

    connection.execute("UPDATE organization SET title = 'P'")

    assert audit(connection, "organization", key).version == 1


def test_deleting_a_user_is_no_change_of_what_the_user_made(connection: Connection) -> None:
    ada = user(connection, "Ada")
    with connection.transaction():
        act_as(connection, ada)
        key = organization(connection)
    before = audit(connection, "organization", key)

    with connection.transaction():
        act_as(connection, ada)
        connection.execute('DELETE FROM "user" WHERE id = %s', (ada,))

    assert audit(connection, "organization", key) == Audit(before.version, before.updated_at, None, None)


def test_use_of_a_token_is_no_change(connection: Connection) -> None:
    ada = user(connection, "Ada")
    key = one(
        connection,
        "INSERT INTO api_token (name, user_id, token_hash, token_prefix) VALUES ('t', %s, 'h', 'ctp_') RETURNING id",
        ada,
    )
    before = audit(connection, "api_token", key)

    connection.execute("UPDATE api_token SET last_used_at = now(), usage_count = usage_count + 1")
    assert audit(connection, "api_token", key) == before

    connection.execute("UPDATE api_token SET last_used_at = now(), name = 'u'")
    assert audit(connection, "api_token", key).version == 1


def test_tables_without_a_version_are_dated(connection: Connection) -> None:
    ada = user(connection, "Ada")
    with connection.transaction():
        act_as(connection, ada)
        repository = one(
            connection,
            "INSERT INTO example_repository (name, source_type, source_url) VALUES ('r', 'git', 'u') RETURNING id",
        )
        example = one(
            connection,
            "INSERT INTO example (example_repository_id, directory, identifier, title)"
            " VALUES (%s, 'd', 'e', 'E') RETURNING id",
            repository,
        )
        connection.execute(
            "INSERT INTO example_version (example_id, version_tag, version_number, storage_path, meta_yaml)"
            " VALUES (%s, '1', 1, 'p', 'm')",
            (example,),
        )
    made = one(connection, "SELECT updated_at FROM example")
    connection.execute("UPDATE example SET title = 'F'")

    assert one(connection, "SELECT created_by FROM example_version") == ada
    assert one(connection, "SELECT updated_by FROM example") == ada
    assert one(connection, "SELECT updated_at FROM example") > made


def test_every_table_with_audit_columns_has_the_triggers(connection: Connection) -> None:
    columns: dict[str, set[str]] = {
        table: set(names)
        for table, names in connection.execute("""
            SELECT table_name, array_agg(column_name::text) FROM information_schema.columns
            WHERE table_schema = 'public' GROUP BY table_name
        """)
    }
    expected = set()
    for table, names in columns.items():
        if "created_by" in names:
            expected.add((table, "gateway_audit_insert", "updatable" if "updated_by" in names else "written once"))
        if "updated_at" in names:
            expected.add((table, "gateway_audit_update", "versioned" if "version" in names else "unversioned"))

    triggers = connection.execute(r"""
        SELECT relname, tgname, split_part(encode(tgargs, 'escape'), '\000', 1)
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE tgname LIKE 'gateway_audit%'
    """).fetchall()
    assert set(triggers) == expected


def test_tables_without_authors_are_counted_and_dated(connection: Connection) -> None:
    ada = user(connection, "Ada")
    key = one(connection, "SELECT uuid_generate_v4()")
    # The row stands alone: nothing of this is about what it refers to.
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(
            "INSERT INTO submission_review (id, artifact_id, reviewer_course_member_id, body, version)"
            " VALUES (%s, %s, %s, 'good', NULL)",
            (key, key, key),
        )
    made = one(connection, "SELECT updated_at FROM submission_review")
    with connection.transaction():
        act_as(connection, ada)
        connection.execute("UPDATE submission_review SET body = 'better', version = 41, updated_at = 'epoch'")

    assert one(connection, "SELECT version FROM submission_review") == "1"
    assert one(connection, "SELECT updated_at FROM submission_review") > made
