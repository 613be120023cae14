"""What one request reads is one state of the database, in however many statements and round trips it is read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backend.errors import UnavailableError
from backend.plan.connection_pool import Timeouts, make_pool
from backend.plan.pipeline_connection import PipelineConnection
from backend.plan.snapshot import PREPARED_KEPT, Snapshot
from backend.plan.statement import Text
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from backend.plan.connection_pool import Pool
    from backend.plan.run import Row
    from tests.support.world import World

_TIMEOUTS = Timeouts(statement=20, lock=20, connection=20, transaction=20)
_LOCK = 20_251
_WAIT = (Text(b"SELECT pg_advisory_xact_lock(%d)" % _LOCK, (), None), ())
_SLEEP = (Text(b"SELECT pg_sleep(15)", (), None), ())
_COUNT = (Text(b"SELECT count(*) FROM organization", (), None), ())
_WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"


async def _counted(url: str, round_trips: int) -> int:
    """How many rows a snapshot counts that began before one was added."""
    commands = [[_WAIT, _COUNT]] if round_trips == 1 else [[_WAIT], [_COUNT]]
    pool = make_pool(url, size=2, timeouts=_TIMEOUTS)
    with psycopg.connect(url, autocommit=True) as writer:
        async with pool:
            writer.execute("SELECT pg_advisory_lock(%s)", [_LOCK])

            async def read() -> int:
                async with Snapshot(pool, None, None) as snapshot:
                    for commands_of_one in commands[:-1]:
                        await snapshot.fetch(commands_of_one, last=False)
                    *_, ((count,),) = await snapshot.fetch(commands[-1], last=True)
                    return int(count)

            reading = asyncio.create_task(read())
            await until(lambda: writer.execute(_WAITING, [_LOCK]).fetchone() == (1,))
            writer.execute(
                "INSERT INTO organization (title, path, organization_type) VALUES ('New', 'new', 'organization')"
            )
            writer.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
            counted = await reading
            writer.execute("DELETE FROM organization WHERE path = 'new'")
            return counted


@pytest.mark.parametrize("round_trips", [1, 2])
def test_all_statements_see_one_state(own_world: World, round_trips: int) -> None:
    own_world.organization("uni")
    before = own_world.connection.execute("SELECT count(*) FROM organization").fetchone()
    assert before is not None
    counted = asyncio.run(_counted(own_world.database_url, round_trips))
    assert counted == before[0]


@pytest.mark.parametrize("last", [True, False])
def test_nothing_can_be_written_by_reading(own_world: World, last: bool) -> None:  # noqa: FBT001 - one of its two ways
    async def write() -> None:
        async with (
            make_pool(own_world.database_url, size=1, timeouts=_TIMEOUTS) as pool,
            Snapshot(pool, None, None) as snapshot,
        ):
            await snapshot.fetch([(Text(b"DELETE FROM organization", (), None), ())], last=last)

    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        asyncio.run(write())


def test_request_that_is_cancelled_while_statements_are_forgotten_holds_nothing_up(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = PipelineConnection.execute

    async def interrupted() -> None:
        begun = asyncio.Event()

        async def forget(self: PipelineConnection, query: Any) -> Any:
            if query == "DEALLOCATE ALL" and not begun.is_set():
                begun.set()
                await asyncio.Event().wait()
            return await execute(self, query)

        monkeypatch.setattr(PipelineConnection, "execute", forget)

        async def count() -> None:
            async with Snapshot(pool, None, None) as snapshot:
                await snapshot.fetch([_COUNT], last=True)

        async with make_pool(own_world.database_url, size=1, timeouts=_TIMEOUTS) as pool:
            connection = await pool.borrow(None)
            connection.prepared = {b"%d" % number for number in range(PREPARED_KEPT + 1)}
            await pool.give_back(connection)
            reading = asyncio.create_task(count())
            await begun.wait()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            await count()

    asyncio.run(interrupted())


async def _ended(work: Coroutine[Any, Any, object], begun: asyncio.Event) -> None:
    task = asyncio.create_task(work)
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_request_that_is_cancelled_between_two_reads_gives_its_connection_back(own_world: World) -> None:
    begun = asyncio.Event()

    async def think() -> None:
        async with Snapshot(pool) as snapshot:
            await snapshot.fetch([_COUNT], last=False)
            begun.set()
            await asyncio.Event().wait()

    async with _one_connection(own_world) as pool:
        await _ended(think(), begun)
        await _count(pool)


async def test_request_that_is_cancelled_while_it_is_rolled_back_gives_its_connection_back(own_world: World) -> None:
    begun = asyncio.Event()

    async def leave() -> None:
        async with Snapshot(pool) as snapshot:
            await snapshot.fetch([_COUNT], last=False)
            begun.set()

    async with _one_connection(own_world) as pool:
        await _ended(leave(), begun)
        await _count(pool)


@pytest.mark.parametrize("is_cancelled", [True, False])
async def test_task_that_outlives_its_request_holds_no_connection(own_world: World, is_cancelled: bool) -> None:  # noqa: FBT001 - one of two ends
    begun = asyncio.Event()
    others: list[asyncio.Task[list[list[Row]]]] = []

    async def leave() -> None:
        async with Snapshot(pool) as snapshot:
            others.extend(asyncio.create_task(snapshot.fetch(command, last=False)) for command in ([_SLEEP], [_COUNT]))
            await asyncio.sleep(0.05)
            begun.set()
            await asyncio.sleep(60 if is_cancelled else 0)

    async with _one_connection(own_world) as pool:
        if is_cancelled:
            await _ended(leave(), begun)
        else:
            await leave()
        ends = await asyncio.gather(*others, return_exceptions=True)
        assert list(map(type, ends)) == [UnavailableError, UnavailableError]
        await _count(pool)


async def test_no_read_is_given_the_rows_of_one_that_was_cancelled(own_world: World) -> None:
    async with _one_connection(own_world) as pool:
        async with Snapshot(pool) as snapshot:
            await snapshot.fetch([_COUNT], last=False)
            task = asyncio.create_task(snapshot.fetch([(Text(b"SELECT 'other'", (), b"other"), ())], last=False))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            with pytest.raises(UnavailableError):
                await snapshot.fetch([_COUNT], last=False)
        await _count(pool)
        async with Snapshot(pool) as snapshot:
            assert await snapshot.fetch([(Text(b"SELECT 'other'", (), b"other"), ())], last=True) == [[("other",)]]


def _one_connection(world: World) -> Pool:
    return make_pool(world.database_url, size=1, timeouts=Timeouts(statement=20, lock=20, connection=2, transaction=20))


async def _count(pool: Pool) -> None:
    async with Snapshot(pool) as snapshot:
        await snapshot.fetch([_COUNT], last=True)
