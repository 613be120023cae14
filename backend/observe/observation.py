"""One request as it is answered, noted by those who do it."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Exchange(NamedTuple):
    """One round trip to PostgreSQL: from when to when (`time.perf_counter`), what was sent, how many rows each gave."""

    started: float
    ended: float
    statements: Sequence[bytes]
    rows: Sequence[int]


class Observation:
    """What is known of a request so far. Times are in seconds."""

    __slots__ = (
        "began",
        "cache",
        "code",
        "cost",
        "document",
        "ended",
        "exchanges",
        "explain",
        "operation",
        "operation_kind",
        "started",
        "user",
        "waited",
    )

    def __init__(self) -> None:
        self.began = time.time_ns()
        self.started = time.perf_counter()
        self.ended = self.started
        # The GraphQL document's text; only its hash leaves.
        self.document: str | None = None
        self.operation: str | None = None
        self.operation_kind: str | None = None
        self.user: str | None = None
        # Of the first error that the request failed with.
        self.code: str | None = None
        self.cost: float | None = None
        # Root fields, by what the cache did for them: hit, miss and so on.
        self.cache: dict[str, str] = {}
        # Until there was a connection to PostgreSQL.
        self.waited = 0.0
        self.exchanges: list[Exchange] = []
        # The plan of what was run, for people, made when somebody wants it.
        self.explain: Callable[[], dict[str, Any]] | None = None

    @property
    def statements(self) -> int:
        """How many statements were sent."""
        return sum(len(exchange.statements) for exchange in self.exchanges)

    @property
    def rows(self) -> int:
        """How many rows they gave."""
        return sum(sum(exchange.rows) for exchange in self.exchanges)

    @property
    def in_database(self) -> float:
        """How long PostgreSQL was waited for."""
        return sum(exchange.ended - exchange.started for exchange in self.exchanges)

    @property
    def duration(self) -> float:
        """How long it took, once it has ended."""
        return self.ended - self.started


_current: ContextVar[Observation | None] = ContextVar("observation", default=None)


def observed() -> Observation | None:
    """The observation of the request that is being answered; None where nobody looks."""
    return _current.get()


class Observing:
    """Observes what is done in the block, and in tasks that begin there."""

    # A function that makes a context takes three times as long.

    __slots__ = ("_observation", "_token")

    def __enter__(self) -> Observation:
        """Begins."""
        self._observation = observation = Observation()
        self._token = _current.set(observation)
        return observation

    def __exit__(self, *_: object) -> None:
        """Ends, whatever came."""
        self._observation.ended = time.perf_counter()
        _current.reset(self._token)
