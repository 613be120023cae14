"""A caller's snapshot, and what is kept for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backend.plan.run import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.cache.memory import Proof
    from backend.cache.question import Held, Question
    from backend.cache.recall import Cache, Recall


@dataclass(frozen=True)
class CachedReading(Reading):
    """Reads in a snapshot that is not begun yet, and may spare itself what is kept. `cache` is None without one."""

    held: Held
    cache: Cache | None = None
    _recalls: list[Recall] = field(default_factory=list)

    async def recall(self, fields: Mapping[str, Question]) -> Recall | None:
        """What is kept of these root fields, by response key; None where nothing may be."""
        if self.cache is None or not fields:
            return None
        recall = await self.cache.recall(self.held, fields)
        self._recalls.append(recall)
        if recall.trusted:
            self.snapshot.trust()
        return recall

    async def recognise(self) -> Proof | None:
        """Spares the database the question who the caller is, where nothing else is asked and their stamp stands.

        What has to be as it is for that to be so is returned.
        """
        if self.cache is None:
            return None
        recall = await self.cache.recall(self.held, {})
        self._recalls.append(recall)
        if recall.trusted:
            self.snapshot.trust()
        else:
            await recall.begin()
        return recall.proof()

    def verified(self) -> Held:
        """The principal, after the database was asked who they are, with the stamps that were read before that."""
        for recall in self._recalls:
            if not recall.trusted:
                return recall.verified()
        return self.held
