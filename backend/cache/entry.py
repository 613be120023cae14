"""What is kept: an answer, and what it rests on.

As bytes: four lines (the full key; when it was made; until when it holds; the names of its stamps), then the values of
the stamps, 16 bytes each, then the JSON.
"""

from __future__ import annotations

from dataclasses import dataclass

STAMP_SIZE = 16


class ForeignEntryError(Exception):
    """The entry is not the one that was asked for."""


@dataclass(frozen=True)
class Rest:
    """The stamps that something rests on, by name, in a fixed order; `text` is how an entry lists them."""

    names: tuple[str, ...]
    text: bytes

    @classmethod
    def on(cls, names: frozenset[str]) -> Rest:
        """Those stamps, whose names have no blank."""
        ordered = tuple(sorted(names))
        return cls(ordered, " ".join(ordered).encode())


@dataclass(frozen=True)
class Entry:
    """An answer as it was kept. Moments are milliseconds since 1970."""

    made: int
    until: int
    rest: bytes
    stamps: bytes
    body: bytes


def pack(key: bytes, made: int, until: int, rest: Rest, stamps: bytes, body: bytes) -> bytes:
    """The entry as bytes."""
    return b"%b\n%d\n%d\n%b\n%b%b" % (key, made, until, rest.text, stamps, body)


def unpack(raw: bytes, key: bytes) -> Entry:
    """The entry that the bytes are. Raises ForeignEntryError where it was not kept under that key."""
    if not raw.startswith(key + b"\n"):
        raise ForeignEntryError
    made = raw.index(b"\n", len(key) + 1)
    until = raw.index(b"\n", made + 1)
    names = raw.index(b"\n", until + 1)
    rest = raw[until + 1 : names]
    body = names + 1 + STAMP_SIZE * (rest.count(b" ") + 1 if rest else 0)
    return Entry(int(raw[len(key) + 1 : made]), int(raw[made + 1 : until]), rest, raw[names + 1 : body], raw[body:])
