"""Connections for reading: psycopg's, spoken to through `psycopg.pq` in pipeline mode, and woken by their sockets."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast
from weakref import WeakValueDictionary

from psycopg import AsyncConnection, DataError, Error, OperationalError, pq
from psycopg.adapt import AdaptersMap, Transformer
from psycopg.types.string import TextLoader
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from backend.plan.received import AnyMomentLoader, JsonLoader
from backend.plan.run import Row

if TYPE_CHECKING:
    from psycopg.abc import PQGen

    from backend.settings import Settings

T = TypeVar("T")

# Timestamps come in UTC and floats in their shortest exact form. Statements here are too short to be worth compiling.
_SESSION = (
    "SET default_transaction_read_only = on; SET default_transaction_isolation = 'repeatable read'; "
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET extra_float_digits = 1; SET jit = off; "
)


# The descriptor of a connection that was lost.
_GONE = -1
# Seconds.
_LOOK_EVERY = 0.5

_BOUNDS_TRANSACTIONS = 170000


@dataclass
class _Adapted:
    """A connection, with other adapters."""

    adapters: AdaptersMap
    connection: Any


class ReadConnection(AsyncConnection[Row]):
    """A connection of the pool, with the names of what it has prepared, and woken by its socket."""

    prepared: set[bytes]
    rows: Any
    descriptor: int | None = None
    waiter: asyncio.Future[None] | None = None
    turn: asyncio.Semaphore | None = None
    watch: asyncio.TimerHandle

    async def ready(self) -> None:
        """Sets the session up; psycopg's pool calls it once."""
        self.prepared = set()
        self.adapters.register_loader("uuid", TextLoader)
        self.adapters.register_loader("jsonb", JsonLoader)
        self.adapters.register_loader("json", JsonLoader)
        self.rows = Transformer.from_context(self)

    def load(self, result: pq.abc.PGresult) -> list[Row]:
        """The rows of a result."""
        self.rows.set_pgresult(result)
        try:
            return cast("list[Row]", self.rows.load_rows(0, result.ntuples, tuple))
        except DataError:
            # Few have moments that Python knows not, so that only they pay for it.
            adapters = AdaptersMap(self.adapters)
            adapters.register_loader("timestamptz", AnyMomentLoader)
            rows = Transformer.from_context(_Adapted(adapters, self))
            rows.set_pgresult(result)
            return cast("list[Row]", rows.load_rows(0, result.ntuples, tuple))

    def attach(self) -> None:
        """From now on, in the pool too, input is read as it comes; until psycopg waits for the socket itself."""
        if self.descriptor is None:
            # Kept, since a connection that is lost no longer knows its socket.
            self.descriptor = self.pgconn.socket
            asyncio.get_running_loop().add_reader(self.descriptor, self._readable)

    def _detach(self) -> None:
        self._leave_socket()
        self.descriptor = None

    def _leave_socket(self) -> None:
        """Once only: the number of a socket that is closed goes to the next one that is opened."""
        if self.descriptor is not None and self.descriptor != _GONE:
            asyncio.get_running_loop().remove_reader(self.descriptor)
            self.descriptor = _GONE

    async def wait(self, gen: PQGen[T], *arguments: Any, **options: Any) -> T:
        """As psycopg waits, alone with the socket."""
        self._detach()
        return await super().wait(gen, *arguments, **options)

    async def close(self) -> None:
        """Closes it, and leaves the socket alone, whose number may soon be another's."""
        self._detach()
        await super().close()

    def was_lost(self, error: Error) -> bool:
        """Whether the error is the end of the connection (class 57P), and not of one statement alone."""
        return self.pgconn.status == pq.ConnStatus.BAD or (error.sqlstate or "").startswith("57P")

    def _readable(self) -> None:
        waiter = self.waiter
        try:
            self.pgconn.consume_input()
            if waiter is not None and not waiter.done() and not self.pgconn.is_busy():
                waiter.set_result(None)
        except OperationalError as error:
            # It counts as attached, so that whoever takes it next finds it lost when they send.
            self._leave_socket()
            if waiter is not None and not waiter.done():
                waiter.set_exception(error)

    def _look_again(self) -> None:
        """Of a socket in error, such as one whose other end went with input unread, uvloop says nothing."""
        self._readable()
        if self.waiter is not None and not self.waiter.done():
            self.watch = asyncio.get_running_loop().call_later(_LOOK_EVERY, self._look_again)

    async def results(self) -> list[pq.abc.PGresult]:
        """The results of all commands up to the next synchronization point."""
        pgconn = self.pgconn
        while pgconn.flush():
            await self._writable()
        results: list[pq.abc.PGresult] = []
        while True:
            if pgconn.is_busy():
                loop = asyncio.get_running_loop()
                self.waiter = loop.create_future()
                self.watch = loop.call_later(_LOOK_EVERY, self._look_again)
                try:
                    await self.waiter
                finally:
                    self.watch.cancel()
                    self.waiter = None
                continue
            result = pgconn.get_result()
            if result is None:
                if pgconn.status == pq.ConnStatus.BAD:
                    raise OperationalError("the connection is lost")
                continue
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                return results
            results.append(result)

    async def _writable(self) -> None:
        loop = asyncio.get_running_loop()
        writable = loop.create_future()
        loop.add_writer(self.pgconn.socket, _settle, writable)
        try:
            await writable
        finally:
            loop.remove_writer(self.pgconn.socket)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


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
