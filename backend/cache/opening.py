"""The cache of one process, opened over one database and one Redis."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.access.scope import ANY, Scopes, Stamp
from backend.cache.answers import Answers
from backend.cache.epochs import Epochs
from backend.cache.link import Link
from backend.cache.names import IDENTIFY, Names
from backend.cache.recall import Cache, Lifetimes
from backend.cache.stamps import RedisStamps
from backend.change import Announcer, Notes, Reader
from backend.interface.entity import policies

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backend.access.principal import Principal
    from backend.cache.shared import Shared
    from backend.interface.entity import Catalog
    from backend.plan.connection_pool import Pool


@dataclass(frozen=True)
class OpenCache:
    """What is kept for readers, the stamps that changes delete, and whom writers tell."""

    cache: Cache
    stamps: RedisStamps
    announcer: Announcer


@asynccontextmanager
async def open_cache(
    url: str, shared: Shared, pool: Pool, catalog: Catalog, version: bytes, origin: bytes
) -> AsyncIterator[OpenCache]:
    """Keeps a connection to that Redis until the block ends.

    Redis need not be there: nothing is cached then, and the log says so once. Nor is anything while the database is a
    standby, which hears too late of what was written. `shared` gets the database's names.
    """
    async with pool.connection() as connection:
        ((database,),) = await (await connection.execute(IDENTIFY)).fetchall()
    names = shared.names = Names(str(database))
    link = Link(url, names.lease)
    scopes = Scopes(policies(entity.interface for entity in catalog.values()))

    def rests_on(tables: frozenset[str], principal: Principal) -> frozenset[str]:
        return frozenset(map(str, scopes.rests_on(tables, principal)))

    seconds = {entity.model.__tablename__: entity.interface.cache_ttl for entity in catalog.values()}
    answers = Answers(link, names, version, origin, Epochs(pool).is_ours)
    cache = Cache(answers, Lifetimes(seconds), rests_on, lambda table: str(Stamp(table, ANY)))
    stamps, notes = RedisStamps(link, names, version), Notes(scopes)
    async with link.open():
        reading = asyncio.create_task(Reader(str(pool.conninfo), notes, stamps).run())
        try:
            yield OpenCache(cache, stamps, Announcer(pool, notes, stamps))
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
