"""How much one user may ask for at a time: requests side by side, and cost a minute.

Cost is a token bucket for each user: it holds what a minute allows, and fills evenly. With Redis all processes share
it; a process takes out what it needs and a little in advance, so that few requests wait for Redis. Without Redis, or
while it does not answer, each process keeps buckets of its own.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backend.cache.address import AWAY
from backend.cache.buckets import SharedBuckets
from backend.cache.link import BUDGET
from backend.errors import RateLimitedError
from backend.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.cache.shared import Shared

log = logging.getLogger("computor")

_MINUTE = 60
# What a process takes out in advance, as a part of the bucket, and how long it may keep that.
_ADVANCE = 100
_PURSE_SECONDS = 5.0
# How long nobody asks a Redis that did not answer.
_PAUSE = 1.0
_USERS_KEPT = 10_000


@dataclass(frozen=True)
class Allowance:
    """What a caller may still cost: of so much a minute, how much is left, and in how many seconds all is back."""

    allowed: int
    left: int
    full_in: int

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """It in the structured fields of draft-ietf-httpapi-ratelimit-headers."""
        return [
            (b"ratelimit-policy", b'"cost";q=%d;w=%d' % (self.allowed, _MINUTE)),
            (b"ratelimit", b'"cost";r=%d;t=%d' % (self.left, self.full_in)),
        ]


@dataclass
class _Bucket:
    """What a user may still cost in this process: `level` at the moment `at`."""

    level: float
    at: float


@dataclass
class _Purse:
    """What this process took out of a user's shared bucket: `held` of it until `until`, while `level` stayed there."""

    held: float
    until: float
    level: float
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class _Slot:
    """One of the user's slots, until the block ends."""

    __slots__ = ("_underway", "_user")

    def __init__(self, underway: dict[str, int], user: str) -> None:
        self._underway = underway
        self._user = user

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        if self._underway[self._user] > 1:
            self._underway[self._user] -= 1
        else:
            del self._underway[self._user]


class Admission:
    """Lets requests in: at most so many of a user at the same time, and so much cost a minute (0 for any)."""

    def __init__(
        self,
        max_concurrent: int,
        cost_per_minute: int,
        shared: Shared | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_concurrent = max_concurrent
        self._size = cost_per_minute
        self._shared = SharedBuckets(shared, cost_per_minute) if shared is not None else None
        self._clock = clock
        self._underway: dict[str, int] = {}
        self._buckets: Recent[str, _Bucket] = Recent(_USERS_KEPT)
        self._purses: Recent[str, _Purse] = Recent(_USERS_KEPT)
        self._pause_until = 0.0
        self._said_away = False
        self._in_debt: Recent[str, float] = Recent(_USERS_KEPT)

    def slot(self, user: str) -> _Slot:
        """Takes a slot for a block. Raises RateLimitedError where the user has all that they may, and for debtors."""
        self.check(user)
        taken = self._underway.get(user, 0)
        if taken >= self._max_concurrent:
            text = f"{taken} requests of this user are being answered; at most {self._max_concurrent} are at a time."
            raise RateLimitedError(text, "concurrent", self._max_concurrent, taken + 1, retry_after=1)
        self._underway[user] = taken + 1
        return _Slot(self._underway, user)

    @property
    def has_debtors(self) -> bool:
        """Whether anybody was in debt lately."""
        return len(self._in_debt) > 0

    def check(self, user: str) -> None:
        """Raises RateLimitedError where the user is in debt."""
        until = self._in_debt.get(user)
        if until is not None and until > self._clock():
            wait = math.ceil(until - self._clock())
            text = f"Reading this user's requests took more than the cost that a minute allows; wait {wait} seconds."
            raise RateLimitedError(text, "costPerMinute", self._size, self._size + 1, retry_after=wait)

    async def spend(self, user: str, cost: int) -> Allowance | None:
        """What is left once the cost is paid; None where cost is not counted. Raises RateLimitedError."""
        if not self._size:
            return None
        # Whatever one request may cost at all, a full bucket pays for.
        cost = min(cost, self._size)
        if self._shared is not None and self._clock() >= self._pause_until:
            try:
                return self._allowance(await self._pay(self._shared, user, cost))
            except AWAY as error:
                self._pause(error)
        return self._spend_here(user, cost)

    async def owe(self, user: str, cost: int) -> None:
        """Takes the cost of what was done already, whether it is there or not. Who owes gets no slot until it is."""
        if not self._size or not cost:
            return
        if self._shared is not None and self._clock() >= self._pause_until:
            try:
                level = await self._pay(self._shared, user, cost, force=True)
            except AWAY as error:
                self._pause(error)
                level = self._owe_here(user, cost)
        else:
            level = self._owe_here(user, cost)
        if level < 0:
            self._in_debt.put(user, self._clock() - level * _MINUTE / self._size)

    def _owe_here(self, user: str, cost: int) -> float:
        bucket = self._bucket(user)
        bucket.level -= cost
        return bucket.level

    def _pause(self, error: Exception) -> None:
        # Once for each time that it goes.
        if not self._said_away:
            log.warning("Redis does not answer, so that cost is counted in this process alone: %s", error)
        self._said_away = True
        self._pause_until = self._clock() + _PAUSE

    async def _pay(self, shared: SharedBuckets, user: str, cost: int, *, force: bool = False) -> float:
        """What is left once the cost is paid out of the purse. Raises RateLimitedError, and what `AWAY` names.

        Nobody waits for longer than for anything else that is asked of Redis; what it gives later is in the purse.
        """
        purse = self._purse(user)
        if purse.held >= cost:
            purse.held -= cost
            return purse.held + purse.level
        filling = asyncio.create_task(self._fill(shared, purse, user, cost, force=force))
        # Whoever waits no longer asks for no exception, either.
        filling.add_done_callback(lambda done: done.cancelled() or done.exception())
        if not (await asyncio.wait({filling}, timeout=BUDGET))[0]:
            raise TimeoutError(f"no answer came within {BUDGET} seconds")
        return filling.result()

    def _purse(self, user: str) -> _Purse:
        purse = self._purses.get(user)
        if purse is None or purse.until < self._clock():
            purse = self._purses.put(user, _Purse(0, self._clock() + _PURSE_SECONDS, 0))
        return purse

    async def _fill(self, shared: SharedBuckets, purse: _Purse, user: str, cost: int, *, force: bool) -> float:
        """As `_pay`, however long it takes. One at a time, so that not each of several requests takes in advance."""
        async with purse.turn:
            if purse.held < cost:
                await self._take(shared, purse, user, cost, force=force)
            purse.held -= cost
            return purse.held + purse.level

    async def _take(self, shared: SharedBuckets, purse: _Purse, user: str, cost: int, *, force: bool) -> None:
        if self._clock() < self._pause_until:
            raise TimeoutError("whoever asked before got no answer")
        need = cost - purse.held
        want = need + self._size // _ADVANCE
        taken, left = await shared.take(user, need, want, force=force)
        if self._said_away:
            log.warning("Redis answers again: cost is counted for all processes")
            self._said_away = False
        purse.level = left
        purse.held += taken
        if not taken:
            raise self._refusal(cost, purse.held + purse.level)

    def _spend_here(self, user: str, cost: int) -> Allowance:
        bucket = self._bucket(user)
        if bucket.level < cost:
            raise self._refusal(cost, bucket.level)
        bucket.level -= cost
        return self._allowance(bucket.level)

    def _bucket(self, user: str) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.get(user) or self._buckets.put(user, _Bucket(self._size, now))
        bucket.level = min(self._size, bucket.level + (now - bucket.at) * self._size / _MINUTE)
        bucket.at = now
        return bucket

    def _allowance(self, level: float) -> Allowance:
        return Allowance(self._size, max(0, int(level)), math.ceil((self._size - level) * _MINUTE / self._size))

    def _refusal(self, cost: int, level: float) -> RateLimitedError:
        wait = max(1, math.ceil((cost - level) * _MINUTE / self._size))
        left = max(0, int(level))
        text = f"This costs {cost}, and {left} is left of the {self._size} a minute; try again in {wait} seconds."
        return RateLimitedError(text, "costPerMinute", self._size, cost, retry_after=wait)
