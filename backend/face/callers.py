"""From a token to whoever it stands for, and to what reads or writes in their name."""

from __future__ import annotations

import asyncio
import logging
from asyncio import CancelledError
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from graphql import GraphQLError
from psycopg import Error
from psycopg_pool import PoolTimeout

from backend.access.credentials import token_hash
from backend.access.statistics import Statistics, read_statistics
from backend.access.usage import TokenUsage
from backend.access.visibility import Visibility
from backend.cache import metrics
from backend.cache.opening import OpenCache
from backend.cache.question import Held, hold
from backend.cache.reading import CachedReading
from backend.errors import GatewayError, UnauthenticatedError, UnavailableError
from backend.interface.entity import policies
from backend.observe import observed
from backend.operation.problem import RefusedError
from backend.operation.transaction import Transactions
from backend.operation.writing import Writing
from backend.plan.cursor import Seal, read_seal
from backend.plan.snapshot import PrincipalChangedError, Snapshot
from backend.plan.source import Scope
from backend.plan.statement import Compiler
from backend.recent import Recent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from backend.access.principal import Principal, Viewer
    from backend.cache.memory import Proof
    from backend.face.admission import Admission
    from backend.interface.entity import Catalog
    from backend.plan.connection_pool import Pool

log = logging.getLogger("computor")
T = TypeVar("T")
CacheOpener = Callable[[], AbstractAsyncContextManager[OpenCache | None]]

CREDENTIAL_MISSING = (
    "This request has no token. Send the header `Authorization: Bearer <token>`; "
    "`computor token create --user NAME` makes a token."
)
_CREDENTIAL_REFUSED = (
    "This token does not hold: it is unknown, revoked or expired, or its user is archived. "
    "`computor token create --user NAME` makes a new one."
)
UPKEEP_EVERY = 60.0
# What a byte costs that was read for nothing, by the time that the dearest take; and how many are too few to count.
_BYTE = 3
OVERLOOKED = 10_000


@dataclass(frozen=True)
class Reads(Generic[T]):
    """Work that reads, in one snapshot."""

    work: Callable[[CachedReading], Awaitable[T]]


@dataclass(frozen=True)
class Writes(Generic[T]):
    """Work that writes, in transactions that it opens."""

    work: Callable[[Transactions], Awaitable[T]]


class Callers:
    """Holds what outlives a request, whatever the face: principals, what viewers see, statements, pools and cache.

    From the pool `aside` is taken by whoever has a connection of the other already.
    """

    def __init__(
        self, catalog: Catalog, pool: Pool, aside: Pool, admission: Admission, cache: CacheOpener | None = None
    ) -> None:
        self.catalog = catalog
        self.admission = admission
        self.compiler = Compiler()
        self._pool = pool
        self._aside = aside
        self._usage = TokenUsage(pool.connection)
        self._policies = policies(entity.interface for entity in catalog.values())
        self._cache_opener = cache
        self.cache: OpenCache | None = None
        self._held: Recent[bytes, Held] = Recent(10000)
        self._scopes: Recent[Viewer, Scope] = Recent(1000)
        self._statistics = Statistics({})
        self._seal: Seal

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Serves until the block ends; the pool is open meanwhile."""
        async with AsyncExitStack() as stack:
            for pool in (self._pool, self._aside):
                await stack.enter_async_context(pool)
            await self.refresh_statistics()
            async with self._pool.connection() as connection:
                self._seal = await read_seal(connection)
            if self._cache_opener is not None:
                self.cache = await stack.enter_async_context(self._cache_opener())
            upkeep = asyncio.create_task(self._keep_up())
            try:
                yield
            finally:
                upkeep.cancel()
                with suppress(asyncio.CancelledError):
                    await upkeep
                await self._write_usage()

    async def _keep_up(self) -> None:
        while True:
            await asyncio.sleep(UPKEEP_EVERY)
            await self._write_usage()
            try:
                await self.refresh_statistics()
            except (Error, PoolTimeout) as error:
                # Plans that were made for the old sizes are right all the same.
                log.warning("table sizes could not be read: %s", error)

    async def _write_usage(self) -> None:
        try:
            await self._usage.write()
        except (Error, PoolTimeout) as error:
            log.warning("when tokens were used could not be written: %s", error)

    async def refresh_statistics(self) -> None:
        """Learns how large the tables are; scopes are made anew when another form of statement may be better."""
        async with self._pool.connection() as connection:
            statistics = await read_statistics(connection)
        if statistics.digest() != self._statistics.digest():
            self._statistics = statistics
            self._scopes = Recent(1000)

    def check(self, token: str | None) -> None:
        """Raises RateLimitedError where the token is known to be of a user in debt: no body is read then."""
        if token is None or not self.admission.has_debtors:
            return
        held = self._held.get(token_hash(token))
        if held is not None:
            self.admission.check(held.principal.user_id)

    async def blame(self, token: str | None, body: int) -> None:
        """Whoever the token is known to stand for owes for a body of so many bytes that was read for nothing."""
        held = self._held.get(token_hash(token)) if token is not None and body > OVERLOOKED else None
        if held is not None:
            await self.admission.owe(held.principal.user_id, body * _BYTE)

    async def serve(self, token: str | None, decide: Callable[[], Reads[T] | Writes[T]]) -> T:
        """What the work comes to that `decide` names, once it is known that the token stands for somebody.

        What was read is given to nobody whose token has ended, neither where it is empty nor where the input was bad.
        Who the token stood for before is believed until the database is asked, in this request; what is paid until then
        is paid by a token that has ended once, for it is forgotten, as is one that was not asked for in the end.
        Raises UnauthenticatedError, and what the work raises.
        """
        if token is None:
            raise UnauthenticatedError(CREDENTIAL_MISSING)
        credential = token_hash(token)
        held = self._held.get(credential)
        while True:
            async with Snapshot(self._pool, credential, held.principal if held else None) as snapshot:
                held = held or self._known(credential, await snapshot.introduce())
                _note_user(held.principal)
                reading = self._reading(held, snapshot)
                try:
                    with self.admission.slot(held.principal.user_id):
                        chosen = decide()
                        if isinstance(chosen, Writes):
                            break
                        answer = await _verified(chosen, reading)
                except PrincipalChangedError as changed:
                    held = self._known(credential, changed.principal)
                except (CancelledError, UnavailableError):
                    # It may have been paid for, and nobody knows whether the token holds.
                    self._held.drop(credential)
                    raise
                else:
                    self._usage.note(credential)
                    if (verified := reading.verified()) is not held:
                        self._held.put(credential, verified)
                    return answer
        return await self._write(credential, held, chosen)

    async def vouch(self, credential: bytes, proof: Proof) -> bool:
        """Whether what was read with the token of that hash is what would be read now. Raises RateLimitedError."""
        if self.cache is None:
            return False
        with self.admission.slot(proof.user):
            holds = await self.cache.cache.answers.holds(proof)
        if holds:
            self._usage.note(credential)
            metrics.HITS.inc(proof.hits)
        return holds

    async def _write(self, credential: bytes, held: Held, chosen: Writes[T]) -> T:
        announce = None if self.cache is None else self.cache.announcer.announce
        pools = (self._pool, self._aside)
        transactions = Transactions(pools, credential, held.principal, self._write_for, announce)
        with self.admission.slot(held.principal.user_id):
            try:
                answer = await chosen.work(transactions)
                if transactions.holds is None:
                    await transactions.verify()
            finally:
                if transactions.holds:
                    self._usage.note(credential)
                else:
                    self._held.drop(credential)
        return answer

    def _known(self, credential: bytes, principal: Principal | None) -> Held:
        if principal is None:
            self._held.drop(credential)
            raise UnauthenticatedError(_CREDENTIAL_REFUSED) from None
        return self._held.put(credential, hold(principal))

    def _reading(self, held: Held, snapshot: Snapshot) -> CachedReading:
        # Stamps come before what they speak for: where the snapshot has begun, it is too late for them.
        cache = None if self.cache is None or snapshot.begun else self.cache.cache
        return CachedReading(self._scope(held.principal.viewer), self.compiler, held.principal, snapshot, held, cache)

    def _write_for(self, principal: Principal, snapshot: Snapshot) -> Writing:
        return Writing(self._scope(principal.viewer), self.compiler, principal, snapshot, self._write_for)

    def _scope(self, viewer: Viewer) -> Scope:
        known = self._scopes.get(viewer)
        return known or self._scopes.put(
            viewer, Scope(self.catalog, Visibility(self._policies, viewer, self._statistics), self._seal)
        )


def _note_user(principal: Principal) -> None:
    observation = observed()
    if observation is not None:
        observation.user = principal.user_id


async def _verified(reads: Reads[T], reading: CachedReading) -> T:
    try:
        answer = await reads.work(reading)
    except UnavailableError:
        raise
    except (GraphQLError, GatewayError, RefusedError):
        await reading.snapshot.verify()
        raise
    await reading.snapshot.verify()
    return answer
