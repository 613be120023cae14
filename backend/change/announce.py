"""What the gateway wrote itself, told to whoever keeps answers before it is told to the writer."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import psycopg

from backend.change.change import stamps_of
from backend.change.store import OUTLASTED, NotAcknowledgedError
from backend.errors import UnavailableError
from backend.plan.snapshot import Snapshot
from backend.plan.statement import Text
from backend.plan.value import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.change.change import Change
    from backend.change.notes import Notes
    from backend.change.store import StampStore
    from backend.plan.connection_pool import Pool
    from backend.plan.run import Row

log = logging.getLogger("computor")

MOST_PENDING = 1000
# Those of others, too: a row that they moved may be the one that leads to what we wrote. What lies further back than
# the reader has come is taken care of already. Planned anew each time, for the table is empty or it is not.
_PENDING = Text(
    b"SELECT table_name, layout, columns, keys, users, everyone FROM gateway_change"
    b" WHERE xid >= (SELECT last_value::text::xid8 FROM gateway_change_read)"
    b" LIMIT %d" % (MOST_PENDING + 1),
    (),
    None,
    frozenset({"gateway_change"}),
)
_PLACE = Text(b"SELECT place FROM gateway_reader", (), b"place", frozenset({"gateway_reader"}))


class Announcer:
    """Tells a store what was committed."""

    def __init__(self, pool: Pool, notes: Notes, store: StampStore) -> None:
        self._pool = pool
        self._notes = notes
        self._store = store

    async def announce(self) -> None:
        """Returns once nobody is answered any more with what was kept before the transactions committed until now.

        Comes after COMMIT. Where the store cannot be told, that is when the lease has ended that it may have.
        Whatever was kept before was kept where somebody vouches for it: the place is read after COMMIT, too. Where
        there is none, a crash has taken it, and perhaps the notes.
        """
        until = asyncio.get_running_loop().time() + OUTLASTED
        try:
            place, changes = await self._committed()
            # Where it is empty nobody vouches for anything.
            if place and changes:
                await self._store.announce(stamps_of(changes), place)
        except (NotAcknowledgedError, UnavailableError, psycopg.Error) as error:
            log.warning("what was written could not be announced at once: %s", error)
            await asyncio.sleep(until - asyncio.get_running_loop().time())

    async def _committed(self) -> tuple[str, list[Change]]:
        async with Snapshot(self._pool, None, None) as snapshot:
            places, rows = await snapshot.fetch([(_PLACE, ()), (_PENDING, ())], last=False)
            if len(rows) > MOST_PENDING:
                raise NotAcknowledgedError("the reader of changes is far behind")
            if not places:
                raise NotAcknowledgedError("nobody knows where answers are kept")

            async def ask(asked: Sequence[tuple[Text, list[str]]]) -> list[list[Row]]:
                commands = [(text, [encode(keys)]) for text, keys in asked]
                return await snapshot.fetch(commands, last=True)

            return places[0][0], await self._notes.changes(rows, ask)
