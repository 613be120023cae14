"""Stamps in Redis as those who write know them: deleted, and vouched for. What it is for: `backend.change.store`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import hiredis

from backend.cache.connection import AwayError
from backend.change.store import LEASE, NotAcknowledgedError

if TYPE_CHECKING:
    from collections.abc import Collection

    from backend.access.scope import Stamp
    from backend.cache.connection import Command
    from backend.cache.link import Link, Server
    from backend.cache.names import Names


class RedisStamps:
    """A `StampStore` over one link.

    The epoch of whoever holds the lease lives in their process; it is bound to the server that it was begun on.
    """

    def __init__(self, link: Link, names: Names) -> None:
        self._link = link
        self._names = names
        self._epoch = b""
        self._run_id = b""

    async def begin_epoch(self) -> None:
        """Makes all that is kept invalid."""
        self._epoch = os.urandom(8).hex().encode()
        server, _ = await self._told(("DEL", self._names.lease))
        self._run_id = server.run_id

    async def bump(self, stamps: Collection[Stamp]) -> None:
        """Deletes the stamps; once it returns, no entry that rests on one of them is valid."""
        if stamps:
            await self._told(self._deletion(stamps))

    async def announce(self, stamps: Collection[Stamp]) -> None:
        """The same for whoever wrote; raises also where nobody vouches for what this very server keeps."""
        if not stamps:
            return
        server, (_, lease) = await self._told(self._deletion(stamps), ("GET", self._names.lease))
        if lease is None or not lease.startswith(server.run_id):
            # Whoever vouches for what is kept may be doing so on another server, after a failover.
            raise NotAcknowledgedError("Nobody vouches for what this Redis keeps.")

    def _deletion(self, stamps: Collection[Stamp]) -> Command:
        return ("DEL", *(self._names.stamp(str(stamp)) for stamp in stamps))

    async def clock(self) -> int:
        """The server's own time, in milliseconds."""
        _, ((seconds, microseconds),) = await self._told(("TIME",))
        return int(seconds) * 1000 + int(microseconds) // 1000

    async def renew_lease(self, until: int) -> None:
        """Vouches for what is kept until that time of the server's clock, in milliseconds."""
        server = self._link.server
        if server is None or server.run_id != self._run_id:
            # Another server, or the same one with other data: whatever it has is not what we vouch for.
            await self.begin_epoch()
        await self._told(("SET", self._names.lease, b"%b:%b:%d" % (self._run_id, self._epoch, until), "PXAT", until))

    async def _told(self, *commands: Command) -> tuple[Server, list[Any]]:
        try:
            server, replies = await self._link.insist(commands, LEASE)
        except AwayError as error:
            raise NotAcknowledgedError(str(error)) from error
        for reply in replies:
            if isinstance(reply, hiredis.ReplyError):
                raise NotAcknowledgedError(f"Redis says: {reply}")
        return server, replies
