"""What changes come to, read as the reader of changes reads them, and a store of stamps in memory."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg

from backend.access.scope import Scopes
from backend.change import Change, ElsewhereError, NotAcknowledgedError, Notes, stamps_of
from backend.interface.entity import policies
from backend.interface.registry import INTERFACES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Sequence

    from backend.access.scope import Stamp
    from backend.plan.statement import Text

SCOPES = Scopes(policies(INTERFACES))
NOTES = Notes(SCOPES)
_READ = "SELECT table_name, layout, columns, keys, users, everyone FROM gateway_change"
_TAKE = "DELETE FROM gateway_change RETURNING table_name, layout, columns, keys, users, everyone"


def changes_in(connection: psycopg.Connection[Any]) -> list[Change]:
    """What the connection's own transaction sees of changes; they stay."""
    return _now(NOTES.changes(_rows(connection, _READ), _asking(connection)))


def take_changes(database_url: str) -> list[Change]:
    """What was committed since the last time."""
    with psycopg.connect(database_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        rows = _rows(connection, _TAKE)
        return _now(NOTES.changes(rows, _asking(connection)))


def take_stamps(database_url: str) -> frozenset[Stamp]:
    """The stamps that what was committed since the last time takes away."""
    return stamps_of(take_changes(database_url))


def _now(work: Coroutine[Any, Any, list[Change]]) -> list[Change]:
    """What work comes to that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        changes: list[Change] = done.value
        return changes
    raise AssertionError("it waits")


def _asking(connection: psycopg.Connection[Any]) -> Any:
    async def ask(asked: Sequence[tuple[Text, list[str]]]) -> list[list[Any]]:
        return [_rows(connection, text.sql.decode(), keys) for text, keys in asked]

    return ask


def _rows(connection: psycopg.Connection[Any], statement: str, *parameters: object) -> list[Any]:
    return psycopg.RawCursor(connection).execute(statement.encode(), parameters or None).fetchall()


class RememberedStamps:
    """A store that keeps nothing, and remembers what it was told.

    While it `is_away` it acknowledges nothing; what it was told meanwhile, it has not heard. Once it `is_elsewhere`
    the next lease is refused, and what comes then is at its `place`.
    """

    def __init__(self) -> None:
        self.place = "here"
        self.epochs = 0
        self.bumped: set[str] = set()
        self.announced: set[str] = set()
        self.until = 0
        self.ends: list[int] = []
        self.is_away = False
        self.is_elsewhere = False
        self.on_bump: Callable[[], None] = lambda: None
        self.on_renewal: Callable[[], None] = lambda: None

    async def begin_epoch(self) -> tuple[str, str]:
        self._hear()
        self.epochs += 1
        self.until = 0
        return self.place, f"{self.place} {self.epochs}"

    async def bump(self, stamps: Collection[Stamp]) -> None:
        self.on_bump()
        self._hear()
        self.bumped.update(map(str, stamps))

    async def announce(self, stamps: Collection[Stamp], place: str) -> None:
        self._hear()
        if place != self.place:
            raise ElsewhereError(place)
        self.announced.update(map(str, stamps))

    async def clock(self) -> int:
        self._hear()
        return time.monotonic_ns() // 1_000_000

    async def renew_lease(self, until: int) -> None:
        self._hear()
        if self.is_elsewhere:
            self.is_elsewhere = False
            raise ElsewhereError
        self.on_renewal()
        self.until = until
        self.ends.append(until)

    @property
    def renewals(self) -> int:
        """How many leases there were."""
        return len(self.ends)

    @property
    def is_vouched_for(self) -> bool:
        """Whether there is a lease."""
        return time.monotonic_ns() // 1_000_000 < self.until

    def _hear(self) -> None:
        if self.is_away:
            raise NotAcknowledgedError("away")
