"""Transactions: opened for a caller who is asked for anew, tried again where they collide, undone where refused."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, TypeVar

from psycopg import errors

from backend.errors import UnauthenticatedError, UncertainError
from backend.operation.problem import OvertakenError, Problem, ProblemCode, RefusedError
from backend.plan.snapshot import ONE_STATE, READ_ONLY, READ_WRITE, PrincipalChangedError, Snapshot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from backend.access.principal import Principal
    from backend.operation.writing import Writing
    from backend.plan.connection_pool import Pool
    from backend.plan.statement import Text

T = TypeVar("T")

ATTEMPTS = 4
PAUSE = 0.02
"""Seconds, doubled at each attempt, that a transaction which collided waits at most before it is tried again."""

_COLLISIONS = (errors.SerializationFailure, errors.DeadlockDetected)


class Transactions:
    """Opens transactions for one credential. `write_for` makes of a principal and a snapshot what writes.

    The first of the `pools` is that of the transactions. Over the second they ask from outside, while they hold a
    connection of the first; nobody waits for anything else while they hold one of the second.

    `announce` is told after each that was committed, before whoever wrote is; None where nobody keeps answers. `holds`
    says whether the credential held when last asked, and None before.
    """

    def __init__(
        self,
        pools: tuple[Pool, Pool],
        credential: bytes,
        principal: Principal,
        write_for: Callable[[Principal, Snapshot], Writing],
        announce: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._pool, self._aside = pools
        self._credential = credential
        self.principal = principal
        self._write_for = write_for
        self._announce = announce
        self.holds: bool | None = None

    def ahead(self) -> Writing:
        """What writes, before any transaction: for what is checked of a request alone."""
        return self._write_for(self.principal, Snapshot(self._pool, self._credential, self.principal, READ_ONLY))

    async def run(self, work: Callable[[Writing], Awaitable[T]]) -> T:
        """What the work comes to, committed.

        Raises RefusedError, whose problems are explained then, where the work is refused and nothing was written; and
        UnauthenticatedError where the credential no longer holds.
        """
        try:
            result = await self._committed(work)
        except UncertainError:
            # They are going to look whether it was.
            await self._tell()
            raise
        await self._tell()
        return result

    async def look(self, work: Callable[[Writing], Awaitable[T]]) -> T:
        """What the work comes to, which only reads: one state, with the rights that the caller has in that.

        Raises UnauthenticatedError as `run` does.
        """
        return await self._attempt(work, READ_ONLY)

    async def verify(self) -> None:
        """Raises UnauthenticatedError where the credential no longer holds."""

        async def nothing(_: Writing) -> None:
            pass

        await self.look(nothing)

    async def _verify_outside(self, principal: Principal) -> None:
        """Raises PrincipalChangedError where others changed who the caller is, whatever the transaction did to that.

        What they committed is seen from outside, without what the transaction has written.
        """
        async with Snapshot(self._aside, self._credential, principal) as outside:
            await outside.verify()

    async def _tell(self) -> None:
        if self._announce is not None:
            await self._announce()

    async def _committed(self, work: Callable[[Writing], Awaitable[T]]) -> T:
        async def committed(writing: Writing) -> T:
            result = await work(writing)
            if writing.has_changed_caller:
                await self._verify_outside(writing.principal)
            await writing.commit()
            return result

        overtaken = False
        for attempt in range(ATTEMPTS):
            try:
                return await self._attempt(committed)
            except OvertakenError as error:
                if overtaken:
                    raise await self._explained(error.refused) from error
                overtaken = True
            except errors.LockNotAvailable:
                break
            except _COLLISIONS:
                await asyncio.sleep(random.uniform(0, PAUSE * 2**attempt))  # noqa: S311 - only to spread them out
        text = "Other changes were in the way for too long; try again."
        raise RefusedError([Problem(ProblemCode.RETRY, text)])

    async def _attempt(self, work: Callable[[Writing], Awaitable[T]], kind: Text = READ_WRITE) -> T:
        while True:
            try:
                async with Snapshot(self._pool, self._credential, self.principal, kind) as snapshot:
                    writing = self._write_for(self.principal, snapshot)
                    await writing.begin()
                    self.holds = True
                    return await work(writing)
            except PrincipalChangedError as changed:
                if changed.principal is None:
                    self.holds = False
                    raise UnauthenticatedError("This token does not hold any more.") from None
                self.principal = changed.principal
            except RefusedError as refused:
                if refused.collision is None:
                    raise
                raise await self._explained(refused) from refused

    async def _explained(self, refused: RefusedError) -> RefusedError:
        if refused.collision is None:
            return refused
        # A default of the row that was refused may come from a sequence.
        return RefusedError([await self._attempt(refused.collision.explained, ONE_STATE)])
