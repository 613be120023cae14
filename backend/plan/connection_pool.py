"""The pool of connections for reading, of which no user gets more than half."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from psycopg_pool import AsyncConnectionPool, PoolTimeout

from backend.plan.read_connection import ReadConnection

if TYPE_CHECKING:
    from backend.settings import Settings

# Timestamps come in UTC and floats in their shortest exact form. Statements here are too short to be worth compiling.
_SESSION = (
    "SET default_transaction_read_only = on; SET default_transaction_isolation = 'repeatable read'; "
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET extra_float_digits = 1; SET jit = off; "
)

_BOUNDS_TRANSACTIONS = 170000


class Pool(AsyncConnectionPool[ReadConnection]):
    """Connections, of which one user gets half at most at a time: nobody's slow requests keep all others waiting."""

    def __init__(self, database_url: str, **options: Any) -> None:
        super().__init__(database_url, connection_class=ReadConnection, **options)
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def borrow(self, user: str | None) -> ReadConnection:
        """A connection, for a user where it is known who asks. Raises PoolTimeout where none comes free."""
        if user is None:
            return await self.getconn()
        turn = self._turns.get(user)
        if turn is None:
            turn = self._turns[user] = asyncio.Semaphore(max(1, self.max_size // 2))
        if turn.locked():
            await self._wait_for(turn)
        else:
            await turn.acquire()
        try:
            connection = await self.getconn()
        except BaseException:
            turn.release()
            raise
        connection.turn = turn
        return connection

    async def _wait_for(self, turn: asyncio.Semaphore) -> None:
        """Whoever waits for their own turn waits no longer than for a connection."""
        try:
            async with asyncio.timeout(self.timeout):
                await turn.acquire()
        except TimeoutError:
            raise PoolTimeout(f"no connection for this user within {self.timeout} s") from None

    async def give_back(self, connection: ReadConnection) -> None:
        """Takes a connection back, whatever has become of it."""
        turn, connection.turn = connection.turn, None
        if turn is not None:
            turn.release()
        await self.putconn(connection)


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


def read_pool(database_url: str, *, size: int, timeouts: Timeouts) -> Pool:
    """A pool for snapshots, not yet open."""
    limits = f"SET statement_timeout = {_ms(timeouts.statement)}; SET lock_timeout = {_ms(timeouts.lock)}"

    async def configure(connection: ReadConnection) -> None:
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
        min_size=1,
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
