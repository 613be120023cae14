"""The application: routers, errors, and the document that describes them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from backend.correlation import HEADER, begin_request
from backend.errors import GatewayError
from backend.face.http import ClientGoneError, read_body, while_awaited
from backend.face.origins import Origins
from backend.operation.problem import RefusedError
from backend.rest.answer import answer
from backend.rest.crud import CrudRouter
from backend.rest.openapi import PROBLEMS, document
from backend.rest.problem import problem_response
from backend.rest.written import WRITTEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import APIRouter
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from backend.face.callers import Callers
    from backend.face.limits import ValueLimits
    from backend.interface.base import Limits

_SENT = b"Authorization, Content-Type, Content-Encoding, If-Match, If-None-Match, X-Request-ID"
_SHOWN = b"ETag, Location, X-Total-Count, X-Request-ID, Retry-After"
_METHODS = ("GET", "POST", "PATCH", "DELETE")
_TEXT = (
    "Rows of each entity, as far as the caller may see them. Send a token as `Authorization: Bearer …`; "
    "`computor token create` makes one."
)


@dataclass(frozen=True)
class RestOptions:
    """What of requests is settable; the settings of the same names say what each is."""

    max_body: int
    max_body_seconds: float
    max_seconds: float
    cors_origins: str
    values: ValueLimits


def build_rest(
    callers: Callers,
    limits: Limits,
    options: RestOptions,
    *,
    pages: Sequence[BaseRoute] = (),
    written: Sequence[APIRouter] | None = None,
) -> FastAPI:
    """The application: routes written by hand, then those of every entity, then `pages`."""
    app = FastAPI(
        title="Computor gateway",
        version=version("computor-gateway"),
        description=_TEXT,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        responses=PROBLEMS,
    )
    app.state.callers = callers
    app.state.limits = limits
    app.state.values = options.values
    for router in WRITTEN if written is None else written:
        app.include_router(router)
    for entity in callers.catalog.values():
        app.include_router(CrudRouter(entity, limits))
    app.router.routes += pages
    made: list[Response] = []

    @app.get("/openapi.json", include_in_schema=False)
    def openapi() -> Response:
        if not made:
            made.append(answer(document(app, callers.catalog)))
        return made[0]

    for expected in (GatewayError, RefusedError, RequestValidationError, HTTPException):
        app.add_exception_handler(expected, _answer_problem)
    origins = Origins(options.cors_origins, methods=", ".join(_METHODS).encode(), sent=_SENT, shown=_SHOWN)
    app.add_middleware(
        Guard,
        max_body=options.max_body,
        max_body_seconds=options.max_body_seconds,
        max_seconds=options.max_seconds,
        origins=origins,
    )
    return app


def _answer_problem(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:  # noqa: PLR2004 - Method Not Allowed
        allowed = ", ".join(method for method in _METHODS if _answers(request, method))
        error = HTTPException(405, f"There is no {request.method} here.", {"Allow": allowed})
    return problem_response(error)


def _answers(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


class Guard:
    """What holds for every request: whose pages may send it, how long it is and takes, and what nobody expected."""

    def __init__(
        self, app: ASGIApp, *, max_body: int, max_body_seconds: float, max_seconds: float, origins: Origins
    ) -> None:
        self._app = app
        self._max_body = max_body
        self._max_body_seconds = max_body_seconds
        self._max_seconds = max_seconds
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False
        sent = dict(scope["headers"])
        further = [(HEADER, begin_request(sent.get(HEADER)).encode()), *self._origins.headers(sent.get(b"origin"))]

        async def watched_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], *further]
            await send(message)

        if scope["method"] == "OPTIONS" and self._origins.any and b"access-control-request-method" in sent:
            allowed = self._origins.preflight(sent.get(b"origin", b""))
            await send({"type": "http.response.start", "status": 204, "headers": allowed})
            await send({"type": "http.response.body"})
            return
        try:
            body = await read_body(scope["headers"], receive, self._max_body, self._max_body_seconds)
            await while_awaited(self._app(scope, _replayed(body), watched_send), receive, self._max_seconds)
        except ClientGoneError:
            return
        except Exception as error:
            if started:
                raise
            await problem_response(error)(scope, receive, watched_send)


def _replayed(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if not messages:
            # Whether the client is still there is looked after above.
            await asyncio.Event().wait()
        return messages.pop()

    return receive
