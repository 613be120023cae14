"""Randomness that is the same each time."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_SEED = "lindental"
_VERSION_4 = 0x4000 << 64 | 0x8000 << 48
_RANDOM_BITS = ~(0xF000 << 64 | 0xC000 << 48)


def stream(*subject: object) -> Random:
    """Random numbers for one subject, which stay as they are whatever is drawn for others."""
    return Random("/".join(map(str, (_SEED, *subject))))  # noqa: S311 - nothing here is a secret


def draw_id(random: Random) -> str:
    """A UUID, version 4 in form."""
    return f"{random.getrandbits(128) & _RANDOM_BITS | _VERSION_4:032x}"


def draw_commit(random: Random) -> str:
    """The name of a Git commit."""
    return f"{random.getrandbits(160):040x}"


def happens(random: Random, likelihood: float) -> bool:
    """Whether something of this likelihood is the case."""
    return random.random() < likelihood


def draw_time(random: Random, start: datetime, end: datetime) -> datetime:
    """A time from `start` to before `end`."""
    return start + (end - start) * random.random()
