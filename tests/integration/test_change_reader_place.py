"""Where the reader of changes vouches for answers: writers know of it before, and until nothing there is used."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from backend.change import Announcer
from backend.plan.connection_pool import Timeouts, make_pool
from backend.settings import DEFAULTS
from tests.support.change_reader import place_of, reading, sleeping, write
from tests.support.changes import NOTES, RememberedStamps
from tests.support.waiting import until

if TYPE_CHECKING:
    from tests.support.world import World

pytestmark = pytest.mark.usefixtures("at_home")


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
        self.leases.append((place_of(self._url), self._other.is_vouched_for))


async def test_a_reader_with_another_store_vouches_when_the_former_one_no_longer_does(own_university: World) -> None:
    url = own_university.database_url
    first = RememberedStamps()
    async with reading(url, first):
        await until(lambda: first.is_vouched_for)
    second = _Placed(url, first)
    async with reading(url, second):
        seen: list[tuple[str, bool]] = []

        def has_vouched() -> bool:
            seen.append((place_of(url), first.is_vouched_for))
            return bool(second.leases)

        await until(has_vouched)
        # Writers go on telling the former one as long as answers may be taken from it.
        assert ("there", True) not in seen
        assert ("here", True) in seen
    assert set(second.leases) == {("there", False)}


async def test_a_reader_whose_store_is_another_one_now_begins_anew_there(own_university: World) -> None:
    url = own_university.database_url
    store = RememberedStamps()
    async with reading(url, store):
        await until(lambda: store.is_vouched_for)
        end, epochs = store.until, store.epochs
        store.place, store.is_elsewhere = "there", True
        await until(lambda: place_of(url) == "there")
        assert store.epochs == epochs + 1
        # On the former one, of which nobody here knows any more.
        assert time.monotonic_ns() // 1_000_000 > end
        await until(lambda: store.is_vouched_for)


async def test_a_store_that_stays_away_keeps_writers_waiting_until_its_last_lease_has_ended(
    own_university: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, course = own_university.database_url, own_university.id("course", "algebra")
    store = RememberedStamps()
    async with reading(url, store), make_pool(url, size=1, timeouts=Timeouts.of(DEFAULTS)) as pool:
        await until(lambda: store.is_vouched_for)
        store.is_away = True
        await until(lambda: place_of(url) != store.place)
        assert (place_of(url), store.is_vouched_for) == ("", False)
        slept = sleeping(monkeypatch)
        write(url, "nowhere", course)
        await Announcer(pool, NOTES, store).announce()
        assert slept == []
        # What was not told then is told before anything is vouched for, and what was kept before is given up.
        epochs = store.epochs
        store.bumped.clear()
        store.is_away = False
        await until(lambda: store.is_vouched_for)
        assert place_of(url) == store.place
        assert store.epochs == epochs + 1
        assert f"course/course:{course}" in store.bumped
