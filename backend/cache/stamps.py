"""Stamps in Redis as those who write know them: deleted, and vouched for. What it is for: `backend.change.store`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import hiredis

from backend.access.scope import ALL_CLAIMS, ANY, UNSCOPED, Stamp
from backend.cache.connection import AwayError
from backend.cache.lease import Lease
from backend.cache.link import clock, line_of
from backend.change.store import LEASE, ElsewhereError, NotAcknowledgedError

if TYPE_CHECKING:
    from collections.abc import Collection

    from backend.cache.connection import Command
    from backend.cache.link import Link, Server
    from backend.cache.names import Names

_REPLICATION = ("INFO", "replication")


class RedisStamps:
    """A `StampStore` over one link, by the policies of that version.

    The epoch of whoever holds the lease lives in their process; it is bound to the server that it was begun on.
    """

    def __init__(self, link: Link, names: Names, version: bytes) -> None:
        self._link = link
        self._names = names
        self._version = version
        self._epoch = b""
        self._run_id = b""
        self._line = b""

    async def begin_epoch(self) -> tuple[str, str]:
        """Makes all that is kept invalid; gives the store and our version, and the epoch."""
        self._epoch = os.urandom(8).hex().encode()
        server, (_, replication) = await self._told(("DEL", self._names.lease), _REPLICATION)
        self._run_id, self._line = server.run_id, line_of(replication)
        return f"{self._store(server)} {self._version.decode()}", self._epoch.decode()

    async def bump(self, stamps: Collection[Stamp]) -> None:
        """Deletes the stamps; once it returns, no entry that rests on one of them is valid."""
        if stamps:
            await self._told(self._deletion(stamps))

    async def announce(self, stamps: Collection[Stamp], place: str) -> None:
        """The same for whoever wrote, at that place; raises ElsewhereError where another store is vouched for."""
        store, _, version = place.partition(" ")
        is_ours = version == self._version.decode()
        # Which scopes another version's policies come to is not known here; what it rests on of whole tables is.
        server, _ = await self._told(self._deletion(stamps if is_ours else _wide(stamps)))
        if self._store(server) != store:
            raise ElsewhereError("What is kept may be in another Redis, or under other names.")

    def _store(self, server: Server) -> str:
        """Where on which server stamps are deleted: for that run of it, in which of its databases, by which names."""
        return f"{server.run_id.decode()}/{server.database}/{self._names.tag.decode()}"

    def _deletion(self, stamps: Collection[Stamp]) -> Command:
        return ("DEL", *(self._names.stamp(str(stamp)) for stamp in stamps))

    async def clock(self) -> int:
        """The server's own time, in milliseconds; raises ElsewhereError where it may have been a replica since."""
        _, (replication, told) = await self._told(_REPLICATION, ("TIME",))
        if line_of(replication) != self._line:
            raise ElsewhereError("Redis was another's replica, and may have what that had.")
        return clock(told)

    async def renew_lease(self, until: int) -> None:
        """Vouches for what is kept until that time of the server's clock, in milliseconds."""
        lease = Lease(self._run_id, self._version, self._epoch, until)
        server, _ = await self._told(("SET", self._names.lease, lease.text, "PXAT", until))
        if server.run_id != self._run_id:
            # Whatever it has is not what we vouch for; nor does it take the lease for its own.
            raise ElsewhereError("Redis is another one, or has lost what it had.")

    async def _told(self, *commands: Command) -> tuple[Server, list[Any]]:
        try:
            server, replies = await self._link.insist(commands, LEASE)
        except AwayError as error:
            raise NotAcknowledgedError(str(error)) from error
        for reply in replies:
            if isinstance(reply, hiredis.ReplyError):
                raise NotAcknowledgedError(f"Redis says: {reply}")
        return server, replies


def _wide(stamps: Collection[Stamp]) -> set[Stamp]:
    """What everyone rests on, by whatever policies, who read one of the tables; and what all principals do."""
    tables = {stamp.table for stamp in stamps if stamp.table != ALL_CLAIMS.table}
    return {ALL_CLAIMS, *(Stamp(table, scope) for table in tables for scope in (ANY, UNSCOPED))}
