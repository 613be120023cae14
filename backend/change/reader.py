"""The one reader of changes among all processes, whoever made them: it tells a store, and vouches for what that keeps.

Rules: docs/caching.md.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import AsyncRawCursor

from backend.change.change import stamps_of
from backend.change.install import INSTALLED, IS_KEPT_RIGHTLY, SCHEMA, STANDING, lacking
from backend.change.store import LEASE, OUTLASTED, ElsewhereError, NotAcknowledgedError
from backend.plan.pipeline_connection import PipelineConnection
from backend.plan.statement import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.change.notes import Ask, Notes
    from backend.change.store import StampStore
    from backend.plan.run import Row

log = logging.getLogger("computor")

POLL = 0.02
"""Seconds between two looks at the table of changes."""
RENEWALS = 4
"""How often a lease is renewed in its time."""
ELECTION = 0.5
"""Seconds until whoever does not lead tries again."""
BATCH = 5000
PAUSE = 0.1
"""Seconds until a store that does not answer is asked again."""
_LOCK = 0x67617465_6368
_NOTHING = "1:1:"
_NOWHERE = ""

_SILENCE = 2
_SETTINGS = {
    # What is noted is lost with the server anyway.
    "synchronous_commit": "off",
    # A plan is kept from when the table was small.
    "enable_seqscan": "off",
    "jit": "off",
    "tcp_keepalives_idle": str(_SILENCE),
    "tcp_keepalives_interval": str(_SILENCE),
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": str(3 * _SILENCE * 1000),
}
_SET = "SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS setting (name, value)"
# What the last look did not see, and nothing else: however long another transaction takes, what was read is not read
# again. `xid = ANY` are those that were underway then.
_NEW = "(xid >= pg_snapshot_xmax($1::pg_snapshot) OR xid = ANY (ARRAY(SELECT pg_snapshot_xip($1::pg_snapshot))))"
_LOOK = Text(
    f"SELECT pg_current_snapshot()::text, EXISTS (SELECT FROM gateway_change WHERE {_NEW})".encode(),  # noqa: S608 - of constants
    (),
    b"look",
)
_TAKE = f"""
    DELETE FROM gateway_change WHERE ctid = ANY (ARRAY(SELECT ctid FROM gateway_change WHERE {_NEW} LIMIT {BATCH}))
    RETURNING table_name, layout, columns, keys, users, everyone
"""  # noqa: S608 - of constants
# Neither a look nor a note says that the database is another one, or that nothing was noted for a while.
_STANDS = Text(f"SELECT (SELECT epoch FROM gateway_reader), ({STANDING})".encode(), (), b"stands")  # noqa: S608 - of constants
_PLACE = "SELECT place FROM gateway_reader"
_TAKE_PLACE = """
    INSERT INTO gateway_reader (place, epoch) VALUES ($1, $2)
    ON CONFLICT (is_only) DO UPDATE SET place = excluded.place, epoch = excluded.epoch
"""
_MARK = "SELECT setval('gateway_change_read', pg_snapshot_xmin($1::pg_snapshot)::text::bigint)"


class UnfitDatabaseError(Exception):
    """Changes of this database cannot be read, so that nothing may be kept; the text says why."""


class Reader:
    """Tells a store what changed while it leads, and waits for the leader's end while another does."""

    def __init__(self, database_url: str, notes: Notes, store: StampStore) -> None:
        self._database_url = database_url
        self._notes = notes
        self._store = store
        self._seen = _NOTHING
        self._epoch, self._standing = "", ""
        self.is_leading = False

    async def run(self) -> None:
        """Reads until it is cancelled. Whatever goes wrong ends what is kept, and is tried again."""
        said = ""
        while True:
            try:
                async with await self._connect() as connection:
                    await self._lead(connection)
            except (psycopg.Error, UnfitDatabaseError) as error:
                # It may stay so for long.
                if str(error) != said:
                    said = str(error)
                    log.warning("changes cannot be read, and nothing is kept: %s", said)
            finally:
                self.is_leading = False
            await asyncio.sleep(ELECTION)

    async def _connect(self) -> PipelineConnection:
        connection = await PipelineConnection.connect(
            self._database_url,
            autocommit=True,
            cursor_factory=AsyncRawCursor,
            application_name="computor changes",
            # Where the URL names several hosts, a standby among them has nothing to read.
            target_session_attrs="primary",
            # Whoever is cut off ought to notice, and so ought the server, which has the lock.
            keepalives_idle=_SILENCE,
            keepalives_interval=_SILENCE,
            keepalives_count=2,
            tcp_user_timeout=3 * _SILENCE * 1000,
        )
        await connection.ready()
        return connection

    async def _lead(self, connection: PipelineConnection) -> None:
        await connection.execute(_SET, [[*_SETTINGS], [*_SETTINGS.values()]])
        await self._ensure_fit(connection)
        # Not a lock that is waited for in the server: a statement that runs keeps dead rows from being cleared away.
        while not await _value(connection, "SELECT pg_try_advisory_lock($1)", _LOCK):  # noqa: ASYNC110 - nobody says when
            await asyncio.sleep(ELECTION)
        # Whoever led before may have missed what is gone by now, and a crash empties the table.
        self._seen = _NOTHING
        # Before it is looked at whether all is noted as it should be.
        _, self._standing = await self._stands(connection)
        clock = asyncio.get_running_loop().time
        # Whoever led before may have vouched until now.
        vouched, renewal, is_placed, is_nowhere, said = clock(), 0.0, False, False, ""
        while True:
            try:
                if not is_placed:
                    await self._take_place(connection, *await self._store.begin_epoch(), vouched + OUTLASTED)
                    is_placed = self.is_leading = True
                    is_nowhere = False
                now = clock()
                # Before the drain: what is committed later may be missing in it.
                until = await self._store.clock() + round(LEASE * 1000) if now >= renewal else None
                await self._drain(connection)
                if until is not None:
                    await self._ensure_stands(connection)
                    vouched = clock()
                    await self._store.renew_lease(until)
                    renewal, said = now + LEASE / RENEWALS, ""
                await asyncio.sleep(POLL)
            except NotAcknowledgedError as error:
                is_placed = is_placed and not isinstance(error, ElsewhereError)
                if str(error) != said:
                    # Each time anew it would be said ten times a second.
                    said = str(error)
                    log.warning("what changed could not be told, and nothing is kept: %s", said)
                if not is_nowhere and clock() >= vouched + OUTLASTED:
                    # Nothing that was kept is taken any more: nobody has to wait for who does not answer.
                    await self._take_place(connection, _NOWHERE, "", vouched + OUTLASTED)
                    is_placed, is_nowhere = False, True
                await asyncio.sleep(PAUSE)

    async def _take_place(self, connection: PipelineConnection, place: str, epoch: str, ended: float) -> None:
        """Has writers know the place that will be vouched for, once no other one is any more: at `ended`.

        And processes the epoch, before there is a lease for it.
        """
        known = await _rows(connection, _PLACE)
        if known not in ([(place,)], [(_NOWHERE,)]):
            await asyncio.sleep(max(0, ended - asyncio.get_running_loop().time()))
        await connection.execute(_TAKE_PLACE, [place, epoch])
        self._epoch = epoch

    async def _ensure_fit(self, connection: PipelineConnection) -> None:
        """Raises UnfitDatabaseError where changes are not noted, or not as the policies say."""
        if await _value(connection, "SELECT pg_is_in_recovery()"):
            raise UnfitDatabaseError("the database is in recovery")
        if not await _value(connection, "SELECT to_regclass('gateway_change') IS NOT NULL"):
            raise UnfitDatabaseError("changes are not noted: `computor db upgrade`")
        if not await _value(connection, IS_KEPT_RIGHTLY):
            raise UnfitDatabaseError("notes of prepared transactions would not outlast a crash: `computor db upgrade`")
        noted = self._notes.noted(await _value(connection, SCHEMA))
        missing = lacking(noted, await _rows(connection, INSTALLED))
        if missing:
            tables = ", ".join(note.table for note in missing)
            raise UnfitDatabaseError(f"changes are not noted as the policies say, of {tables}: `computor db upgrade`")

    async def _stands(self, connection: PipelineConnection) -> tuple[str, str]:
        """The epoch that the database says, and what its tables and triggers are."""
        ((found,),) = await connection.ask([(_STANDS, [])])
        return found

    async def _ensure_stands(self, connection: PipelineConnection) -> None:
        """Raises UnfitDatabaseError where this is no longer what was led: whoever leads next looks at it anew.

        A backup that was put back, or a table made anew, has other rows, of which no trigger told.
        """
        epoch, standing = await self._stands(connection)
        if epoch != self._epoch:
            raise UnfitDatabaseError("the database has become another one, or has another reader of changes")
        if standing != self._standing:
            raise UnfitDatabaseError("tables or triggers were made anew")

    async def _drain(self, connection: PipelineConnection) -> None:
        """Tells the store of all changes that were committed before it began."""
        while True:
            # Fifty times a second: with psycopg's cursors it takes twice the processor's time.
            (((snapshot, is_any),),) = await connection.ask([(_LOOK, [self._seen.encode()])])
            if not is_any:
                break
            async with connection.transaction():
                await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                rows = await _rows(connection, _TAKE, self._seen)
                snapshot = await _value(connection, "SELECT pg_current_snapshot()::text")
                changes = await self._notes.changes(rows, _asking(connection))
                await self._store.bump(stamps_of(changes))
                if len(rows) < BATCH:
                    await connection.execute(_MARK, [snapshot])
            if self._seen is not _NOTHING and not self._notes.are_ours(rows):
                # The triggers may be other ones now. Who reads next looks at them.
                raise UnfitDatabaseError("changes were noted by another version, or for other policies")
            if len(rows) < BATCH:
                break
        if self._seen is _NOTHING:
            # What was noted otherwise by now may have been so before the triggers that there are.
            await self._ensure_fit(connection)
            # In a database that was restored it may lie ahead.
            await connection.execute(_MARK, [snapshot])
        self._seen = snapshot


def _asking(connection: PipelineConnection) -> Ask:
    async def ask(asked: Sequence[tuple[Text, list[str]]]) -> list[list[Row]]:
        return [await _rows(connection, text.sql, keys) for text, keys in asked]

    return ask


async def _rows(connection: PipelineConnection, statement: Any, *parameters: object) -> list[Row]:
    return await (await connection.execute(statement, parameters)).fetchall()


async def _value(connection: PipelineConnection, statement: Any, *parameters: object) -> Any:
    ((value,),) = await _rows(connection, statement, *parameters)
    return value
