"""One ASGI application that reads a request, has it answered, and writes the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import thread_time
from typing import TYPE_CHECKING

from backend.correlation import HEADER, begin_request
from backend.errors import BadRequestError, ErrorCode, GatewayError, LimitError, MethodNotAllowedError
from backend.face.http import (
    JSON,
    ClientGoneError,
    bearer_token,
    check_json,
    read_body,
    transport_status,
    while_awaited,
)
from backend.face.limits import ValueLimits
from backend.graphql.answer import Answer, Request, failed
from backend.graphql.http.cross_site import NOT_SIMPLE, REPORTS, is_simple, origins
from backend.graphql.http.negotiation import GRAPHQL, HTML, accepted, status_of
from backend.graphql.http.reading import asks_something, read_query_string, read_requests
from backend.graphql.http.sending import Reply, send_reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from backend.graphql.engine import Engine

# Bytes from which on reading a body is worth measuring.
_LARGE = 10_000
_SIMPLE = (
    "A page of any site could have sent this GET: send the Content-Type application/json, or one of the headers "
    f"{', '.join(name.decode() for name in NOT_SIMPLE)}."
)


@dataclass(frozen=True)
class HttpOptions:
    """What of HTTP is settable; the settings of the same names say what each is."""

    max_body: int = 1_048_576
    max_body_seconds: float = 20
    max_batch: int = 0
    max_seconds: float = 60
    compress_from: int = 1024
    cors_origins: str = ""
    values: ValueLimits = ValueLimits()  # noqa: RUF009 - it is frozen


class NotAcceptableError(BadRequestError):
    """The client takes no media type in which answers come."""


class GraphQLEndpoint:
    """Answers requests of GraphQL that are sent with POST or GET; hands a browser that wants a page to `page`."""

    def __init__(self, engine: Engine, page: ASGIApp, options: HttpOptions) -> None:
        self._engine = engine
        self._page = page
        self._options = options
        self._origins = origins(options.cors_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        headers = dict(scope["headers"])
        method = scope["method"]
        kind = accepted(headers.get(b"accept", b""))
        reading = method in ("GET", "HEAD")
        if reading and kind in (HTML, None, JSON) and not asks_something(scope["query_string"]):
            await self._page(scope, receive, send)
            return
        reply = Reply(
            kind=GRAPHQL if kind == GRAPHQL else JSON,
            request_id=begin_request(headers.get(HEADER)),
            headers=self._origins.headers(headers.get(b"origin")) if self._origins.any else [],
            encodings=headers.get(b"accept-encoding", b""),
            compress_from=self._options.compress_from,
            head=method == "HEAD",
        )
        if method == "OPTIONS" and self._origins.any and b"access-control-request-method" in headers:
            allowed = self._origins.preflight(headers.get(b"origin", b""))
            await send_reply(send, replace(reply, status=204, headers=allowed), b"")
            return
        try:
            asked = await self._read(scope, headers, receive, kind)
            answered = await while_awaited(self._answer(asked), receive, self._options.max_seconds)
        except ClientGoneError:
            return
        except GatewayError as error:
            answer = failed(error)
            await send_reply(send, reply.of(answer, _status_of_error(error, answer, reply.kind)), answer.content)
            return
        if isinstance(answered, list):
            body = b"[" + b",".join(answer.content for answer in answered) + b"]"
            await send_reply(send, reply.of(answered[-1], 200), body)
            return
        made = reply.of(answered, status_of(answered, reply.kind))
        if reading:
            token = bearer_token(scope["headers"])
            made = made.tagged(answered, token or "", headers.get(b"if-none-match"))
        await send_reply(send, made, answered.content)

    async def _read(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, kind: bytes | None
    ) -> Request | list[Request]:
        """What is asked. Raises GatewayError where that cannot be answered at all."""
        reports = frozenset(name for header, name in REPORTS.items() if headers.get(header, b"0") != b"0")
        token = bearer_token(scope["headers"])
        if scope["method"] == "POST":
            check_json(headers.get(b"content-type", b""))
            self._engine.callers.check(token)
            body = await read_body(scope["headers"], receive, self._options.max_body, self._options.max_body_seconds)
            begun = thread_time() if len(body) > _LARGE else None
            asked = read_requests(body, token, self._options.max_batch, self._options.values)
            if begun is not None and isinstance(asked, Request):
                asked = replace(asked, took=thread_time() - begun)
        elif scope["method"] in ("GET", "HEAD"):
            if is_simple(headers):
                raise BadRequestError(_SIMPLE)
            asked = read_query_string(scope["query_string"], token, self._options.values)
        else:
            raise MethodNotAllowedError("GraphQL requests are sent with POST or GET.")
        if kind is None or kind == HTML:
            text = "The Accept header takes neither application/graphql-response+json nor application/json."
            raise NotAcceptableError(text)
        if not reports:
            return asked
        if isinstance(asked, list):
            return [replace(request, reports=reports) for request in asked]
        return replace(asked, reports=reports)

    async def _answer(self, asked: Request | list[Request]) -> Answer | list[Answer]:
        if isinstance(asked, Request):
            return await self._engine.answer(asked)
        return [await self._engine.answer(request) for request in asked]


def _status_of_error(error: GatewayError, answer: Answer, kind: bytes) -> int:
    """The status of what is refused before it is known to be a request of GraphQL."""
    if (status := transport_status(error)) is not None:
        return status
    if isinstance(error, NotAcceptableError):
        return 406
    if isinstance(error, LimitError) and error.code is ErrorCode.LIMIT_EXCEEDED:
        return 413
    return status_of(answer, kind)
