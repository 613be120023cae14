"""Who gets a connection, and when: users among each other, and connections that came back a moment ago."""

from __future__ import annotations

import asyncio
import gc
from contextvars import ContextVar
from typing import TYPE_CHECKING
from weakref import ReferenceType, ref

import psycopg
import pytest
from psycopg_pool import PoolClosed, PoolTimeout

from backend.plan import connection_pool
from backend.plan.connection_pool import Timeouts, make_pool
from tests.support.waiting import until

if TYPE_CHECKING:
    from backend.plan.connection_pool import Pool
    from tests.support.world import World


def _pool(world: World, *, size: int, wait: float = 5) -> Pool:
    return make_pool(world.database_url, size=size, timeouts=Timeouts(5, 5, wait, 5))


async def test_user_waits_for_their_own_turn_while_others_are_served(own_world: World) -> None:
    async with _pool(own_world, size=4) as pool:
        first, second = [await pool.borrow("ada") for _ in range(2)]
        waiting = [asyncio.create_task(pool.borrow("ada")) for _ in range(2)]
        other = await pool.borrow("tom")
        assert not any(task.done() for task in waiting)
        await pool.give_back(first)
        third = await waiting[0]
        assert not waiting[1].done()
        for each in (second, third, other):
            await pool.give_back(each)
        await pool.give_back(await waiting[1])


async def test_connection_that_was_nobodys_counts_for_whoever_it_is_for(own_world: World) -> None:
    async with _pool(own_world, size=2) as pool:
        first, second = [await pool.borrow(None) for _ in range(2)]
        assert pool.claim(first, "ada")
        assert not pool.claim(second, "ada")
        await pool.give_back(first)
        assert pool.claim(second, "ada")
        waiting = asyncio.create_task(pool.borrow("ada"))
        await asyncio.sleep(0)
        await pool.give_back(second)
        await pool.give_back(await waiting)


async def test_wait_for_a_turn_ends_with_an_error(own_world: World) -> None:
    async with _pool(own_world, size=4, wait=0.05) as pool:
        held = [await pool.borrow("ada") for _ in range(2)]
        with pytest.raises(PoolTimeout):
            await pool.borrow("ada")
        for each in held:
            await pool.give_back(each)
        await pool.give_back(await pool.borrow("ada"))


@pytest.mark.parametrize("is_given", [False, True])
async def test_turn_of_a_request_that_is_cancelled_goes_to_the_next(own_world: World, is_given: bool) -> None:  # noqa: FBT001 - one of two moments
    async with _pool(own_world, size=2) as pool:
        held = await pool.borrow("ada")
        cancelled, waiting = (asyncio.create_task(pool.borrow("ada")) for _ in range(2))
        await asyncio.sleep(0)
        if is_given:
            await pool.give_back(held)
        cancelled.cancel()
        if not is_given:
            await pool.give_back(held)
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        await pool.give_back(await waiting)


async def test_connection_that_came_back_goes_to_whoever_waits_for_any(own_world: World) -> None:
    async with _pool(own_world, size=1) as pool:
        held = await pool.borrow("ada")
        waiting = asyncio.create_task(pool.borrow("tom"))
        await asyncio.sleep(0.01)
        await pool.give_back(held)
        given = await waiting
        assert given.pgconn.backend_pid == held.pgconn.backend_pid
        await pool.give_back(given)


async def test_connections_that_nobody_takes_are_psycopgs_again(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_pool, "_AT_HAND", 0.01)
    async with _pool(own_world, size=1) as pool:
        await pool.give_back(await pool.borrow("ada"))
        assert pool.get_stats()["pool_available"] == 0
        await until(lambda: bool(pool.get_stats()["pool_available"]))


async def test_connection_that_is_in_use_all_the_time_goes_through_psycopgs_pool_all_the_same(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_pool, "_AT_HAND", 0.01)
    async with _pool(own_world, size=1) as pool:

        async def use() -> None:
            while pool.get_stats().get("requests_num", 0) < 5:
                connection = await pool.borrow("ada")
                await asyncio.sleep(0.002)
                await pool.give_back(connection)

        using = asyncio.create_task(use())
        await until(using.done)
        await using


async def test_lost_connection_is_not_given_to_the_next(own_world: World) -> None:
    async with _pool(own_world, size=1) as pool:
        connection = await pool.borrow("ada")
        own_world.connection.execute("SELECT pg_terminate_backend(%s)", [connection.pgconn.backend_pid])
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("SELECT 1")
        await pool.give_back(connection)
        following = await pool.borrow("ada")
        await following.execute("SELECT 1")
        await pool.give_back(following)


async def test_closed_pool_leaves_no_connection(own_world: World) -> None:
    async with _pool(own_world, size=2) as pool:
        connection = await pool.borrow("ada")
        pid = connection.pgconn.backend_pid
        await pool.give_back(connection)
    ended = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)"
    await until(lambda: own_world.connection.execute(ended, [pid]).fetchone() == (True,))


async def test_nothing_is_kept_of_the_request_that_had_a_connection(own_world: World) -> None:
    answering: ContextVar[object] = ContextVar("answering")

    class Request:
        pass

    async def answer() -> ReferenceType[Request]:
        request = Request()
        answering.set(request)
        connection = await pool.borrow("ada")
        connection.attach()
        await pool.give_back(connection)
        return ref(request)

    async with _pool(own_world, size=1) as pool:
        answered = await asyncio.create_task(answer())
        # The loop knows the task until then.
        await asyncio.sleep(0)
        gc.collect()
        assert answered() is None


async def test_connection_that_comes_back_to_a_closed_pool_is_closed(own_world: World) -> None:
    async with _pool(own_world, size=2) as pool:
        connection = await pool.borrow("ada")
    await pool.give_back(connection)
    assert connection.closed
    with pytest.raises(PoolClosed):
        await pool.borrow("ada")
