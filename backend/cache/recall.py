"""What one request finds kept, what it computes, and what it waits for because others are computing it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from backend.cache import metrics
from backend.cache.answers import LARGEST, Answers, age, joined
from backend.cache.connection import AwayError
from backend.cache.entry import Entry, Rest
from backend.cache.question import Question

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backend.access.principal import Principal
    from backend.cache.answers import Found
    from backend.cache.memory import Proof
    from backend.cache.question import Footprint, Held
    from backend.plan.run import Reads

# Seconds. What takes less is computed by every process that is asked: waiting for another would take as long.
_WORTH_A_LOCK = 0.005
_HIT, _MISS = "hit", "miss"

FlightKey = tuple[bytes, bytes]
"""Under what the answer is to be kept, and the values of the stamps that it rests on."""


class Lifetimes:
    """For how long answers may be kept: the seconds of each table. What is not in it is never kept.

    `of` gives the least of several tables' seconds; 0 where one of them may not be kept at all.
    """

    def __init__(self, seconds: Mapping[str, int]) -> None:
        self.seconds = seconds
        self.of = lru_cache(1000)(self._least)

    def _least(self, tables: frozenset[str]) -> int:
        return min((self.seconds.get(table, 0) for table in tables), default=0)


@dataclass(eq=False, slots=True)
class _Flight:
    """An answer that is being computed; `alone` where nothing else is in the same run.

    Whoever waits has a `future` made, to which None comes where it failed.
    """

    key: FlightKey
    alone: bool
    rest: Rest
    future: asyncio.Future[bytes | None] | None = None
    has_landed: bool = False

    @property
    def stamps(self) -> bytes:
        """The values of the stamps, as they were when it began."""
        return self.key[1]


class Cache:
    """Kept answers, and those that are being computed in this process.

    `rests_on` names the stamps that an answer rests on which a principal got from some tables; `whole` names the one
    that falls with every write to a table.
    """

    def __init__(
        self,
        answers: Answers,
        lifetimes: Lifetimes,
        rests_on: Callable[[frozenset[str], Principal], frozenset[str]],
        whole: Callable[[str], str],
    ) -> None:
        self.answers = answers
        self.lifetimes = lifetimes
        self.flights: dict[FlightKey, _Flight] = {}
        self._rests_on = rests_on
        self._whole = whole
        self.rest = lru_cache(10_000)(self._rest)
        self.everything = self.on_whole(frozenset(lifetimes.seconds))

    def question(self, held: Held, head: str, digest: bytes, footprint: Footprint, ttl: int | None = None) -> Question:
        """What the principal asks; `head` and `digest` say what for."""
        mark = blake2b(digest, key=held.audience, salt=self.answers.origin, digest_size=32).digest()
        tables = footprint.tables
        rest = None if tables is None else self.rest(tables, held.principal)
        return Question(f"{head}:{held.principal.user_id}".encode(), mark, footprint, ttl, tables, rest)

    def may_keep(self, footprint: Footprint) -> bool:
        """Whether it is worth asking for: not where all that is known of the field is that it is never kept."""
        if footprint.tables is None:
            return True
        return not footprint.opaque and (not footprint.tables or self.lifetimes.of(footprint.tables) > 0)

    def _rest(self, tables: frozenset[str], principal: Principal) -> Rest:
        """What the principal's answers from these tables rest on."""
        return Rest.on(self._rests_on(tables, principal))

    def on_whole(self, tables: frozenset[str]) -> Rest:
        """All rows of these tables."""
        return Rest.on(frozenset(map(self._whole, tables)))

    async def recall(self, held: Held, fields: Mapping[str, Question]) -> Recall:
        """What is kept of a request's root fields, which are given by their response keys."""
        recall = Recall(self, held, fields, await self.answers.look(held, list(fields.values())))
        if recall.hits:
            metrics.HITS.inc(len(recall.hits))
        return recall


@dataclass(eq=False)
class Recall:
    """One request's. `begin` comes before the database is read, `keep` after, and `close` in the end, whatever came."""

    cache: Cache
    held: Held
    asked: Mapping[str, Question]
    found: Found | None
    # What is kept, by response key.
    hits: dict[str, Entry] = field(default_factory=dict, init=False)
    _own: dict[str, _Flight] = field(default_factory=dict)
    _joined: dict[str, tuple[asyncio.Future[bytes | None], _Flight]] = field(default_factory=dict)
    _elsewhere: dict[str, float] = field(default_factory=dict)
    _stamps: Mapping[str, bytes | None] = field(default_factory=dict)
    _started: float = 0.0

    @property
    def trusted(self) -> bool:
        """Whether the caller is known to be who they were taken for, without asking the database."""
        return self.found is not None and self.found.trusted

    def __post_init__(self) -> None:
        """Tells hits from the rest."""
        if self.found is not None and self.found.entries:
            entries = self.found.entries
            self.hits = {name: entries[question] for name, question in self.asked.items() if question in entries}

    def proof(self) -> Proof | None:
        """What has to be as it is for the answer to hold; None where not all of it was kept, or it depends on the time.

        When such an answer ends was told by the clock of whoever kept it. That it has not, only Redis knows.
        """
        if self.found is None or not self.found.trusted or len(self.hits) < len(self.asked):
            return None
        if any(entry.timed for entry in self.hits.values()):
            return None
        return self.cache.answers.proof(self.found, self.held)

    async def begin(self) -> frozenset[str]:
        """The response keys of what others are computing, or have computed by now: `arrived` gives these."""
        missed = [name for name in self.asked if name not in self.hits]
        self._started = time.monotonic()
        if self.found is None:
            return frozenset()
        rests = {name: self.asked[name].rest or self.cache.everything for name in missed}
        try:
            # Those of questions whose tables are known were looked at with what is kept.
            further = [self.cache.everything] if self.cache.everything in rests.values() else []
            self._stamps = await self.cache.answers.stamp(self.found, further)
            for name in missed:
                self._enter(name, self.found, rests[name], alone=len(missed) == 1)
            await self._look_elsewhere(self.found)
        except AwayError:
            # What was found holds; what is computed now is not kept.
            self.found = self.found if self.trusted else None
        return frozenset((*self._joined, *self._elsewhere))

    def _enter(self, name: str, found: Found, rest: Rest, *, alone: bool) -> None:
        stamps = joined(rest, self._stamps)
        if stamps is None:
            return
        question = self.asked[name]
        key = (found.keys[question], stamps)
        flight = self.cache.flights.get(key)
        # One that began before the caller's own write read other stamps, and has another key.
        if flight is None:
            self._own[name] = self._begin(key, rest, alone=alone)
        elif _may_join(found, question) and (flight.alone or question.footprint.took is not None):
            flight.future = flight.future or asyncio.get_running_loop().create_future()
            self._joined[name] = flight.future, flight

    def _begin(self, key: FlightKey, rest: Rest, *, alone: bool) -> _Flight:
        flight = _Flight(key, alone, rest)
        self.cache.flights[key] = flight
        return flight

    async def _look_elsewhere(self, found: Found) -> None:
        """Leaves to other processes what they are at already."""
        slow: dict[bytes, tuple[str, float]] = {}
        for name, flight in self._own.items():
            question = self.asked[name]
            took = question.footprint.took or 0
            if _may_join(found, question) and took >= _WORTH_A_LOCK:
                digest = blake2b(flight.stamps, key=question.digest, digest_size=16).digest()
                slow[digest] = (name, took)
        if not slow:
            return
        free = await self.cache.answers.lock(found, {digest: took for digest, (_, took) in slow.items()})
        self._elsewhere = {name: took for digest, (name, took) in slow.items() if digest not in free}

    async def arrived(self, name: str) -> bytes | None:
        """The answer of another computation; None where the caller has to compute it after all.

        Nobody waits for longer than their own computation would take.
        """
        question = self.asked[name]
        took = question.footprint.took or 0
        left = max(0, self._started + took - time.monotonic())
        if name in self._elsewhere and self.found is not None:
            stamps = self._own[name].stamps
            body = await self.cache.answers.watch(self.found, question, stamps, left)
            if body is not None:
                self._land(self._own[name], body)
        else:
            future, flight = self._joined[name]
            await asyncio.wait({future}, timeout=None if flight.alone else left)
            body = future.result() if future.done() else None
            if body is None and flight.key not in self.cache.flights:
                self._own[name] = self._begin(flight.key, flight.rest, alone=True)
        if body is not None:
            metrics.JOINED.inc()
        return body

    def keep(self, name: str, body: bytes, reads: Reads, *, seconds: float | None = None) -> None:
        """Takes what was computed, and hands it to whoever waits; `seconds` is how long it holds, if that is known."""
        question, took = self.asked[name], time.monotonic() - self._started
        metrics.MISSES.inc()
        question.footprint.learn(reads, took)
        flight = self._own.get(name)
        covered = frozenset(self.cache.lifetimes.seconds) if question.tables is None else question.tables
        # Of a table that no stamp speaks for, nobody would hear that it changed.
        if flight is None or self.found is None or reads.opaque or not reads.tables <= covered:
            return
        if not reads.timed:
            self._land(flight, body)
        lifetime: float = self.cache.lifetimes.of(reads.tables)
        if question.ttl is not None:
            lifetime = min(lifetime, question.ttl)
        if reads.timed:
            lifetime = min(lifetime, 0 if seconds is None else seconds - took)
        key, stamps = flight.key
        rest = flight.rest
        if question.tables is None:
            rest = self.cache.on_whole(reads.tables)
            # Where one is absent, nothing holds.
            stamps = joined(rest, self._stamps) or b""
        if lifetime > 0 and stamps and len(body) <= LARGEST:
            self.cache.answers.keep(self.found, key, rest, stamps, body, int(lifetime * 1000), timed=reads.timed)

    def verified(self) -> Held:
        """The principal, as known to be right by the stamps that were read before they were resolved anew."""
        stamps = joined(self.held.rest, self._stamps)
        if stamps is None or self.found is None:
            return self.held
        return replace(self.held, stamps=stamps, epoch=self.found.epoch)

    def close(self) -> None:
        """Tells whoever waits for what did not come."""
        for flight in self._own.values():
            self._land(flight, None)

    def _land(self, flight: _Flight, body: bytes | None) -> None:
        if flight.has_landed:
            return
        flight.has_landed = True
        if flight.future is not None:
            flight.future.set_result(body)
        del self.cache.flights[flight.key]

    def statuses(self) -> dict[str, str]:
        """By response key: whether the answer was kept."""
        return {name: _HIT if name in self.hits else _MISS for name in self.asked}

    def report(self) -> dict[str, dict[str, object]]:
        """By response key: whether the answer was kept, and how many seconds ago it was made."""
        hits = self.hits
        return {
            name: {"status": status, "age": round(age(hits[name]), 3) if name in hits else 0}
            for name, status in self.statuses().items()
        }


def _may_join(found: Found, question: Question) -> bool:
    """Whether the answer may be one that was begun before it was asked for: not where it looks at the time."""
    return found.trusted and not question.footprint.timed
