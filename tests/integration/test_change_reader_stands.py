"""What the reader of changes vouches for stands on triggers and columns, and ends where these are made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.change_reader import reading, renewed
from tests.support.changes import RememberedStamps
from tests.support.waiting import until

if TYPE_CHECKING:
    from typing import LiteralString

# Nothing of this is noted, and all is as the policies say when it is over.
UNNOTED: dict[str, LiteralString] = {
    "a column is rewritten": "ALTER TABLE course ALTER COLUMN title TYPE varchar(255) USING upper(title)",
    "rows are rewritten": "ALTER TABLE course ALTER COLUMN computed SET EXPRESSION AS ('b')",
    "columns change places": """
        ALTER TABLE course ADD COLUMN other varchar(255) DEFAULT 'other';
        ALTER TABLE course RENAME COLUMN title TO former;
        ALTER TABLE course RENAME COLUMN other TO title
    """,
    "a trigger is off for a moment": """
        ALTER TABLE course DISABLE TRIGGER gateway_change_update;
        UPDATE course SET title = 'unnoted';
        ALTER TABLE course ENABLE ALWAYS TRIGGER gateway_change_update
    """,
    "a function is another for a moment": """
        DO $do$
        DECLARE former text := pg_get_functiondef('gateway_note_course'::regproc);
        BEGIN
            CREATE OR REPLACE FUNCTION gateway_note_course() RETURNS trigger LANGUAGE plpgsql
                AS 'BEGIN RETURN NULL; END';
            UPDATE course SET title = 'unnoted';
            EXECUTE former;
        END
        $do$
    """,
    "notes are emptied": "UPDATE course SET title = 'unnoted'; TRUNCATE gateway_change",
    "another reader, or another's row": "UPDATE gateway_reader SET epoch = 'another'",
}


@pytest.fixture(autouse=True)
def _soon_elected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has ended leads again before the lease that there is ends."""
    monkeypatch.setattr("backend.change.reader.ELECTION", 0.05)


@pytest.mark.parametrize("name", UNNOTED)
async def test_what_is_not_noted_begins_a_new_epoch(migrated_database: str, name: str) -> None:
    store = RememberedStamps()
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        connection.execute("ALTER TABLE course ADD COLUMN computed text GENERATED ALWAYS AS ('a') STORED")
        async with reading(migrated_database, store):
            await until(lambda: store.is_vouched_for)
            await renewed(store)
            assert store.epochs == 1
            with connection.transaction():
                connection.execute(UNNOTED[name])
            renewals = store.renewals
            await until(lambda: store.epochs == 2)
            # One lease at most, whose look began before it.
            assert store.renewals <= renewals + 1
            await until(lambda: store.is_vouched_for)
            epochs = connection.execute("SELECT epoch FROM gateway_reader").fetchall()
            assert epochs == [(f"{store.place} {store.epochs}",)]


async def test_a_table_that_is_put_in_anothers_place_without_triggers_is_refused(
    migrated_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = RememberedStamps()
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        async with reading(migrated_database, store):
            await until(lambda: store.is_vouched_for)
            with connection.transaction():
                connection.execute("CREATE TABLE other (LIKE course INCLUDING ALL)")
                connection.execute("ALTER TABLE course RENAME TO former")
                connection.execute("ALTER TABLE other RENAME TO course")
            await until(lambda: "not noted as the policies say, of course" in caplog.text)
            assert store.epochs == 1
            await until(lambda: not store.is_vouched_for)


async def test_what_does_not_touch_rows_or_triggers_ends_nothing(migrated_database: str) -> None:
    store = RememberedStamps()
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        async with reading(migrated_database, store):
            await until(lambda: store.is_vouched_for)
            connection.execute(
                "INSERT INTO organization (organization_type, path, title) VALUES ('community', 'a', 'A')"
            )
            connection.execute("CREATE INDEX ON course (title)")
            connection.execute("GRANT SELECT ON course TO pg_monitor")
            connection.execute("TRUNCATE course CASCADE")
            connection.execute("VACUUM FULL course")
            connection.execute("VACUUM (ANALYZE, FREEZE)")
            await renewed(store)
            await renewed(store)
            assert store.epochs == 1
