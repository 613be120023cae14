"""The reader of changes: there is one, it tells all that was committed, and vouches for nothing else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backend.change import LEASE, NotAcknowledgedError, Reader
from backend.change.announce import _PENDING
from tests.support.change_reader import left, reading, renewed, write
from tests.support.changes import RememberedStamps
from tests.support.waiting import until

if TYPE_CHECKING:
    from tests.support.world import World

pytestmark = pytest.mark.usefixtures("at_home")


async def test_what_is_committed_is_told_before_a_lease_speaks_for_it(own_university: World) -> None:
    url, course = own_university.database_url, own_university.id("course", "algebra")
    store = RememberedStamps()
    async with reading(url, store):
        await until(lambda: store.is_vouched_for)
        assert store.epochs == 1
        store.bumped.clear()
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE course SET title = 'not yet' WHERE id = %s", [course])
            await renewed(store)
            assert store.bumped == set()
        await renewed(store)
        assert store.bumped == {"course/any", f"course/course:{course}"}
        assert left(url) == 0


async def test_nobody_vouches_for_what_is_committed_while_they_read(
    own_university: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, course = own_university.database_url, own_university.id("course", "algebra")
    monkeypatch.setattr("backend.change.reader.RENEWALS", 1000)
    store = RememberedStamps()
    told: list[tuple[float, int]] = []

    def late() -> None:
        # What is committed here is read the next time.
        told.append((time.monotonic() * 1000, store.renewals))
        time.sleep(0.05)

    store.on_bump = late
    async with reading(url, store):
        await until(lambda: store.is_vouched_for)
        told.clear()
        write(url, "read", course)
        await until(lambda: bool(told))
        ((moment, look),) = told
        # There is one lease a look.
        await until(lambda: store.renewals > look)
        assert store.ends[look] - 1000 * LEASE <= moment


async def test_what_is_committed_after_the_first_look_is_found_by_whoever_wrote(
    own_university: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark from which they read does not come before the reader, who has not told of it yet."""
    url, course = own_university.database_url, own_university.id("course", "algebra")
    store = RememberedStamps()
    ensure = Reader._ensure_fit  # noqa: SLF001 - what comes between the look and the mark
    found: list[list[Any]] = []

    async def late(reader: Reader, connection: Any) -> None:
        await ensure(reader, connection)
        write(url, "late", course)

    def note() -> None:
        if not found:
            found.append(own_university.connection.execute(_PENDING.sql, prepare=False).fetchall())

    monkeypatch.setattr(Reader, "_ensure_fit", late)
    store.on_renewal = note
    async with reading(url, store):
        await until(lambda: store.is_vouched_for)
    ((table, *_),) = found[0]
    assert table == "course"


async def test_transaction_that_began_long_ago_is_read_when_it_ends(own_university: World) -> None:
    url = own_university.database_url
    course, later = own_university.id("course", "algebra"), own_university.id("course", "geometry")
    store = RememberedStamps()
    async with reading(url, store):
        await until(lambda: store.is_vouched_for)
        with psycopg.connect(url) as early:
            early.execute("UPDATE course SET title = 'early' WHERE id = %s", [course])
            for title in "abc":
                write(url, title, later)
                await renewed(store)
            store.bumped.clear()
        await renewed(store)
        assert store.bumped == {"course/any", f"course/course:{course}"}


async def test_store_that_does_not_hear_is_told_again_and_nothing_is_vouched_for(own_university: World) -> None:
    url, course = own_university.database_url, own_university.id("course", "algebra")
    store = RememberedStamps()
    async with reading(url, store):
        await until(lambda: store.is_vouched_for)
        store.bumped.clear()
        store.is_away = True
        write(url, "away", course)
        await until(lambda: not store.is_vouched_for)
        assert left(url) == 1
        store.is_away = False
        await until(lambda: store.is_vouched_for)
        assert f"course/course:{course}" in store.bumped
        assert left(url) == 0


async def test_store_that_does_not_hear_once_costs_nobody_what_is_kept(own_university: World) -> None:
    url, course = own_university.database_url, own_university.id("course", "algebra")
    store = RememberedStamps()
    async with reading(url, store):
        await until(lambda: store.is_vouched_for)
        # By then psycopg has prepared what is read.
        for number in range(8):
            write(url, f"heard {number}", course)
            await until(lambda: left(url) == 0)
        refused: list[bool] = []

        def refuse_once() -> None:
            refused.append(True)
            if len(refused) == 1:
                raise NotAcknowledgedError("once")

        store.on_bump = refuse_once
        write(url, "not heard", course)
        await until(lambda: left(url) == 0)
        await renewed(store)
        assert len(refused) == 2
        assert store.epochs == 1


async def test_notes_stay_until_they_were_told(own_university: World) -> None:
    url, course = own_university.database_url, own_university.id("course", "algebra")
    store = RememberedStamps()
    seen: list[int] = []
    store.on_bump = lambda: seen.append(left(url))
    async with reading(url, store):
        await until(lambda: store.is_vouched_for)
        write(url, "told", course)
        await renewed(store)
    assert seen
    assert all(seen)


async def test_there_is_one_reader_and_the_next_begins_anew_where_it_ends(own_university: World) -> None:
    url = own_university.database_url
    first, second = RememberedStamps(), RememberedStamps()
    async with reading(url, first) as leader:
        await until(lambda: leader.is_leading)
        async with reading(url, second) as heir:
            await _succession(url, leader, heir, first, second)


async def _succession(
    url: str, leader: Reader, heir: Reader, first: RememberedStamps, second: RememberedStamps
) -> None:
    for _ in range(3):
        await renewed(first)
        assert (first.epochs, second.epochs, heir.is_leading) == (1, 0, False)
    _end_reader(url)
    await until(lambda: first.epochs + second.epochs == 2)
    await until(lambda: first.is_vouched_for or second.is_vouched_for)
    # Whoever lost its connection learns of it when it next asks.
    await until(lambda: leader.is_leading != heir.is_leading)


def _end_reader(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )


async def test_backlog_is_read_in_parts(own_university: World, monkeypatch: pytest.MonkeyPatch) -> None:
    url, course = own_university.database_url, own_university.id("course", "algebra")
    monkeypatch.setattr("backend.change.reader.BATCH", 3)
    with psycopg.connect(url, autocommit=True) as connection:
        for title in "abcdefgh":
            connection.execute("UPDATE course SET title = %s WHERE id = %s", [title, course])
    store = RememberedStamps()
    async with reading(url, store):
        await until(lambda: store.is_vouched_for)
        assert left(url) == 0
        assert f"course/course:{course}" in store.bumped
