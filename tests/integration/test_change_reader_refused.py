"""What the reader of changes does not read from: databases that do not note changes, or have lost them in a crash."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backend import embedded
from backend.change import Reader
from backend.change.install import statements
from backend.change.reader import UnfitDatabaseError
from backend.migration import upgrade
from tests.support.change_reader import left, reading
from tests.support.changes import NOTES, RememberedStamps
from tests.support.database import can_connect, run
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from backend.change.note import Note


SPOILT: dict[str, tuple[str, str]] = {
    "trigger missing": ("DROP TRIGGER gateway_change_update ON course", "of course: `computor db upgrade`"),
    "trigger off": ("ALTER TABLE course DISABLE TRIGGER gateway_change_update", "of course: `computor db upgrade`"),
    "trigger not for replicas": (
        "ALTER TABLE course ENABLE TRIGGER gateway_change_update",
        "of course: `computor db upgrade`",
    ),
    "another function": (
        """CREATE OR REPLACE FUNCTION gateway_note_course() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
        AS 'BEGIN RETURN NULL; END'""",
        "of course: `computor db upgrade`",
    ),
    "no table": ("DROP TABLE gateway_change", "changes are not noted: `computor db upgrade`"),
    "lost in a crash": ("ALTER TABLE gateway_change SET LOGGED", "would not outlast a crash"),
}


@pytest.mark.parametrize("name", [*SPOILT])
async def test_database_that_does_not_note_what_it_should_is_refused(
    migrated_database: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    statement, why = SPOILT[name]
    with psycopg.connect(migrated_database) as connection:
        connection.execute(statement.encode())
    store = RememberedStamps()
    async with reading(migrated_database, store):
        await until(lambda: bool(caplog.messages))
    assert why in caplog.text
    assert (store.epochs, store.renewals) == (0, 0)


async def test_a_reader_ends_with_an_upgrade_that_makes_other_triggers(
    migrated_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = RememberedStamps()
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        async with reading(migrated_database, store):
            await until(lambda: store.is_vouched_for)
            # As a next version's upgrade does, whose policies have it note something else.
            with connection.transaction():
                connection.execute(b"".join(_next_version(NOTES.noted("public"))))
            await until(lambda: not store.is_vouched_for)
            await until(lambda: "not noted as the policies say, of course: `computor db upgrade`" in caplog.text)
            # And this one's puts it right.
            upgrade(migrated_database)
            await until(lambda: store.epochs == 2 and store.is_vouched_for)


def _next_version(notes: list[Note]) -> list[bytes]:
    (course,) = (note for note in notes if note.table == "course")
    return [f"{each};".encode() for each in statements([replace(course, body=course.body.replace("update", "change"))])]


async def test_standby_is_refused(migrated_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA standby")
        connection.execute("CREATE FUNCTION standby.pg_is_in_recovery() RETURNS bool LANGUAGE sql RETURN true")
    # This server is none: the function of that name is.
    url = f"{migrated_database}{'&' if '?' in migrated_database else '?'}options=-csearch_path%3Dstandby,pg_catalog"
    reader: Any = Reader(url, NOTES, RememberedStamps())
    async with await reader._connect() as connection:  # noqa: SLF001 - what it logs is the same for all refusals
        with pytest.raises(UnfitDatabaseError, match="in recovery"):
            await reader._ensure_fit(connection)  # noqa: SLF001


def _places(url: str) -> list[tuple[object, ...]]:
    return run(url, "SELECT place FROM gateway_reader")


async def test_crash_loses_notes_and_ends_all_that_is_kept(data_dir: Path) -> None:
    with embedded.services(data_dir, redis=False, durable=False) as services:
        url = services.database_url
        upgrade(url)
        store = RememberedStamps()
        async with reading(url, store):
            await until(lambda: store.is_vouched_for)
            store.bumped.clear()
            store.is_away = True
            with psycopg.connect(url) as connection:
                connection.execute(
                    "INSERT INTO organization (organization_type, path, title) VALUES ('community', 'a', 'A')"
                )
            assert left(url) == 1
            with psycopg.connect(url, autocommit=True) as victim:
                os.kill(victim.info.backend_pid, signal.SIGKILL)
                with pytest.raises(psycopg.OperationalError):
                    victim.execute("SELECT 1")
            await until(lambda: can_connect(url))
            assert left(url) == 0
            # Who wrote finds no place, and waits, until the last lease from before the crash has ended.
            ended = store.until
            assert _places(url) == []
            await until(lambda: _places(url) != [])
            assert time.monotonic() * 1000 > ended
            store.is_away = False
            await until(lambda: store.epochs == 2 and store.is_vouched_for)
            assert store.bumped == set()
