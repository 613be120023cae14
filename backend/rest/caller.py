"""Whoever sent a request, for routes: what they may read and write.

FastAPI evaluates the annotations of routes, so that no module that has some postpones them.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from backend.cache.reading import CachedReading
from backend.errors import RateLimitedError, UnauthenticatedError
from backend.face.callers import CREDENTIAL_MISSING, Callers, Reads, Writes
from backend.face.head import bearer_token
from backend.face.weights import STATEMENT
from backend.interface.entity import Catalog, Entity
from backend.json import Json
from backend.observe import observed
from backend.operation.finish import finish
from backend.operation.transaction import Transactions
from backend.operation.writing import Writing
from backend.plan.dto import Asked, load_dtos, load_slice, read_slice
from backend.plan.keys import Key
from backend.plan.limits import Limits
from backend.plan.run import Reading
from backend.rest.answer import answer_page
from backend.rest.price import ROW, of_page, of_write

T = TypeVar("T")
ALLOWANCE = "gateway.allowance"
"""Where a request's scope has what its caller may still cost, once they have paid."""
_WRITTEN = of_write()


def token_of(request: Scope) -> str:
    """The token. Raises UnauthenticatedError where there is none: nothing is made of what nobody sends."""
    token = bearer_token(request["headers"])
    if token is None:
        raise UnauthenticatedError(CREDENTIAL_MISSING)
    return token


class Caller:
    """A request's token, and what is done in the name of whoever it stands for, who pays for it."""

    def __init__(self, callers: Callers, limits: Limits, request: Scope) -> None:
        self._callers = callers
        self._limits = limits
        self._request = request
        self._token = token_of(request)

    @property
    def catalog(self) -> Catalog:
        """All entities by their names."""
        return self._callers.catalog

    async def read(self, work: Callable[[Reading], Awaitable[T]], cost: int = ROW) -> T:
        """What the work reads, in one snapshot.

        Raises UnauthenticatedError, RateLimitedError, and what the work raises.
        """

        async def paid(reading: CachedReading) -> T:
            await self._pay(reading.principal.user_id, cost)
            return await work(reading)

        return await self._callers.serve(self._token, lambda: Reads(paid))

    async def write(self, work: Callable[[Writing], Awaitable[T]], cost: int = _WRITTEN) -> T:
        """What the work comes to, in one transaction, which is tried again where it collides with another.

        Raises UnauthenticatedError, RateLimitedError, and RefusedError where nothing was written.
        """

        async def transact(transactions: Transactions) -> T:
            try:
                await self._pay(transactions.principal.user_id, cost)
            except RateLimitedError:
                await transactions.verify()
                raise
            return await transactions.run(work)

        return await self._callers.serve(self._token, lambda: Writes(transact))

    async def page(self, entity: str, ask: Callable[[], Asked]) -> Response:
        """A part of the list of the entity with that name, as List DTOs. Raises what `ask` does, and InputError."""
        of = self.catalog[entity]

        async def work(reading: CachedReading) -> tuple[list[Json], int]:
            wanted = read_slice(self.catalog, of, self._limits, ask())
            user, run = reading.principal.user_id, reading.run()
            await self._pay(user, of_page(wanted.limit))
            try:
                return await load_slice(run, of, of.interface.list, wanted, last=True)
            finally:
                await self._callers.admission.owe(user, run.made * STATEMENT)

        return answer_page(*await self._callers.serve(self._token, lambda: Reads(work)))

    async def _pay(self, user: str, cost: int) -> None:
        allowance = await self._callers.admission.spend(user, cost)
        self._request[ALLOWANCE] = allowance
        if (observation := observed()) is not None:
            observation.cost = cost


async def written(writing: Writing, entity: Entity, keys: Sequence[Key]) -> list[Json | None]:
    """The rows that were written, as Get DTOs, read with the rights that their writer has now; None where unseen."""
    now = await finish(writing, entity)
    return await load_dtos(now.run(), entity, entity.interface.get, keys, last=False)


def caller_of(request: Request) -> Caller:
    """The caller of a request to the application that `build_rest` made. Raises UnauthenticatedError."""
    state = request.app.state
    return Caller(state.callers, state.limits, request.scope)


# As parameters of routes written by hand.
Asking = Annotated[Caller, Depends(caller_of)]
Skip = Annotated[int, Query(ge=0, description="How many rows to leave out at the beginning.")]
Limit = Annotated[int | None, Query(ge=0, description="How many rows to answer at most.")]
