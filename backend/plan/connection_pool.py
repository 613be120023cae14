"""The pool of connections of requests, of which no user gets more than half."""

from __future__ import annotations

import asyncio
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import pq
from psycopg_pool import AsyncConnectionPool

from backend.plan.pipeline_connection import PipelineConnection
from backend.plan.share import Share

if TYPE_CHECKING:
    from backend.settings import Settings

# Timestamps come in UTC and floats in their shortest exact form. Statements here are too short to be worth compiling.
_SESSION = (
    "SET default_transaction_read_only = on; SET default_transaction_isolation = 'repeatable read'; "
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET extra_float_digits = 1; SET jit = off; "
)

_BOUNDS_TRANSACTIONS = 170000
# Seconds.
_AT_HAND = 1.0


class Pool(AsyncConnectionPool[PipelineConnection]):
    """Connections, of which one user gets half at most at a time: nobody's slow requests keep all others waiting.

    Those that came back a moment ago are at hand for whoever comes next, for psycopg's pool takes as long to give one
    and to take it back as a small statement does. Once in a while each goes through it, which sees to their age and
    number; and where somebody waits there, all do.
    """

    def __init__(self, database_url: str, *, kwargs: dict[str, Any], **options: Any) -> None:
        # Each connection that is made looks into it.
        self._session = kwargs
        super().__init__(database_url, connection_class=PipelineConnection, kwargs=kwargs, **options)
        self._keeps_to_primary = False
        self._shares: dict[str, Share] = {}
        self._at_hand: list[PipelineConnection] = []
        self._wanting = 0
        self._returning: asyncio.Task[None] | None = None

    async def getconn(self, timeout: float | None = None) -> PipelineConnection:  # noqa: ASYNC109 - psycopg's
        """A connection. Raises PoolTimeout where none comes free."""
        connection = await self._getconn(timeout)
        while self._keeps_to_primary and connection.pgconn.parameter_status(b"in_hot_standby") == b"on":
            await connection.close()
            await super().putconn(connection)
            connection = await self._getconn(timeout)
        return connection

    def keep_to_primary(self) -> None:
        """From now on gives no connection to a standby, of which a URL with several hosts may name some."""
        self._keeps_to_primary = True
        self._session["target_session_attrs"] = "primary"

    async def _getconn(self, timeout: float | None) -> PipelineConnection:  # noqa: ASYNC109 - psycopg's
        if self._at_hand and not self.closed:
            return self._at_hand.pop()
        self._wanting += 1
        try:
            connection = await super().getconn(timeout)
        finally:
            self._wanting -= 1
        connection.at_hand_until = asyncio.get_running_loop().time() + _AT_HAND
        return connection

    async def putconn(self, conn: PipelineConnection) -> None:
        """Takes a connection back, whatever has become of it."""
        is_fit = conn.pgconn.transaction_status == pq.TransactionStatus.IDLE
        if self.closed or self._wanting or not is_fit or conn.at_hand_until < asyncio.get_running_loop().time():
            await super().putconn(conn)
            return
        self._at_hand.append(conn)
        if self._returning is None:
            # It may go on for long, and keeps nothing of the request that is answered.
            self._returning = asyncio.create_task(self._return(), context=Context())

    async def _return(self) -> None:
        """Has psycopg's pool have back what nobody took."""
        try:
            while self._at_hand:
                await asyncio.sleep(_AT_HAND)
                await self._return_all()
        finally:
            self._returning = None

    async def _return_all(self) -> None:
        while self._at_hand:
            await super().putconn(self._at_hand.pop())

    async def close(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109 - psycopg's
        """Closes all connections."""
        if self._returning is not None:
            self._returning.cancel()
        await super().close(timeout)
        # It closes what it is given from now on.
        await self._return_all()

    async def borrow(self, user: str | None) -> PipelineConnection:
        """A connection, for a user where it is known who asks. Raises PoolTimeout where none comes free."""
        if user is None:
            return await self.getconn()
        share = self._share(user)
        # Nobody waits longer for their own share than for a connection.
        try:
            await share.take(self.timeout)
        except BaseException:
            self._forget_unused(share)
            raise
        try:
            connection = await self.getconn()
        except BaseException:
            self._give(share)
            raise
        connection.share = share
        return connection

    def claim(self, connection: PipelineConnection, user: str) -> bool:
        """Whether a connection, which was nobody's, is the user's now: not where nothing is left of their share."""
        share = self._share(user)
        if not share.left:
            return False
        share.left -= 1
        connection.share = share
        return True

    def _share(self, user: str) -> Share:
        return self._shares.get(user) or self._shares.setdefault(user, Share(user, self._most))

    async def give_back(self, connection: PipelineConnection) -> None:
        """Takes a connection back, into the share of the user that it was for."""
        share, connection.share = connection.share, None
        if share is not None:
            self._give(share)
        await self.putconn(connection)

    def _give(self, share: Share) -> None:
        share.give()
        self._forget_unused(share)

    def _forget_unused(self, share: Share) -> None:
        if share.left == self._most:
            self._shares.pop(share.user, None)

    @property
    def _most(self) -> int:
        return max(1, self.max_size // 2)


@dataclass(frozen=True)
class Timeouts:
    """Seconds until PostgreSQL gives up: a statement, waiting for a lock, and a whole transaction.

    `connection` are those until a request has a connection.
    """

    statement: float
    lock: float
    connection: float
    transaction: float

    @classmethod
    def of(cls, settings: Settings) -> Timeouts:
        """Those that the settings say."""
        return cls(
            settings.statement_timeout, settings.lock_timeout, settings.pool_timeout, settings.transaction_timeout
        )


def make_pool(database_url: str, *, size: int, timeouts: Timeouts, idle: int = 1) -> Pool:
    """A pool, not yet open, which keeps `idle` connections where nobody needs any."""
    limits = f"SET statement_timeout = {_ms(timeouts.statement)}; SET lock_timeout = {_ms(timeouts.lock)}"

    async def configure(connection: PipelineConnection) -> None:
        # Older servers bound a transaction's statements and the pauses between these, not their sum.
        whole = (
            "transaction" if connection.info.server_version >= _BOUNDS_TRANSACTIONS else "idle_in_transaction_session"
        )
        of_transaction = f"; SET {whole}_timeout = {_ms(timeouts.transaction)}"
        await connection.execute(_SESSION + limits + of_transaction)
        await connection.ready()

    return Pool(
        database_url,
        kwargs={"autocommit": True, "prepare_threshold": None},
        configure=configure,
        min_size=idle,
        max_size=size,
        timeout=timeouts.connection,
        # The pool waits for longer and longer between its attempts to connect. Whoever comes once it has given up has
        # it begin anew, so that an outage ends for the gateway soon after it has ended.
        reconnect_timeout=timeouts.connection,
        open=False,
    )


def _ms(seconds: float) -> int:
    """Milliseconds; 0 would be no limit."""
    return max(1, round(seconds * 1000))
