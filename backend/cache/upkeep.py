"""What an operator asks of the cache, and clears. It looks through all keys of a server, which no request does."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import psycopg

from backend.cache.lease import read_lease
from backend.cache.link import Link
from backend.cache.names import IDENTIFY, Names
from backend.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backend.cache.link import Server

_SECONDS = 10
_AT_ONCE = 1000


def cache_stats(database_url: str, redis_url: str) -> list[str]:
    """Lines that say what is kept of this database, and whether it is used. Raises GatewayError without Redis."""
    return asyncio.run(_stats(redis_url, names_of(database_url)))


def clear_cache(database_url: str, redis_url: str) -> int:
    """Removes the answers that are kept of this database; how many that were. Raises GatewayError without Redis."""
    return asyncio.run(_clear(redis_url, names_of(database_url)))


def names_of(database_url: str) -> Names:
    """The names for that database. Raises GatewayError where it does not say which one it is."""
    with psycopg.connect(database_url) as connection:
        found = connection.execute(IDENTIFY).fetchone()
    if found is None:
        raise GatewayError("The database does not say which one it is.")
    return Names(str(found[0]))


@asynccontextmanager
async def _server(redis_url: str, names: Names) -> AsyncIterator[Server]:
    link = Link(redis_url, names.lease)
    async with link.open():
        if link.server is None:
            raise GatewayError("Redis cannot be reached.")
        yield link.server


async def _keys(server: Server, names: Names) -> AsyncIterator[list[bytes]]:
    """All keys of this database, some at a time."""
    cursor = b"0"
    while True:
        scan = ("SCAN", cursor, "MATCH", b"*" + names.tag + b"*", "COUNT", _AT_ONCE)
        ((cursor, keys),) = await server.connection.ask([scan], _SECONDS)
        yield keys
        if cursor == b"0":
            return


async def _stats(redis_url: str, names: Names) -> list[str]:
    async with _server(redis_url, names) as server:
        kept: Counter[str] = Counter()
        stamps = 0
        async for keys in _keys(server, names):
            for key in keys:
                if names.is_stamp(key):
                    stamps += 1
                elif names.is_answer(key):
                    kept[" ".join(key.decode().split(":")[:2])] += 1
        text, left, memory = await server.connection.ask(
            [("GET", names.lease), ("PTTL", names.lease), ("INFO", "memory")], _SECONDS
        )
    told = dict(line.split(":", 1) for line in memory.decode().splitlines() if ":" in line)
    lease = read_lease(text)
    if lease is not None and lease.run_id != server.run_id:
        lease = None
    return [
        f"in use: {'yes' if lease else 'no, for no gateway reads what changed in the database'}",
        *([f"epoch: {lease.epoch.decode()}, vouched for another {left} ms"] if lease else []),
        (
            f"memory of Redis: {told.get('used_memory_human', '?')} of {told.get('maxmemory_human', '?')}"
            f" ({told.get('maxmemory_policy', '?')})"
        ),
        f"stamps: {stamps}",
        f"answers: {kept.total()}",
        *(f"  {name}: {count}" for name, count in sorted(kept.items())),
    ]


async def _clear(redis_url: str, names: Names) -> int:
    cleared = 0
    async with _server(redis_url, names) as server:
        async for keys in _keys(server, names):
            gone = [key for key in keys if names.clearable(key)]
            if gone:
                await server.connection.ask([("UNLINK", *gone)], _SECONDS)
            cleared += sum(map(names.is_answer, gone))
    return cleared
