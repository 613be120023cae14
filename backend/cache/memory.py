"""Whole answers that this process gave before: Redis is asked only whether all that they rest on is as it was."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
Source = tuple[str, bool, bytes]
"""A token, whether it was sent with POST, and the body, or else the query string."""


@dataclass(frozen=True, eq=False)
class Proof:
    """What has to be as it was for an answer to hold: what Redis said to some keys, the lease's aside, and the epoch.

    It holds until `until`, as `uptime` says, while the caller is `user`. `hits` is how many root fields the answer has
    that are kept.
    """

    user: str
    until: float
    epoch: bytes
    keys: tuple[bytes, ...]
    values: list[bytes | None]
    hits: int


class Memory(Generic[T]):
    """What was given to the requests from sources, as far as it fits into so many bytes."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._size = 0
        self._kept: OrderedDict[Source, tuple[T, int]] = OrderedDict()

    def get(self, source: Source) -> T | None:
        """What is kept for it, and now counts as used."""
        kept = self._kept.get(source)
        if kept is None:
            return None
        self._kept.move_to_end(source)
        return kept[0]

    def put(self, source: Source, value: T, size: int) -> None:
        """Keeps it; what was used longest ago goes. `size` is in bytes."""
        self.drop(source)
        if size > self._bound:
            return
        self._kept[source] = (value, size)
        self._size += size
        while self._size > self._bound:
            self._size -= self._kept.popitem(last=False)[1][1]

    def drop(self, source: Source) -> None:
        """Forgets it."""
        kept = self._kept.pop(source, None)
        if kept is not None:
            self._size -= kept[1]
