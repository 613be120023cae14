"""Which epochs are of the database that this process reads."""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import TYPE_CHECKING

import psycopg

from backend.errors import UnavailableError
from backend.plan.snapshot import Snapshot
from backend.plan.statement import Text
from backend.recent import Recent

if TYPE_CHECKING:
    from backend.plan.connection_pool import Pool

_EPOCH = Text(b"SELECT epoch FROM gateway_reader", (), None, frozenset({"gateway_reader"}))
_PAUSE = 1.0
"""Seconds until a database that did not say is asked again."""


class Epochs:
    """The epochs that were met lately: a copy of the database, of the same name, may have a reader over our Redis."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._met: Recent[bytes, bool] = Recent(100)
        self._asking: dict[bytes, asyncio.Task[bool]] = {}
        self._quiet_until = 0.0

    async def is_ours(self, epoch: bytes) -> bool:
        """Whether the database has it, or had it when it was asked; that is once.

        It has an epoch before there is a lease for it, so that one that it has not is another's, or is over.
        """
        known = self._met.get(epoch)
        if known is not None:
            return known
        if asyncio.get_running_loop().time() < self._quiet_until:
            return False
        asking = self._asking.get(epoch)
        if asking is None:
            asking = self._asking[epoch] = asyncio.create_task(self._ask(epoch), context=Context())
            asking.add_done_callback(lambda _: self._asking.pop(epoch))
        # Whoever stops waiting for it stops nobody else's.
        return await asyncio.shield(asking)

    async def _ask(self, epoch: bytes) -> bool:
        try:
            async with Snapshot(self._pool) as snapshot:
                (found,) = await snapshot.fetch([(_EPOCH, ())], last=True)
        except (UnavailableError, psycopg.Error):
            # A standby does not say, either.
            self._quiet_until = asyncio.get_running_loop().time() + _PAUSE
            return False
        is_ours = found == [(epoch.decode(),)]
        if is_ours:
            # What another of the URL's hosts says later may be older than what it is kept with.
            self._pool.keep_to_primary()
        return self._met.put(epoch, is_ours)
