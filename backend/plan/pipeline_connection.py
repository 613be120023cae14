"""psycopg's connections, spoken to through `psycopg.pq` in pipeline mode, and woken by their sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from psycopg import AsyncConnection, DataError, Error, OperationalError, pq
from psycopg.adapt import AdaptersMap, Transformer
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.types.string import TextLoader

from backend.plan.received import AnyMomentLoader, JsonLoader
from backend.plan.run import Row
from backend.plan.statement import Text

if TYPE_CHECKING:
    from psycopg.abc import PQGen

    from backend.plan.share import Share

T = TypeVar("T")
Command = tuple[Text, Sequence[bytes | None]]

# The descriptor of a connection that was lost.
_GONE = -1
# Seconds.
_LOOK_EVERY = 0.5
_FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED)


@dataclass
class _Adapted:
    """A connection, with other adapters."""

    adapters: AdaptersMap
    connection: Any


class PipelineConnection(AsyncConnection[Row]):
    """A connection that knows what it has prepared, is woken by its socket, and reads rows into what goes into JSON."""

    prepared: set[bytes]
    # The pool's: of whose share it is, and until when whoever comes next may have it at once.
    share: Share | None = None
    at_hand_until: float = 0.0
    # Synchronization points that were sent, and up to which nobody has taken the results.
    due: int = 0
    _rows: Any
    _descriptor: int | None = None
    _waiter: asyncio.Future[None] | None = None
    _watch: asyncio.TimerHandle

    async def ready(self) -> None:
        """Sets it up; whoever connects calls it once."""
        self.prepared = set()
        self.adapters.register_loader("uuid", TextLoader)
        self.adapters.register_loader("jsonb", JsonLoader)
        self.adapters.register_loader("json", JsonLoader)
        self._rows = Transformer.from_context(self)

    def load(self, result: pq.abc.PGresult) -> list[Row]:
        """The rows of a result."""
        self._rows.set_pgresult(result)
        try:
            return cast("list[Row]", self._rows.load_rows(0, result.ntuples, tuple))
        except DataError:
            # Few have moments that Python knows not, so that only they pay for it.
            adapters = AdaptersMap(self.adapters)
            adapters.register_loader("timestamptz", AnyMomentLoader)
            rows = Transformer.from_context(_Adapted(adapters, self))
            rows.set_pgresult(result)
            return cast("list[Row]", rows.load_rows(0, result.ntuples, tuple))

    async def exchange(self, commands: Sequence[Command]) -> list[pq.abc.PGresult]:
        """The result of each command, in one round trip of pipeline mode; statements that have names are prepared once.

        Raises the error of the first that failed.
        """
        if self.due:
            # Theirs would be taken for those of these commands.
            raise OperationalError("nobody waited for the results of the commands before")
        pgconn = self.pgconn
        # By name, the place of the result that says that it was prepared.
        preparing: dict[bytes, int] = {}
        for place, (text, parameters) in enumerate(commands):
            name = text.name
            if name is None:
                pgconn.send_query_params(text.sql, parameters)
                continue
            if name not in self.prepared and name not in preparing:
                preparing[name] = place + len(preparing)
                pgconn.send_prepare(name, text.sql)
            pgconn.send_query_prepared(name, parameters)
        self.sync()
        results = await self.results()
        for place, result in enumerate(results):
            if result.status in _FAILED:
                self.prepared.update(name for name, prepared in preparing.items() if prepared < place)
                raise error_from_result(result, encoding="utf-8")
        if preparing:
            self.prepared.update(preparing)
            places = set(preparing.values())
            results = [result for place, result in enumerate(results) if place not in places]
        return results

    async def ask(self, commands: Sequence[Command]) -> list[list[Row]]:
        """The rows of each command, in one round trip that belongs to no snapshot."""
        self.attach()
        try:
            self.pgconn.enter_pipeline_mode()
            try:
                results = await self.exchange(commands)
            except InvalidSqlStatementName:
                # Where psycopg has prepared statements itself, it has PostgreSQL forget all of them when it rolls back.
                self.prepared.clear()
                results = await self.exchange(commands)
            self.pgconn.exit_pipeline_mode()
        except BaseException:
            # Nobody knows what it is at.
            await self.close()
            raise
        return list(map(self.load, results))

    def attach(self) -> None:
        """From now on, in the pool too, input is read as it comes; until psycopg waits for the socket itself."""
        if self._descriptor is None:
            # Kept, since a connection that is lost no longer knows its socket.
            self._descriptor = self.pgconn.socket
            # The reader stays, and keeps nothing of the request that is answered.
            Context().run(asyncio.get_running_loop().add_reader, self._descriptor, self._readable)

    def _detach(self) -> None:
        self._leave_socket()
        self._descriptor = None

    def _leave_socket(self) -> None:
        """Once only: the number of a socket that is closed goes to the next one that is opened."""
        if self._descriptor is not None and self._descriptor != _GONE:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            self._descriptor = _GONE

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
        waiter = self._waiter
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
        if self._waiter is not None and not self._waiter.done():
            self._watch = asyncio.get_running_loop().call_later(_LOOK_EVERY, self._look_again)

    def sync(self) -> None:
        """Ends the commands that were sent."""
        self.pgconn.pipeline_sync()
        self.due += 1

    async def results(self) -> list[pq.abc.PGresult]:
        """The results of all commands up to the next synchronization point; none where there is no further one."""
        pgconn = self.pgconn
        while pgconn.flush():
            await self._writable()
        results: list[pq.abc.PGresult] = []
        while self.due:
            if pgconn.is_busy():
                loop = asyncio.get_running_loop()
                self._waiter = loop.create_future()
                self._watch = loop.call_later(_LOOK_EVERY, self._look_again)
                try:
                    await self._waiter
                finally:
                    self._watch.cancel()
                    self._waiter = None
                continue
            result = pgconn.get_result()
            if result is None:
                if pgconn.status == pq.ConnStatus.BAD:
                    raise OperationalError("the connection is lost")
                continue
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                self.due -= 1
                break
            results.append(result)
        return results

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
