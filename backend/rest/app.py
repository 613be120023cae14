"""The application: routers, errors, and the document that describes them."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from backend.errors import GatewayError
from backend.face.head import bearer_token
from backend.face.origins import Origins
from backend.face.sending import Reply, reply_of
from backend.face.shell import Shell
from backend.operation.problem import RefusedError
from backend.rest.answer import answer
from backend.rest.caller import ALLOWANCE
from backend.rest.crud import CrudRouter
from backend.rest.openapi import PROBLEMS, document
from backend.rest.problem import problem_response
from backend.rest.written import WRITTEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import APIRouter
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Message

    from backend.face.admission import Allowance
    from backend.face.callers import Callers
    from backend.face.head import Headers
    from backend.face.incoming import HttpOptions, Incoming
    from backend.plan.limits import Limits

_SENT = b"Authorization, Content-Type, Content-Encoding, If-Match, If-None-Match, X-Request-ID"
_SHOWN = b"ETag, Location, X-Total-Count, X-Request-ID, RateLimit, RateLimit-Policy, Retry-After"
_REFUSED, _FAILED = 400, 500
_METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE")
_TEXT = (
    "Rows of each entity, as far as the caller may see them. Send a token as `Authorization: Bearer …`; "
    "`computor token create` makes one."
)


def build_rest(
    callers: Callers,
    limits: Limits,
    options: HttpOptions,
    *,
    written: Sequence[APIRouter] | None = None,
) -> RestEndpoint:
    """The application: routes written by hand, then those of every entity."""
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
    made: list[Response] = []

    @app.get("/openapi.json", include_in_schema=False)
    def openapi() -> Response:
        if not made:
            made.append(answer(document(app, callers.catalog)))
        return made[0]

    for expected in (GatewayError, RefusedError, RequestValidationError, HTTPException):
        app.add_exception_handler(expected, _answer_problem)
    return RestEndpoint(app, callers, options)


def _answer_problem(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:  # noqa: PLR2004 - Method Not Allowed
        allowed = ", ".join(method for method in _METHODS if _answers(request, "GET" if method == "HEAD" else method))
        error = HTTPException(405, f"There is no {request.method} here.", {"Allow": allowed})
    return problem_response(error)


def _answers(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


class RestEndpoint(Shell):
    """Has FastAPI answer."""

    def __init__(self, app: FastAPI, callers: Callers, options: HttpOptions) -> None:
        methods = ", ".join(_METHODS).encode()
        super().__init__(options, Origins(options.cors_origins, methods=methods, sent=_SENT, shown=_SHOWN))
        self._app = app
        self._callers = callers

    async def answer(self, asked: Incoming) -> Reply:
        """The answer; that of GET is what HEAD tells of."""
        token = bearer_token(asked.scope["headers"])
        self._callers.check(token)
        # Without a token all that takes a body is refused, whatever is in it.
        body = b"" if token is None else await asked.body()
        scope = asked.scope if asked.method != "HEAD" else {**asked.scope, "method": "GET"}
        sent = _Sent(body)
        await self._app(scope, sent.receive, sent.send)
        if "route" in scope:
            # What observes the request asks it which route that was.
            asked.scope["route"] = scope["route"]
        allowance: Allowance | None = scope.get(ALLOWANCE)
        reply = sent.reply([] if allowance is None else allowance.headers)
        if _REFUSED <= reply.status < _FAILED:
            await self._callers.blame(token, len(body))
        return reply

    def refused(self, asked: Incoming, error: Exception) -> Reply:  # noqa: ARG002 - every caller takes the same type
        """The answer to what was not answered, whatever the reason."""
        return reply_of(problem_response(error))


class _Sent:
    """What an application is given, a body, and what it sends."""

    def __init__(self, body: bytes) -> None:
        self._given: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        self._status = 500
        self._headers: Headers = []
        self._chunks: list[bytes] = []

    async def receive(self) -> Message:
        if not self._given:
            # Whether the client is still there is looked after by the shell.
            await asyncio.Event().wait()
        return self._given.pop()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = [header for header in message["headers"] if header[0] != b"content-length"]
        else:
            self._chunks.append(message.get("body", b""))

    def reply(self, further: Headers) -> Reply:
        """All of it, with these headers, too."""
        return Reply(self._status, [*self._headers, *further], b"".join(self._chunks))
