"""What is kept: an answer, and what it rests on.

As bytes: five lines (the full key; when it was made; until when it holds; 1 where it depends on the time, else 0; the
names of its stamps), then the values of the stamps, 16 bytes each, then the JSON.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

STAMP_SIZE = 16
_LINES = re.compile(rb"([0-9]{1,16})\n([0-9]{1,16})\n([01])\n([^\n]*)\n")


class ForeignEntryError(Exception):
    """The entry is not the one that was asked for."""


# Told apart by identity, as who rests on the same is given the same one.
@dataclass(frozen=True, eq=False)
class Rest:
    """The stamps that something rests on, by name, in a fixed order; `text` is how an entry lists them."""

    names: tuple[str, ...]
    text: bytes

    @classmethod
    def on(cls, names: frozenset[str]) -> Rest:
        """Those stamps, whose names have no blank."""
        # Thousands rest on the same ones.
        ordered = tuple(map(sys.intern, sorted(names)))
        return cls(ordered, " ".join(ordered).encode())


@dataclass(frozen=True)
class Entry:
    """An answer as it was kept. Moments are milliseconds since 1970."""

    made: int
    until: int
    timed: bool
    rest: bytes
    stamps: bytes
    body: bytes


def pack(key: bytes, made: int, until: int, rest: Rest, stamps: bytes, body: bytes, *, timed: bool) -> bytes:
    """The entry as bytes."""
    return b"%b\n%d\n%d\n%d\n%b\n%b%b" % (key, made, until, timed, rest.text, stamps, body)


def unpack(raw: bytes, key: bytes) -> Entry | None:
    """The entry that the bytes are; None where they are none. Raises ForeignEntryError where it has another key."""
    if not raw.startswith(key + b"\n"):
        raise ForeignEntryError
    lines = _LINES.match(raw, len(key) + 1)
    if lines is None:
        return None
    made, until, timed, rest = lines.groups()
    body = lines.end() + STAMP_SIZE * (rest.count(b" ") + 1 if rest else 0)
    return Entry(int(made), int(until), timed == b"1", rest, raw[lines.end() : body], raw[body:])
