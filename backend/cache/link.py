"""The way to Redis: kept up, given up for a while when Redis is slow, and made anew when it is lost."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import hiredis

from backend.cache import metrics
from backend.cache.address import resolve
from backend.cache.connection import AwayError, Connection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from backend.cache.address import Address
    from backend.cache.connection import Command

log = logging.getLogger("computor.cache")

BUDGET = 0.05
"""Seconds that a request waits for Redis at most. Then it and all that come do without, until Redis answers."""
_PATIENCE = 1.0
_LONGEST_PAUSE = 1.0
_LARGEST_BACKLOG = 4 * 1024 * 1024
# What a server says that is not, or no longer, the one that holds our keys.
_ELSEWHERE = ("MOVED", "ASK", "READONLY", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "NOAUTH", "NOPERM")


@dataclass(frozen=True, eq=False)
class Server:
    """A server that we are connected to, its run id, and what its clock was when that began, in milliseconds.

    `database` is which of the server's own it is.
    """

    connection: Connection
    run_id: bytes
    database: int
    clock: int


class Link:
    """At most one connection. `key` is any of our keys: all have one hash tag, so that one server holds them all."""

    def __init__(self, url: str, key: bytes) -> None:
        self._url = url
        self._key = key
        self._server: Server | None = None
        self._slow = asyncio.Event()
        self._said_away = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Connects, and keeps connecting, until the block ends. Whether Redis is there makes no difference to it."""
        with suppress(AwayError, OSError, TimeoutError):
            await self._connect()
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping
            if self._server is not None:
                self._server.connection.close()
            metrics.UP.set(0)

    @property
    def server(self) -> Server | None:
        """The server, while it answers in time."""
        return None if self._slow.is_set() else self._server

    async def ask(self, server: Server, *commands: Command) -> list[Any]:
        """The replies, within the budget; errors among them are raised. Raises AwayError."""
        try:
            replies = await server.connection.ask(commands, BUDGET)
        except AwayError:
            self._doubt(server)
            raise
        self._check(server, replies)
        return replies

    async def insist(self, commands: Sequence[Command], seconds: float) -> tuple[Server, list[Any]]:
        """The replies, however slow Redis is, if they come within so many seconds. Raises AwayError."""
        server = self._server
        if server is None:
            raise AwayError("There is no connection to Redis.")
        replies = await server.connection.ask(commands, seconds)
        self._check(server, replies)
        return server, replies

    def tell(self, server: Server, *commands: Command) -> bool:
        """Sends commands whose replies do not matter, unless too much waits already; whether they were sent."""
        if server is not self.server or server.connection.backlog > _LARGEST_BACKLOG:
            return False
        server.connection.tell(commands)
        return True

    def distrust(self, server: Server) -> None:
        """Ends a connection on which an answer was not for its question."""
        log.error("Redis gave an answer to another question; the connection is closed")
        metrics.TROUBLES.labels("mismatch").inc()
        server.connection.close()
        if server is self._server:
            self._server = None

    def _check(self, server: Server, replies: Sequence[Any]) -> None:
        for reply in replies:
            if isinstance(reply, hiredis.ReplyError) and str(reply).startswith(_ELSEWHERE):
                server.connection.close()
                if server is self._server:
                    self._server = None
                raise AwayError(f"Redis says: {reply}")

    def _doubt(self, server: Server) -> None:
        if server is self._server and not self._slow.is_set():
            self._slow.set()
            metrics.UP.set(0)
            metrics.TROUBLES.labels("timeout").inc()

    async def _keep(self) -> None:
        pause = 0.05
        while True:
            if self._server is None:
                try:
                    await self._connect()
                except (AwayError, OSError, TimeoutError) as error:
                    self._say_away(error)
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
                    continue
            pause = 0.05
            await self._watch()

    async def _watch(self) -> None:
        """Returns when the connection is of no use any more."""
        server = self._server
        if server is None:
            return
        while not server.connection.lost.done():
            slow = asyncio.create_task(self._slow.wait())
            lost = asyncio.shield(server.connection.lost)
            try:
                await asyncio.wait((slow, lost), return_when=asyncio.FIRST_COMPLETED)
            finally:
                slow.cancel()
            if self._slow.is_set() and not server.connection.lost.done():
                try:
                    # Behind all that it owes us, so that whoever asks next does not wait for that.
                    now = clock(*await server.connection.ask([("TIME",)], _PATIENCE))
                except AwayError:
                    server.connection.close()
                    break
                if server is not self._server:
                    break
                # What was vouched for before now says nothing of what changed while nobody was heard.
                server = self._server = replace(server, clock=now)
                self._slow.clear()
                metrics.UP.set(1)
        metrics.TROUBLES.labels("lost").inc()
        metrics.UP.set(0)
        self._slow.clear()
        if server is self._server:
            self._server = None

    async def _connect(self) -> None:
        async with asyncio.timeout(_PATIENCE):
            address = await resolve(self._url, self._key, _PATIENCE)
            connection = await _connected(address)
            try:
                self._server = await _greeted(connection, address)
            finally:
                if self._server is None or self._server.connection is not connection:
                    connection.close()
        metrics.UP.set(1)
        if self._said_away:
            log.warning("Redis is back: results are cached")
            self._said_away = False

    def _say_away(self, error: BaseException) -> None:
        if not self._said_away:
            log.warning("Redis is away: results are not cached. %s", error or type(error).__name__)
            self._said_away = True


async def _connected(address: Address) -> Connection:
    loop = asyncio.get_running_loop()
    if address.path is not None:
        return (await loop.create_unix_connection(Connection, address.path))[1]
    return (await loop.create_connection(Connection, address.host, address.port, ssl=address.tls))[1]


async def _greeted(connection: Connection, address: Address) -> Server:
    """Logs in. Raises AwayError where it is no server that may be written to."""
    commands: list[Command] = []
    if address.password is not None:
        commands.append(("AUTH", *([address.username] if address.username else []), address.password))
    if address.database:
        commands.append(("SELECT", str(address.database)))
    commands += [("INFO", "server"), ("INFO", "replication"), ("TIME",)]
    replies = await connection.ask(commands, _PATIENCE)
    for reply in replies:
        if isinstance(reply, hiredis.ReplyError):
            raise AwayError(f"Redis says: {reply}")
    told = _told(replies[-3]) | _told(replies[-2])
    if told.get(b"role") != b"master":
        raise AwayError("This Redis is a replica; stamps are never read from one.")
    return Server(connection, told[b"run_id"], address.database, clock(replies[-1]))


def line_of(replication: bytes) -> bytes:
    """Which line of changes a server's data come from, of what `INFO replication` says: a replica has its master's.

    A replica that becomes a master begins a new one, also where it was a master before, with the same run id.
    """
    return _told(replication).get(b"master_replid", b"")


def clock(told: Sequence[bytes]) -> int:
    """Milliseconds, of what TIME says."""
    seconds, microseconds = told
    return int(seconds) * 1000 + int(microseconds) // 1000


def _told(info: bytes) -> dict[bytes, bytes]:
    return dict(line.split(b":", 1) for line in info.splitlines() if b":" in line)
