"""The connection to Redis that all requests of a process share."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
import redis

from backend.cache.connection import AwayError, Connection
from backend.cache.link import Link
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NAMES = [f"name {number}" for number in range(200)]


async def _connect(url: str) -> Connection:
    path = unquote(urlsplit(url).path)
    return (await asyncio.get_running_loop().create_unix_connection(Connection, path))[1]


@pytest.fixture
async def connection(redis_url: str) -> AsyncIterator[Connection]:
    """A connection to an empty Redis."""
    made = await _connect(redis_url)
    yield made
    made.close()


async def test_replies_come_to_who_asked(connection: Connection) -> None:
    await connection.ask([("SET", name, name) for name in NAMES], 5)
    found = await asyncio.gather(*(connection.ask([("GET", name), ("STRLEN", name)], 5) for name in NAMES))
    assert found == [[name.encode(), len(name)] for name in NAMES]


async def test_a_cancelled_request_gives_up_its_future_and_not_its_place(connection: Connection) -> None:
    await connection.ask([("SET", name, name) for name in NAMES], 5)
    asking = [asyncio.create_task(connection.ask([("GET", name)], 5)) for name in NAMES]
    await asyncio.sleep(0)
    for task in asking[::2]:
        # Its command is sent, its reply is not here yet.
        task.cancel()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert [each for each in found if isinstance(each, list)] == [[name.encode()] for name in NAMES[1::2]]
    assert await connection.ask([("GET", NAMES[0])], 5) == [NAMES[0].encode()]


async def test_a_request_whose_time_is_up_does_not_shift_the_replies_of_others(redis_url: str) -> None:
    connection = await _connect(redis_url)
    (told,) = await connection.ask([("INFO", "server")], 5)
    process = int(next(line.split(b":")[1] for line in told.splitlines() if line.startswith(b"process_id")))
    await connection.ask([("SET", "a", "of a"), ("SET", "b", "of b")], 5)
    os.kill(process, signal.SIGSTOP)
    try:
        with pytest.raises(AwayError):
            await connection.ask([("GET", "a")], 0.05)
        later = asyncio.create_task(connection.ask([("GET", "b")], 5))
        await asyncio.sleep(0)
    finally:
        os.kill(process, signal.SIGCONT)
    assert await later == [b"of b"]
    connection.close()


async def test_whoever_waits_is_told_when_the_connection_is_lost(connection: Connection, redis_url: str) -> None:
    waiting = asyncio.create_task(connection.ask([("BLPOP", "nothing", "0")], 60))
    await asyncio.sleep(0.05)
    with redis.Redis.from_url(redis_url) as other:
        other.client_kill_filter(_type="normal", skipme=True)
    with pytest.raises(AwayError):
        await waiting
    with pytest.raises(AwayError):
        await connection.ask([("PING",)], 5)


async def test_a_link_comes_back_after_its_connection_was_lost(redis_url: str) -> None:
    link = Link(redis_url, b"key")
    async with link.open():
        first = link.server
        assert first is not None
        with redis.Redis.from_url(redis_url) as other:
            other.client_kill_filter(_type="normal", skipme=True)
        await until(lambda: link.server not in (first, None))
        server = link.server
        assert server is not None
        assert await link.ask(server, ("PING",)) == [b"PONG"]
        assert server.run_id == first.run_id


async def test_a_replica_is_refused(redis_url: str) -> None:
    link = Link(redis_url, b"key")
    with redis.Redis.from_url(redis_url) as other:
        other.replicaof("127.0.0.1", "1")
        try:
            async with link.open():
                assert link.server is None
        finally:
            other.replicaof("NO", "ONE")
