"""Answers in Redis: looked for, and kept."""

from __future__ import annotations

import asyncio
import math
import os
import time
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import hiredis

from backend.access.principal import uptime
from backend.cache import metrics
from backend.cache.connection import AwayError
from backend.cache.entry import Entry, ForeignEntryError, Rest, pack, unpack
from backend.cache.lease import read_lease
from backend.cache.memory import Proof
from backend.change import LEASE
from backend.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from backend.cache.connection import Command
    from backend.cache.link import Link, Server
    from backend.cache.names import Names
    from backend.cache.question import Held, Question

LARGEST = 1_048_576
"""Bytes of the longest answer that is kept."""
_STAMPS_LAST = 86_400_000
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.001, 0.01


class Found(NamedTuple):
    """What one look into Redis found: the epoch, the values of stamps by name, and valid entries by question.

    `keys` are where answers to the questions are kept. `trusted` says that the caller still is who they were when
    they were last resolved.
    """

    server: Server
    epoch: bytes
    stamps: Mapping[str, bytes | None]
    trusted: bool
    keys: Mapping[Question, bytes]
    entries: Mapping[Question, Entry]


class Answers:
    """Answers over one link; `origin` is a hash of all that they are made by besides the rows.

    `version` is the one by whose policies whoever vouches for answers has to read what changed, and `is_ours` says of
    an epoch whether whoever began it reads that in the database that answers are made from.
    """

    def __init__(
        self, link: Link, names: Names, version: bytes, origin: bytes, is_ours: Callable[[bytes], Awaitable[bool]]
    ) -> None:
        self.origin = origin
        self._version = version
        self._link = link
        self._names = names
        self._is_ours = is_ours
        self._epoch = b""
        self._foreign: set[bytes] = set()
        # What entries were seen to rest on that is not what their questions are known to rest on here.
        self._otherwise: Recent[bytes, Rest] = Recent(10_000)
        # Those who rest on the same stamp share its key.
        self._stamp_key = lru_cache(20_000)(names.stamp)
        self._stamp_keys = lru_cache(10_000)(self._keys_of)

    async def look(self, held: Held, questions: Sequence[Question]) -> Found | None:
        """What is there; None where nothing of it may be used: Redis is away, or nobody reads what changed."""
        server = self._link.server
        if server is None:
            metrics.BYPASSED.labels("away").inc()
            return None
        try:
            found = await self._look(server, held, questions)
        except ForeignEntryError:
            self._link.distrust(server)
            found = None
        except AwayError:
            metrics.BYPASSED.labels("away").inc()
            return None
        if found is None:
            metrics.BYPASSED.labels("lease").inc()
        return found

    async def _look(self, server: Server, held: Held, questions: Sequence[Question]) -> Found | None:
        epoch = self._epoch
        stamps_wanted = {**self._stamp_keys(held.rest)}
        for rest in self._rests(questions):
            stamps_wanted |= self._stamp_keys(rest)
        keys = [self._key(each, epoch) for each in questions]
        values = await self._read(server, (self._names.lease, *stamps_wanted.values(), *keys))
        now = vouched(server, self._version, values[0])
        if now is None:
            return None
        if now != epoch:
            if not await self._is_ours(now):
                return None
            # Everything under the old epoch is forgotten.
            self._epoch = now
            return await self._look(server, held, questions)
        stamps = dict(zip(stamps_wanted, values[1:], strict=False))
        known = held.stamps is not None and held.epoch == epoch
        trusted = known and held.stamps == _joined(held.rest.names, stamps)
        trusted = trusted and uptime() < held.principal.valid_until
        entries: dict[Question, Entry] = {}
        if trusted:
            clock = _clock()
            for question, key, raw in zip(questions, keys, values[len(stamps_wanted) + 1 :], strict=True):
                if raw is not None and key not in self._foreign:
                    entry = self._unpacked(raw, key)
                    if entry is not None and clock < entry.until:
                        entries[question] = entry
        if entries:
            entries = await self._valid(server, entries, stamps)
        return Found(server, epoch, stamps, trusted, dict(zip(questions, keys, strict=True)), entries)

    def proof(self, found: Found, held: Held) -> Proof:
        """What has to be as it is for all that was found to hold."""
        names = dict.fromkeys(held.rest.names)
        for entry in found.entries.values():
            names.update(dict.fromkeys(entry.rest.decode().split(" ")))
        now = _clock()
        # Who kept an entry may be on a host with another time: what was made in the future is new at most.
        left = min((entry.until - max(now, entry.made) for entry in found.entries.values()), default=math.inf)
        return Proof(
            held.principal.user_id,
            min(held.principal.valid_until, uptime() + left / 1000),
            found.epoch,
            (self._names.lease, *map(self._names.stamp, names)),
            [found.stamps[name] for name in names],
            len(found.entries),
        )

    async def holds(self, proof: Proof) -> bool:
        """Whether all is as it was."""
        server = self._link.server
        if server is None or uptime() >= proof.until:
            return False
        try:
            lease, *values = await self._read(server, proof.keys)
        except ForeignEntryError:
            self._link.distrust(server)
            return False
        except AwayError:
            return False
        return values == proof.values and vouched(server, self._version, lease) == proof.epoch

    def _unpacked(self, raw: bytes, key: bytes) -> Entry | None:
        try:
            return unpack(raw, key)
        except ForeignEntryError:
            # Where it is there for good, it is written over.
            self._foreign.add(key)
            raise

    async def _valid(
        self, server: Server, entries: Mapping[Question, Entry], stamps: dict[str, bytes | None]
    ) -> dict[Question, Entry]:
        """The entries whose stamps are all as they were."""
        names = {question: entry.rest.decode(errors="replace").split(" ") for question, entry in entries.items()}
        # Another process may know less, or more, of what the field reads.
        further = list({name for of in names.values() for name in of if name not in stamps})
        if further:
            for question, of in names.items():
                # Asked for at once the next time.
                self._otherwise.put(question.digest, Rest.on(frozenset(of)))
            stamps.update(zip(further, await self._read(server, [*map(self._names.stamp, further)]), strict=True))
        return {
            question: entry for question, entry in entries.items() if _joined(names[question], stamps) == entry.stamps
        }

    def _keys_of(self, rest: Rest) -> dict[str, bytes]:
        """Where its stamps are, by name."""
        return {name: self._stamp_key(name) for name in rest.names}

    def _rests(self, questions: Sequence[Question]) -> list[Rest]:
        """All that the answers are known to rest on."""
        rests = [question.rest for question in questions if question.rest is not None]
        if self._otherwise:
            rests += filter(None, (self._otherwise.get(question.digest) for question in questions))
        return rests

    async def _read(self, server: Server, keys: Sequence[bytes]) -> list[bytes | None]:
        (values,) = await self._link.ask(server, ("MGET", *keys))
        if not isinstance(values, list) or len(values) != len(keys):
            raise ForeignEntryError
        return values

    async def stamp(self, found: Found, further: Iterable[Rest]) -> Mapping[str, bytes | None]:
        """The stamps of `found` and the further ones, of which those that were absent are there now. Raises AwayError.

        Only stamps that were there before the database is read can tell of what was written while it was.
        """
        absent = [name for rest in further for name in rest.names if name not in found.stamps]
        if None in found.stamps.values():
            absent += [name for name, value in found.stamps.items() if value is None]
        if not absent:
            return found.stamps
        keys = [self._names.stamp(name) for name in absent]
        made: list[Command] = [("SET", key, os.urandom(16), "NX", "PX", _STAMPS_LAST) for key in keys]
        *_, values = await self._link.ask(found.server, *made, ("MGET", *keys))
        if isinstance(values, hiredis.ReplyError):
            raise AwayError(str(values))
        return {**found.stamps, **dict(zip(absent, values, strict=True))}

    def keep(
        self, found: Found, key: bytes, rest: Rest, stamps: bytes, body: bytes, milliseconds: int, *, timed: bool
    ) -> None:
        """Keeps the answer for so long, if Redis takes it."""
        now = _clock()
        raw = pack(key, now, now + milliseconds, rest, stamps, body, timed=timed)
        if self._link.tell(found.server, ("PSETEX", key, milliseconds, raw)):
            self._foreign.discard(key)
            metrics.STORED.inc()

    async def lock(self, found: Found, digests: Mapping[bytes, float]) -> set[bytes]:
        """Of the computations, those that no other process is at. Each is held for so many seconds. AwayError."""
        commands: list[Command] = [
            ("SET", self._names.lock(digest), b"1", "NX", "PX", max(1, int(seconds * 1000)))
            for digest, seconds in digests.items()
        ]
        replies = await self._link.ask(found.server, *commands)
        # Where Redis is full, all compute for themselves.
        return {digest for digest, reply in zip(digests, replies, strict=True) if reply is not None}

    async def watch(self, found: Found, question: Question, stamps: bytes, seconds: float) -> bytes | None:
        """The answer that another process keeps within so many seconds, if it rests on these very stamps."""
        key = found.keys[question]
        end = time.monotonic() + seconds
        pause = _SHORTEST_PAUSE
        while True:
            try:
                (raw,) = await self._read(found.server, [key])
                entry = None if raw is None else unpack(raw, key)
            except (AwayError, ForeignEntryError):
                return None
            if entry is not None and entry.stamps == stamps and _clock() < entry.until:
                return entry.body
            left = end - time.monotonic()
            if left <= 0:
                return None
            await asyncio.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _key(self, question: Question, epoch: bytes) -> bytes:
        """Where the answer is kept."""
        return self._names.entry(question.head, epoch, question.digest)


def vouched(server: Server, version: bytes, lease: bytes | None) -> bytes | None:
    """The epoch that the lease vouches for; None where it does not, or not for this server, or by another version.

    What changed while there was no connection must have been read since: a lease from before then says nothing.
    """
    told = read_lease(lease)
    if told is None or (told.run_id, told.version) != (server.run_id, version):
        return None
    return told.epoch if told.until >= server.clock + LEASE * 1000 else None


def age(entry: Entry) -> float:
    """Seconds since it was made."""
    return max(0, _clock() - entry.made) / 1000


def joined(rest: Rest, stamps: Mapping[str, bytes | None]) -> bytes | None:
    """The values of the stamps, one after the other; None where one is absent, for nothing can rest on that."""
    return _joined(rest.names, stamps)


def _joined(names: Iterable[str], stamps: Mapping[str, bytes | None]) -> bytes | None:
    values = [*map(stamps.get, names)]
    # Absent never equals absent.
    return None if None in values else b"".join(values)  # type: ignore[arg-type]


def _clock() -> int:
    return time.time_ns() // 1_000_000
