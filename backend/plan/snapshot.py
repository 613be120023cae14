"""One request's statements, on one connection, in one snapshot, over libpq's pipeline mode.

psycopg's cursors cost more than the rows do, so the read path talks to libpq through `psycopg.pq`, on connections of
psycopg's pool. What that takes: nothing is parsed before BEGIN in one pipeline; a statement counts as prepared only
when its result has come; after an error the pipeline is drained and the transaction rolled back before the connection
goes back; a cancelled request cancels its statement in PostgreSQL, too.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self

from psycopg import Error, OperationalError, errors
from psycopg_pool import PoolTimeout

from backend.access.principal import RESOLVE, principal_from_row, uptime
from backend.errors import UnavailableError
from backend.observe import Exchange, observed
from backend.plan.statement import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.access.principal import Principal
    from backend.plan.connection_pool import Pool
    from backend.plan.pipeline_connection import Command, PipelineConnection
    from backend.plan.run import Row

_RESOLVE = Text(RESOLVE, (), b"principal")
PREPARED_KEPT = 500

READ_ONLY = Text(b"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", (), None)
# Each statement sees what was committed before it, so that what is read behind a lock is what the lock waited for.
READ_WRITE = Text(b"BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE", (), None)
ONE_STATE = Text(b"BEGIN ISOLATION LEVEL REPEATABLE READ, READ WRITE", (), None)
"""Sees one state, and may draw from sequences."""
_COMMIT = Text(b"COMMIT", (), None)
_ROLLBACK = Text(b"ROLLBACK", (), None)
_FORGET = Text(b"DEALLOCATE ALL", (), None)
# Of errors that are the server's business, those that say something of this transaction alone: it has a value that is
# too long for an index; or, where it writes, it collided (class 40), or did not get a lock (class 55).
_ITS_OWN = ("54000",)
_ITS_OWN_WRITING = (*_ITS_OWN, "40", "55")
# PostgreSQL ends the connection with the transaction.
_TOO_LONG = (errors.TransactionTimeout, errors.IdleInTransactionSessionTimeout)


class PrincipalChangedError(Exception):
    """The caller is not, or no longer, who they were taken for; `principal` is who they are, None for nobody."""

    def __init__(self, principal: Principal | None) -> None:
        super().__init__()
        self.principal = principal


class Snapshot:
    """Reads that see one state of the database. The connection is taken when the first of them is made.

    Begun with `READ_WRITE` it is a transaction that may write, and whose statements each see the newest state.
    `credential` is the hash of the caller's token, `known` who that was when last asked.
    """

    def __init__(
        self,
        pool: Pool,
        credential: bytes | None = None,
        known: Principal | None = None,
        begin: Text = READ_ONLY,
    ) -> None:
        self._begin = begin
        self._pool = pool
        self._credential = credential
        self._known = known
        self._verified = credential is None
        self._trusted = False
        self._connection: PipelineConnection | None = None
        self._begun = False
        self._broken = False
        self._ended = False
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Nothing is taken before the first read."""
        return self

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Closes it, and abandons it when the request is cancelled, or a task of its own that read.

        Tasks that go on get no connection any more, which nobody would give back.
        """
        self._ended = True
        if isinstance(error, asyncio.CancelledError) or self._is_underway:
            _background(self.abandon())
            return
        try:
            await self.close()
        except asyncio.CancelledError:
            _background(self.abandon())
            raise

    @property
    def _is_underway(self) -> bool:
        return self._turn.locked() or (self._connection is not None and self._connection.due > 0)

    async def fetch(self, commands: Sequence[Command], *, last: bool) -> list[list[Row]]:
        """The rows of each command, in one round trip. `last` says that no other read will follow.

        The first of them asks again who the caller is. Raises PrincipalChangedError where that is no longer the
        principal for whom the commands were made, UnavailableError where the database cannot be reached or took too
        long, and psycopg's own errors where a statement is refused.
        """
        async with self._turn:
            if self._verified:
                return await self._send(commands, last=last)
            resolve: Command = (_RESOLVE, [rb"\x" + (self._credential or b"").hex().encode()])
            asked = uptime()
            found, *results = await self._send([resolve, *commands], last=last)
            if not found:
                raise PrincipalChangedError(None)
            *evidence, left = found[0]
            if self._known is None or tuple(evidence) != self._known.evidence:
                raise PrincipalChangedError(principal_from_row(evidence, asked + float(left)))
            self._verified = True
            return results

    def doubt(self) -> None:
        """Has the next read ask again who the caller is."""
        self._verified = self._credential is None

    def trust(self) -> None:
        """Spares the question who the caller is where nothing is read: rows are of one state with who reads them."""
        self._trusted = True

    @property
    def sees_one_state(self) -> bool:
        """Whether all that is read sees the same state of the database."""
        return self._begin is READ_ONLY

    @property
    def begun(self) -> bool:
        """Whether anything was read, or is being read, that what follows belongs to."""
        return self._begun

    @property
    def known(self) -> Principal | None:
        """Who the caller was when last asked for; None for nobody."""
        return self._known

    @property
    def is_nobody(self) -> bool:
        """Whether the caller was asked for, and found to be nobody any more."""
        return self._verified and self._credential is not None and self._known is None

    async def verify(self) -> None:
        """Asks whether the caller is still who they were taken for, unless that was asked. Raises as `fetch` does."""
        if not (self._verified or self._trusted):
            await self.fetch([], last=True)

    async def identify(self) -> Principal | None:
        """The principal of the credential; None where it does not hold."""
        try:
            await self.fetch([], last=False)
        except PrincipalChangedError as changed:
            self._known = changed.principal
            self._verified = True
        return self._known

    async def introduce(self) -> Principal | None:
        """As `identify`, of a credential that was not known. From then on the principal reads over their share.

        Where nothing is left of that, the connection goes back, so that nobody waits while they have one: what is read
        after the wait is of another state, and asks again.
        """
        principal = await self.identify()
        connection = self._connection
        if principal is not None and connection is not None and not self._pool.claim(connection, principal.user_id):
            await self.close()
            self.doubt()
        return principal

    async def _send(self, commands: Sequence[Command], *, last: bool) -> list[list[Row]]:
        lost = 0
        while True:
            if self._ended:
                raise UnavailableError("The request has ended.")
            connection = self._connection or await self._take()
            started = perf_counter()
            try:
                results = await self._exchange(connection, commands, last=last)
            except (OperationalError, *_TOO_LONG) as error:
                if (error.sqlstate or "").startswith(_ITS_OWN if self.sees_one_state else _ITS_OWN_WRITING):
                    raise
                # Connections that lay in the pool may have been ended there, all of them.
                if not connection.was_lost(error) or self._begun or lost > self._pool.max_size:
                    raise UnavailableError("The database cannot be reached, or took too long; try again.") from error
                lost += 1
                await self._discard()
            else:
                _note(started, commands, results)
                return results

    async def _take(self) -> PipelineConnection:
        started = perf_counter()
        try:
            connection = await self._pool.borrow(self._known.user_id if self._known else None)
            if len(connection.prepared) > PREPARED_KEPT:
                await self._forget(connection)
        except (PoolTimeout, OperationalError) as error:
            raise UnavailableError("The database cannot be reached; try again.") from error
        finally:
            observation = observed()
            if observation is not None:
                observation.waited += perf_counter() - started
        self._connection = connection
        connection.attach()
        connection.pgconn.enter_pipeline_mode()
        return connection

    async def _forget(self, connection: PipelineConnection) -> None:
        """Has it forget what it has prepared; where that ends early, nobody knows what it is at, and it is closed."""
        try:
            await connection.execute("DEALLOCATE ALL")
        except BaseException:
            await connection.close()
            await self._pool.give_back(connection)
            raise
        connection.prepared.clear()

    async def _discard(self) -> None:
        """Takes leave of a connection that is lost; the next read takes another."""
        connection, self._connection = self._connection, None
        self._broken = False
        if connection is not None:
            await connection.close()
            await self._pool.give_back(connection)

    async def _exchange(
        self, connection: PipelineConnection, commands: Sequence[Command], *, last: bool
    ) -> list[list[Row]]:
        # What is read in one round trip is a transaction by itself, and of the session's kind: it sees one state.
        framed = self._begun or not last or self._begin is not READ_ONLY
        before: list[Command] = [(self._begin, ())] if framed and not self._begun else []
        after: list[Command] = [(_COMMIT, ())] if framed and last else []
        try:
            results = await connection.exchange([*before, *commands, *after])
        except Error:
            self._broken = True
            raise
        self._begun = not last
        return list(map(connection.load, results[len(before) : len(before) + len(commands)]))

    async def close(self) -> None:
        """Ends the snapshot; the connection goes back to the pool, fit to be used or closed."""
        connection = self._connection
        if connection is None:
            return
        try:
            if self._begun or self._broken:
                await connection.exchange([(_ROLLBACK, ())])
            connection.pgconn.exit_pipeline_mode()
        except (Error, OSError):
            await connection.close()
        self._begun = self._broken = False
        self._connection = None
        await self._pool.give_back(connection)

    async def abandon(self) -> None:
        """Ends the snapshot while a statement may still run: that is cancelled in PostgreSQL first."""
        connection = self._connection
        if connection is not None and connection.due:
            try:
                await connection.cancel_safe(timeout=2)
            except (OperationalError, OSError):
                await connection.close()
        # Whoever else waits for the statement has the turn until it has ended, and may have another connection by then.
        async with self._turn:
            if self._connection is not None:
                await self._clear(self._connection)
                await self.close()

    async def _clear(self, connection: PipelineConnection) -> None:
        try:
            async with asyncio.timeout(4):
                while connection.due:
                    await connection.results()
                # Nobody has seen which statements were prepared before the end.
                connection.prepared.clear()
                await connection.exchange([(_ROLLBACK, ()), (_FORGET, ())])
        except (Error, OSError, TimeoutError):
            await connection.close()
        self._begun = self._broken = False


def _note(started: float, commands: Sequence[Command], results: Sequence[Sequence[Row]]) -> None:
    observation = observed()
    if observation is not None:
        statements = [text.sql for text, _ in commands]
        observation.exchanges.append(Exchange(started, perf_counter(), statements, list(map(len, results))))


_running: set[asyncio.Task[None]] = set()


def _background(work: Any) -> None:
    task = asyncio.get_running_loop().create_task(work)
    _running.add(task)
    task.add_done_callback(_running.discard)
