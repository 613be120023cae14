"""What is asked of the cache: a root field, by a reader."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from backend.access.scope import ALL_CLAIMS, claims_of
from backend.cache.entry import Rest

if TYPE_CHECKING:
    from backend.access.principal import Principal
    from backend.plan.run import Reads


@dataclass(frozen=True, eq=False)
class Held:
    """A principal as a process holds them.

    `audience` is a hash of the user and their effective claims: whoever has the same is given the same answers. `rest`
    are the stamps that the principal rests on, and `stamps` their values as read before the principal was last resolved
    from the database, in that epoch; None where they were not. A Redis that comes back with old data has old stamps.
    """

    principal: Principal
    audience: bytes
    rest: Rest
    stamps: bytes | None = None
    epoch: bytes = b""


def hold(principal: Principal) -> Held:
    """The principal, with nothing known of whether they still are that."""
    stamps = frozenset((str(claims_of(principal.user_id)), str(ALL_CLAIMS)))
    return Held(principal, _audience(principal), Rest.on(stamps))


def _audience(principal: Principal) -> bytes:
    """The hash of the user and of all that they hold; not of how long."""
    digest = blake2b(digest_size=16)
    for part in principal.evidence[:-1]:
        digest.update(b"%d:" % len(part))
        digest.update(part.encode())
    return digest.digest()


@dataclass(eq=False)
class Footprint:
    """What the runs of one root field of one plan have shown so far.

    `tables` were read by some run, and None before the first. `took` is the least time that a run took, in seconds.
    """

    tables: frozenset[str] | None = None
    took: float | None = None
    timed: bool = False
    opaque: bool = False

    def learn(self, reads: Reads, took: float) -> None:
        """Takes in what a run has read."""
        if self.tables is None or not reads.tables <= self.tables:
            self.tables = (self.tables or frozenset()) | reads.tables
        self.took = took if self.took is None else min(self.took, took)
        self.timed = self.timed or reads.timed
        self.opaque = self.opaque or reads.opaque


# Not frozen: each miss makes one, and to make a frozen one takes twice as long.
@dataclass(eq=False, slots=True)
class Question:
    """A root field with its arguments filled in. `ttl` bounds how long its answer may be kept, in seconds.

    `tables` are those that it is known to read, and `rest` what its answer rests on; None where that is not known yet.
    """

    head: bytes
    digest: bytes
    footprint: Footprint
    ttl: int | None = None
    tables: frozenset[str] | None = None
    rest: Rest | None = None
