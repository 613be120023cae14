"""Who wrote is answered when no answer from before is given any more: it was told, or its time is up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from backend.change import OUTLASTED, Announcer
from backend.plan.connection_pool import Timeouts, make_pool
from backend.plan.statement import Text
from backend.settings import DEFAULTS
from tests.support.change_reader import left, sleeping, write
from tests.support.changes import NOTES, RememberedStamps

if TYPE_CHECKING:
    from tests.support.world import World

pytestmark = pytest.mark.usefixtures("at_home")


async def test_writer_is_answered_after_the_store_was_told(own_university: World) -> None:
    url, course = own_university.database_url, own_university.id("course", "algebra")
    store = RememberedStamps()
    pool = make_pool(url, size=1, timeouts=Timeouts.of(DEFAULTS))
    async with pool:
        announcer = Announcer(pool, NOTES, store)
        write(url, "announced", course)
        await announcer.announce()
        assert store.announced >= {"course/any", f"course/course:{course}"}
        # The notes are the reader's to take.
        assert left(url) > 0


async def test_row_that_others_moved_meanwhile_is_found_where_it_is(own_university: World) -> None:
    """What leads to the row that was written is not what it was when it was written."""
    url = own_university.database_url
    group, to = own_university.id("course_submission_group", "dan alone"), own_university.id("course", "geometry")
    store = RememberedStamps()
    pool = make_pool(url, size=1, timeouts=Timeouts.of(DEFAULTS))
    async with pool:
        with psycopg.connect(url) as own, psycopg.connect(url) as other:
            own.execute(
                "INSERT INTO course_submission_group_grading"
                " (course_submission_group_id, graded_by_course_member_id, grading) VALUES (%s, %s, 1)",
                [group, own_university.id("course_member", "mia@geometry")],
            )
            other.execute("UPDATE course_submission_group SET course_id = %s WHERE id = %s", [to, group])
            other.commit()
        await Announcer(pool, NOTES, store).announce()
    assert f"course_submission_group_grading/course:{to}" in store.announced


async def test_writer_has_nobody_to_tell_and_nothing_to_wait_for_before_anything_was_vouched_for(
    own_university: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, course = own_university.database_url, own_university.id("course", "algebra")
    own_university.connection.execute("UPDATE gateway_reader SET place = ''")
    slept = sleeping(monkeypatch)
    store = RememberedStamps()
    store.is_away = True
    write(url, "nobody", course)
    pool = make_pool(url, size=1, timeouts=Timeouts.of(DEFAULTS))
    async with pool:
        await Announcer(pool, NOTES, store).announce()
    assert slept == []


@pytest.mark.parametrize("place", ["there", None])
async def test_writer_who_reaches_another_store_than_is_vouched_for_waits(
    own_university: World, place: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, course = own_university.database_url, own_university.id("course", "algebra")
    with own_university.connection.transaction():
        own_university.connection.execute("DELETE FROM gateway_reader")
        if place is not None:
            own_university.connection.execute("INSERT INTO gateway_reader (place) VALUES (%s)", [place])
    slept = sleeping(monkeypatch)
    write(url, "elsewhere", course)
    pool = make_pool(url, size=1, timeouts=Timeouts.of(DEFAULTS))
    async with pool:
        await Announcer(pool, NOTES, RememberedStamps()).announce()
    (seconds,) = slept
    assert 0 < seconds <= OUTLASTED


@pytest.mark.parametrize("away", ["the store", "the database", "the reader"])
async def test_writer_whose_change_cannot_be_told_waits_for_the_lease(
    own_university: World, away: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, course = own_university.database_url, own_university.id("course", "algebra")
    slept = sleeping(monkeypatch)
    store = RememberedStamps()
    store.is_away = away == "the store"
    write(url, "a", course)
    if away == "the reader":
        monkeypatch.setattr("backend.change.announce.MOST_PENDING", 0)
    pool = make_pool(url, size=1, timeouts=Timeouts.of(DEFAULTS))
    async with pool:
        if away == "the database":
            monkeypatch.setattr("backend.change.announce._PENDING", Text(b"SELECT 1 FROM nowhere", (), None))
        await Announcer(pool, NOTES, store).announce()
    (seconds,) = slept
    assert 0 < seconds <= OUTLASTED
    assert store.announced == set()
