"""The reader of changes at work, what it leaves in the database, and what those who write do about it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psycopg

from backend.change import Reader
from tests.support.changes import NOTES, RememberedStamps
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from tests.support.world import World


@asynccontextmanager
async def reading(url: str, store: RememberedStamps) -> AsyncIterator[Reader]:
    """A reader that runs until the block ends."""
    reader = Reader(url, NOTES, store)
    task = asyncio.create_task(reader.run())
    try:
        yield reader
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def renewed(store: RememberedStamps) -> None:
    """Until a lease was renewed by a drain that began after now."""
    before = store.renewals
    await until(lambda: store.renewals >= before + 2)


def put_home(world: World) -> None:
    """Leaves the database as a reader does that told a store such as RememberedStamps."""
    with world.connection.transaction():
        world.connection.execute("DELETE FROM gateway_reader")
        world.connection.execute("INSERT INTO gateway_reader (place) VALUES (%s)", [RememberedStamps().place])


def place_of(url: str) -> str:
    """Where the reader vouches for answers, as writers learn it."""
    with psycopg.connect(url) as connection:
        ((place,),) = connection.execute("SELECT place FROM gateway_reader")
    return str(place)


def left(url: str) -> int:
    """How many notes there are."""
    with psycopg.connect(url) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM gateway_change")
    return int(count)


def write(url: str, title: str, course: str) -> None:
    """Gives a course another title, past the gateways."""
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE course SET title = %s WHERE id = %s", [title, course])


def sleeping(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """For how long announcers sleep, who then need not."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    # The announcer's own: psycopg's pool sleeps through asyncio, too.
    monkeypatch.setattr("backend.change.announce.asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": sleep}))
    return slept


def hold_reader(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """While there is something in the list, the reader does not get to reading; what it vouched for holds meanwhile."""
    held: list[bool] = []
    drain = Reader._drain  # noqa: SLF001 - it is stopped inside

    async def wait(reader: Reader, connection: Any) -> None:
        while held:  # noqa: ASYNC110 - it is let go from another thread
            await asyncio.sleep(0.005)
        await drain(reader, connection)

    monkeypatch.setattr(Reader, "_drain", wait)
    return held
