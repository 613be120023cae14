"""What the reader of changes, and whoever writes, ask of the store that keeps stamps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from backend.access.scope import Stamp

LEASE = 1.0
"""Seconds after which nothing kept is valid any more, unless somebody vouches for it again."""
OUTLASTED = LEASE + 0.05
"""Seconds after which that is so for whoever waits: clocks do not run at quite the same speed."""


class NotAcknowledgedError(Exception):
    """The store did not say that it did what it was told; it may have done it, or may still do it."""


class ElsewhereError(NotAcknowledgedError):
    """The store is another one than before, or has lost what it had."""


class StampStore(Protocol):
    """Where stamps are. Each of these raises NotAcknowledgedError, after a short time, where there is no answer."""

    async def begin_epoch(self) -> tuple[str, str]:
        """Makes all that is kept invalid; gives the place for which `renew_lease` then vouches, and the epoch's name.

        A place is a store with what it has, and the version by whose policies stamps are deleted there. Nothing that is
        kept in an epoch is used before the epoch stands in the database that is read for it.
        """
        ...

    async def bump(self, stamps: Collection[Stamp]) -> None:
        """Deletes the stamps; once it returns, no entry that rests on one of them is valid.

        For the reader, who is the one that vouches: whether there is a lease makes no difference.
        """
        ...

    async def announce(self, stamps: Collection[Stamp], place: str) -> None:
        """The same for whoever wrote, at the place that is vouched for; raises also where that is another store.

        Where it is another version's, whatever that keeps of the tables becomes invalid.
        """
        ...

    async def clock(self) -> int:
        """The store's own time, in milliseconds; raises ElsewhereError where it may have lost what it had."""
        ...

    async def renew_lease(self, until: int) -> None:
        """Vouches for what is kept until that time of the store's clock, in milliseconds.

        An absolute time, so that a command which is held up on its way prolongs nothing. Raises ElsewhereError where
        the store is not, or no longer, the place that `begin_epoch` gave.
        """
        ...
