"""The reader of changes: there is one, it tells all that was committed, and vouches for nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backend import embedded
from backend.change import LEASE, OUTLASTED, Announcer, Reader
from backend.change.install import statements
from backend.change.reader import UnfitDatabaseError
from backend.migration import upgrade
from backend.plan.connection_pool import Timeouts, read_pool
from backend.settings import DEFAULTS
from tests.support.changes import NOTES, RememberedStamps
from tests.support.university import build_university

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from backend.change.note import Note
    from tests.support.world import World


@pytest.fixture(scope="module")
def university(own_world: World) -> World:
    build_university(own_world)
    _put_home(own_world)
    return own_world


def _put_home(world: World) -> None:
    """As a reader leaves it that told a store such as those here."""
    with world.connection.transaction():
        world.connection.execute("DELETE FROM gateway_reader")
        world.connection.execute("INSERT INTO gateway_reader (place) VALUES (%s)", [RememberedStamps().place])


@pytest.fixture
def at_home(university: World) -> Iterator[None]:
    """Puts back where answers are kept."""
    yield
    _put_home(university)


@asynccontextmanager
async def _reading(url: str, store: RememberedStamps) -> AsyncIterator[Reader]:
    reader = Reader(url, NOTES, store)
    task = asyncio.create_task(reader.run())
    try:
        yield reader
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - what is waited for is in the database
            await asyncio.sleep(0.005)


async def _renewed(store: RememberedStamps) -> None:
    """Until a lease was renewed by a drain that began after now."""
    before = store.renewals
    await _until(lambda: store.renewals >= before + 2)


def _left(url: str) -> int:
    with psycopg.connect(url) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM gateway_change")
    return int(count)


def _write(url: str, title: str, course: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE course SET title = %s WHERE id = %s", [title, course])


async def test_what_is_committed_is_told_before_a_lease_speaks_for_it(university: World) -> None:
    url, course = university.database_url, university.id("course", "algebra")
    store = RememberedStamps()
    async with _reading(url, store):
        await _until(lambda: store.is_vouched_for)
        assert store.epochs == 1
        store.bumped.clear()
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE course SET title = 'not yet' WHERE id = %s", [course])
            await _renewed(store)
            assert store.bumped == set()
        await _renewed(store)
        assert store.bumped == {"course/any", f"course/course:{course}"}
        assert _left(url) == 0


async def test_nobody_vouches_for_what_is_committed_while_they_read(
    university: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, course = university.database_url, university.id("course", "algebra")
    monkeypatch.setattr("backend.change.reader.RENEWALS", 1000)
    store = RememberedStamps()
    told: list[tuple[float, int]] = []

    def late() -> None:
        # What is committed here is read the next time.
        told.append((time.monotonic() * 1000, store.renewals))
        time.sleep(0.05)

    store.on_bump = late
    async with _reading(url, store):
        await _until(lambda: store.is_vouched_for)
        told.clear()
        _write(url, "read", course)
        await _until(lambda: bool(told))
        ((moment, look),) = told
        # There is one lease a look.
        await _until(lambda: store.renewals > look)
        assert store.ends[look] - 1000 * LEASE <= moment


async def test_transaction_that_began_long_ago_is_read_when_it_ends(university: World) -> None:
    url = university.database_url
    course, later = university.id("course", "algebra"), university.id("course", "geometry")
    store = RememberedStamps()
    async with _reading(url, store):
        await _until(lambda: store.is_vouched_for)
        with psycopg.connect(url) as early:
            early.execute("UPDATE course SET title = 'early' WHERE id = %s", [course])
            for title in "abc":
                _write(url, title, later)
                await _renewed(store)
            store.bumped.clear()
        await _renewed(store)
        assert store.bumped == {"course/any", f"course/course:{course}"}


async def test_store_that_does_not_hear_is_told_again_and_nothing_is_vouched_for(university: World) -> None:
    url, course = university.database_url, university.id("course", "algebra")
    store = RememberedStamps()
    async with _reading(url, store):
        await _until(lambda: store.is_vouched_for)
        store.bumped.clear()
        store.is_away = True
        _write(url, "away", course)
        await _until(lambda: not store.is_vouched_for)
        assert _left(url) == 1
        store.is_away = False
        await _until(lambda: store.is_vouched_for)
        assert f"course/course:{course}" in store.bumped
        assert _left(url) == 0


async def test_notes_stay_until_they_were_told(university: World) -> None:
    url, course = university.database_url, university.id("course", "algebra")
    store = RememberedStamps()
    seen: list[int] = []
    store.on_bump = lambda: seen.append(_left(url))
    async with _reading(url, store):
        await _until(lambda: store.is_vouched_for)
        _write(url, "told", course)
        await _renewed(store)
    assert seen
    assert all(seen)


async def test_there_is_one_reader_and_the_next_begins_anew_where_it_ends(university: World) -> None:
    url = university.database_url
    first, second = RememberedStamps(), RememberedStamps()
    async with _reading(url, first) as leader:
        await _until(lambda: leader.is_leading)
        async with _reading(url, second) as heir:
            await _succession(url, leader, heir, first, second)


async def _succession(
    url: str, leader: Reader, heir: Reader, first: RememberedStamps, second: RememberedStamps
) -> None:
    for _ in range(3):
        await _renewed(first)
        assert (first.epochs, second.epochs, heir.is_leading) == (1, 0, False)
    _end_reader(url)
    await _until(lambda: first.epochs + second.epochs == 2)
    await _until(lambda: first.is_vouched_for or second.is_vouched_for)
    # Whoever lost its connection learns of it when it next asks.
    await _until(lambda: leader.is_leading != heir.is_leading)


def _end_reader(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )


class _Placed(RememberedStamps):
    """A store elsewhere; at each lease it notes whether writers know where, and whether another one speaks still."""

    def __init__(self, url: str, other: RememberedStamps) -> None:
        super().__init__()
        self.place = "there"
        self.leases: list[tuple[str, bool]] = []
        self._url = url
        self._other = other

    async def renew_lease(self, until: int) -> None:
        await super().renew_lease(until)
        self.leases.append((_place(self._url), self._other.is_vouched_for))


def _place(url: str) -> str:
    with psycopg.connect(url) as connection:
        ((place,),) = connection.execute("SELECT place FROM gateway_reader")
    return str(place)


@pytest.mark.usefixtures("at_home")
async def test_a_reader_with_another_store_vouches_when_the_former_one_no_longer_does(university: World) -> None:
    url = university.database_url
    first = RememberedStamps()
    async with _reading(url, first):
        await _until(lambda: first.is_vouched_for)
    second = _Placed(url, first)
    async with _reading(url, second):
        seen: list[tuple[str, bool]] = []
        while not second.leases:
            seen.append((_place(url), first.is_vouched_for))
            await asyncio.sleep(0.005)
        # Writers go on telling the former one as long as answers may be taken from it.
        assert ("there", True) not in seen
        assert ("here", True) in seen
    assert set(second.leases) == {("there", False)}


@pytest.mark.usefixtures("at_home")
async def test_a_reader_whose_store_is_another_one_now_begins_anew_there(university: World) -> None:
    url = university.database_url
    store = RememberedStamps()
    async with _reading(url, store):
        await _until(lambda: store.is_vouched_for)
        until, epochs = store.until, store.epochs
        store.place, store.is_elsewhere = "there", True
        await _until(lambda: _place(url) == "there")
        assert store.epochs == epochs + 1
        # On the former one, of which nobody here knows any more.
        assert time.monotonic_ns() // 1_000_000 > until
        await _until(lambda: store.is_vouched_for)


@pytest.mark.usefixtures("at_home")
async def test_a_store_that_stays_away_keeps_writers_waiting_until_its_last_lease_has_ended(
    university: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, course = university.database_url, university.id("course", "algebra")
    store = RememberedStamps()
    async with _reading(url, store), read_pool(url, size=1, timeouts=Timeouts.of(DEFAULTS)) as pool:
        await _until(lambda: store.is_vouched_for)
        store.is_away = True
        await _until(lambda: _place(url) != store.place)
        assert (_place(url), store.is_vouched_for) == ("", False)
        slept = _sleeping(monkeypatch)
        _write(url, "nowhere", course)
        await Announcer(pool, NOTES, store).announce()
        assert slept == []
        # What was not told then is told before anything is vouched for, and what was kept before is given up.
        epochs = store.epochs
        store.bumped.clear()
        store.is_away = False
        await _until(lambda: store.is_vouched_for)
        assert _place(url) == store.place
        assert store.epochs == epochs + 1
        assert f"course/course:{course}" in store.bumped


async def test_backlog_is_read_in_parts(university: World, monkeypatch: pytest.MonkeyPatch) -> None:
    url, course = university.database_url, university.id("course", "algebra")
    monkeypatch.setattr("backend.change.reader.BATCH", 3)
    with psycopg.connect(url, autocommit=True) as connection:
        for title in "abcdefgh":
            connection.execute("UPDATE course SET title = %s WHERE id = %s", [title, course])
    store = RememberedStamps()
    async with _reading(url, store):
        await _until(lambda: store.is_vouched_for)
        assert _left(url) == 0
        assert f"course/course:{course}" in store.bumped


async def test_crash_loses_notes_and_ends_all_that_is_kept(data_dir: Path) -> None:
    with embedded.services(data_dir, redis=False, durable=False) as services:
        url = services.database_url
        upgrade(url)
        store = RememberedStamps()
        async with _reading(url, store):
            await _until(lambda: store.is_vouched_for)
            store.bumped.clear()
            store.is_away = True
            with psycopg.connect(url) as connection:
                connection.execute(
                    "INSERT INTO organization (organization_type, path, title) VALUES ('community', 'a', 'A')"
                )
            assert _left(url) == 1
            with psycopg.connect(url, autocommit=True) as victim:
                os.kill(victim.info.backend_pid, signal.SIGKILL)
                with pytest.raises(psycopg.OperationalError):
                    victim.execute("SELECT 1")
            await _until(lambda: _can_connect(url))
            assert _left(url) == 0
            store.is_away = False
            await _until(lambda: store.epochs == 2 and store.is_vouched_for)
            assert store.bumped == set()


def _can_connect(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


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
    async with _reading(migrated_database, store):
        await _until(lambda: bool(caplog.messages))
    assert why in caplog.text
    assert (store.epochs, store.renewals) == (0, 0)


async def test_a_reader_ends_with_an_upgrade_that_makes_other_triggers(
    migrated_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = RememberedStamps()
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        async with _reading(migrated_database, store):
            await _until(lambda: store.is_vouched_for)
            # As a next version's upgrade does, whose policies have it note something else.
            with connection.transaction():
                connection.execute(b"".join(_next_version(NOTES.noted("public"))))
            await _until(lambda: not store.is_vouched_for)
            await _until(lambda: "not noted as the policies say, of course: `computor db upgrade`" in caplog.text)
            # And this one's puts it right.
            upgrade(migrated_database)
            await _until(lambda: store.epochs == 2 and store.is_vouched_for)


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


async def test_writer_is_answered_after_the_store_was_told(university: World) -> None:
    url, course = university.database_url, university.id("course", "algebra")
    store = RememberedStamps()
    pool = read_pool(url, size=1, timeouts=Timeouts.of(DEFAULTS))
    async with pool:
        announcer = Announcer(pool, NOTES, store)
        _write(url, "announced", course)
        await announcer.announce()
        assert store.announced >= {"course/any", f"course/course:{course}"}
        # The notes are the reader's to take.
        assert _left(url) > 0


async def test_row_that_others_moved_meanwhile_is_found_where_it_is(university: World) -> None:
    """What leads to the row that was written is not what it was when it was written."""
    url = university.database_url
    group, to = university.id("course_submission_group", "dan alone"), university.id("course", "geometry")
    store = RememberedStamps()
    pool = read_pool(url, size=1, timeouts=Timeouts.of(DEFAULTS))
    async with pool:
        with psycopg.connect(url) as own, psycopg.connect(url) as other:
            own.execute(
                "INSERT INTO course_submission_group_grading"
                " (course_submission_group_id, graded_by_course_member_id, grading) VALUES (%s, %s, 1)",
                [group, university.id("course_member", "mia@geometry")],
            )
            other.execute("UPDATE course_submission_group SET course_id = %s WHERE id = %s", [to, group])
            other.commit()
        await Announcer(pool, NOTES, store).announce()
    assert f"course_submission_group_grading/course:{to}" in store.announced


@pytest.mark.usefixtures("at_home")
async def test_writer_has_nobody_to_tell_and_nothing_to_wait_for_before_anything_was_vouched_for(
    university: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, course = university.database_url, university.id("course", "algebra")
    university.connection.execute("UPDATE gateway_reader SET place = ''")
    slept = _sleeping(monkeypatch)
    store = RememberedStamps()
    store.is_away = True
    _write(url, "nobody", course)
    pool = read_pool(url, size=1, timeouts=Timeouts.of(DEFAULTS))
    async with pool:
        await Announcer(pool, NOTES, store).announce()
    assert slept == []


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize("place", ["there", None])
async def test_writer_who_reaches_another_store_than_is_vouched_for_waits(
    university: World, place: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, course = university.database_url, university.id("course", "algebra")
    with university.connection.transaction():
        university.connection.execute("DELETE FROM gateway_reader")
        if place is not None:
            university.connection.execute("INSERT INTO gateway_reader (place) VALUES (%s)", [place])
    slept = _sleeping(monkeypatch)
    _write(url, "elsewhere", course)
    pool = read_pool(url, size=1, timeouts=Timeouts.of(DEFAULTS))
    async with pool:
        await Announcer(pool, NOTES, RememberedStamps()).announce()
    (seconds,) = slept
    assert 0 < seconds <= OUTLASTED


@pytest.mark.parametrize("away", ["the store", "the database", "the reader"])
async def test_writer_whose_change_cannot_be_told_waits_for_the_lease(
    university: World, away: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, course = university.database_url, university.id("course", "algebra")
    slept = _sleeping(monkeypatch)
    store = RememberedStamps()
    store.is_away = away == "the store"
    _write(url, "a", course)
    if away == "the reader":
        monkeypatch.setattr("backend.change.announce.MOST_PENDING", 0)
    pool = read_pool(url, size=1, timeouts=Timeouts.of(DEFAULTS))
    async with pool:
        if away == "the database":
            monkeypatch.setattr("backend.change.announce._PENDING", _broken())
        await Announcer(pool, NOTES, store).announce()
    (seconds,) = slept
    assert 0 < seconds <= OUTLASTED
    assert store.announced == set()


def _sleeping(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """For how long announcers sleep, who then need not."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    # The announcer's own: psycopg's pool sleeps through asyncio, too.
    monkeypatch.setattr("backend.change.announce.asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": sleep}))
    return slept


def _broken() -> Any:
    from backend.plan.statement import Text  # noqa: PLC0415

    return Text(b"SELECT 1 FROM nowhere", (), None)
