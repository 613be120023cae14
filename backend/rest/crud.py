"""A router for an entity: what its interface lets be done, on the operations that GraphQL's mutations run, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002 - FastAPI reads it from the annotation
from starlette.responses import Response  # noqa: TC002 - likewise

from backend.access.policy import Action
from backend.operation.create import Created, create
from backend.operation.delete import delete_row
from backend.operation.finish import finish
from backend.operation.problem import RefusedError, not_found
from backend.operation.update import set_archived, update_row
from backend.plan.dto import load_dtos
from backend.rest.answer import answer, answer_row, location
from backend.rest.caller import caller_of, written
from backend.rest.openapi import Route, describe
from backend.rest.parameters import asked_of, is_dry_run, json_body, key_of, row_of, rows_of
from backend.rest.precondition import expected_version
from backend.rest.price import DELETION, of_body, of_write
from backend.rest.problem import BODY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from backend.interface.entity import Entity
    from backend.json import Json
    from backend.operation.writing import Writing
    from backend.plan.keys import Key
    from backend.plan.limits import Limits
    from backend.plan.run import Reading

    Handler = Callable[[Request], Awaitable[Response]]


class CrudRouter(APIRouter):
    """The routes of one entity, under its endpoint."""

    def __init__(self, entity: Entity, limits: Limits) -> None:
        endpoint = entity.interface.endpoint
        super().__init__(prefix=f"/{endpoint}", tags=[endpoint])
        self._entity = entity
        routes: list[tuple[Action, Route, Handler]] = [
            (Action.CREATE, Route.CREATE, self._create),
            (Action.CREATE, Route.CREATE_MANY, self._create_many),
            (Action.READ, Route.LIST, self._list),
            (Action.READ, Route.GET, self._get),
            (Action.UPDATE, Route.UPDATE, self._update),
            (Action.DELETE, Route.DELETE, self._delete),
            (Action.ARCHIVE, Route.ARCHIVE, self._archive),
            (Action.ARCHIVE, Route.UNARCHIVE, self._unarchive),
        ]
        for action, route, handler in routes:
            if action is Action.READ or action in entity.operations:
                described = describe(entity, route, limits)
                self.add_api_route(
                    route.path,
                    handler,
                    methods=[route.method],
                    status_code=route.status,
                    summary=described.summary,
                    operation_id=described.operation_id,
                    openapi_extra=described.operation,
                    response_model=None,
                )

    async def _create(self, request: Request) -> Response:
        given = await json_body(request)

        async def work(writing: Writing) -> tuple[Created, Json | None]:
            row = row_of(self._entity, given)
            created = await create(writing, self._entity, [row], [(BODY,)])
            (shown,) = await written(writing, self._entity, created.keys)
            return created, shown

        created, row = await caller_of(request).write(work, of_body(given))
        (told,) = _told([row], created.secrets)
        return answer_row(row, 201, location(self._entity, created.keys[0]), told)

    async def _create_many(self, request: Request) -> Response:
        given = await json_body(request)

        async def work(writing: Writing) -> list[Json | None]:
            rows = rows_of(self._entity, given)
            created = await create(writing, self._entity, rows, [(BODY, str(index)) for index in range(len(rows))])
            return _told(await written(writing, self._entity, created.keys), created.secrets)

        rows = len(given) if isinstance(given, list) else 1
        return answer(await caller_of(request).write(work, of_body(given, rows)), 201)

    async def _list(self, request: Request) -> Response:
        return await caller_of(request).page(self._entity.name, lambda: asked_of(self._entity, request))

    async def _get(self, request: Request) -> Response:
        async def work(reading: Reading) -> Json:
            keys = [key_of(self._entity, request)]
            (row,) = await load_dtos(reading.run(), self._entity, self._entity.interface.get, keys, last=True)
            if row is None:
                raise RefusedError([not_found("id")])
            return row

        return answer_row(await caller_of(request).read(work))

    async def _update(self, request: Request) -> Response:
        given = await json_body(request)

        async def change(writing: Writing, key: Key, version: int | None) -> None:
            await update_row(writing, self._entity, key, row_of(self._entity, given), version)

        return await self._changed(request, change, of_body(given))

    async def _archive(self, request: Request) -> Response:
        return await self._set_archived(request, archived=True)

    async def _unarchive(self, request: Request) -> Response:
        return await self._set_archived(request, archived=False)

    async def _set_archived(self, request: Request, *, archived: bool) -> Response:
        async def change(writing: Writing, key: Key, version: int | None) -> None:
            await set_archived(writing, self._entity, key, version, archived=archived)

        return await self._changed(request, change, of_write())

    async def _changed(
        self, request: Request, change: Callable[[Writing, Key, int | None], Awaitable[None]], cost: int
    ) -> Response:
        """The row as it is once it is changed."""

        async def work(writing: Writing) -> Json | None:
            key = key_of(self._entity, request)
            await change(writing, key, self._expected(request))
            return (await written(writing, self._entity, [key]))[0]

        return answer_row(await caller_of(request).write(work, cost))

    async def _delete(self, request: Request) -> Response:
        async def work(writing: Writing) -> Any:
            key = key_of(self._entity, request)
            affected = await delete_row(
                writing, self._entity, key, self._expected(request), dry_run=is_dry_run(request)
            )
            await finish(writing, self._entity)
            return affected

        return answer({"affected": await caller_of(request).write(work, DELETION)})

    def _expected(self, request: Request) -> int | None:
        return expected_version(self._entity, request.headers.get("if-match"))


def _told(rows: Sequence[Json | None], secrets: Sequence[str]) -> list[Json | None]:
    """The rows with their secrets, if they have any, which nobody is told again."""
    if not secrets:
        return list(rows)
    return [{**(row or {}), "secret": secret} for row, secret in zip(rows, secrets, strict=True)]
