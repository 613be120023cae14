"""What was used last, up to a bound."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A mapping that keeps the entries used last, up to a bound."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._entries: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The entry, which now counts as used."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: K, value: V) -> V:
        """Keeps the entry; the one that was used longest ago may go."""
        self._entries[key] = value
        if len(self._entries) > self._bound:
            self._entries.popitem(last=False)
        return value

    def drop(self, key: K) -> None:
        """Forgets the entry, if it is there."""
        self._entries.pop(key, None)

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self._entries)
