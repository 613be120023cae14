"""GraphQL over HTTP: one ASGI application that reads a request, has it answered, and writes the answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson

from backend.errors import BadRequestError, ErrorCode
from backend.graphql.answer import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from backend.graphql.engine import Engine

JSON = b"application/json"
GRAPHQL = b"application/graphql-response+json"
WATCHED_AFTER = 0.5
"""Seconds after which it is worth knowing whether the client still waits."""
_STATUS: Mapping[ErrorCode | None, int] = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.BAD_REQUEST: 400,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.INTERNAL_SERVER_ERROR: 500,
}


class ClientGoneError(Exception):
    """The client has closed the connection, and nobody waits for the answer."""


class TooLargeError(BadRequestError):
    """The body is longer than the server reads."""


class GraphQLEndpoint:
    """Answers POST with a GraphQL request; hands a browser that GETs a page to `page`."""

    def __init__(self, engine: Engine, page: ASGIApp, *, max_body: int) -> None:
        self._engine = engine
        self._page = page
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        headers = dict(scope["headers"])
        if len(headers) < len(scope["headers"]) and _has_several_credentials(scope["headers"]):
            headers[b"authorization"] = b"several"
        if scope["method"] in ("GET", "HEAD"):
            await self._page(scope, receive, send)
            return
        if scope["method"] != "POST":
            text = "GraphQL requests are sent with POST."
            await _send(send, 405, JSON, _problem(text), [(b"allow", b"GET, POST")])
            return
        try:
            request = _read(await self._body(headers, receive), headers)
        except TooLargeError as error:
            await _send(send, 413, JSON, _problem(str(error)))
            return
        except BadRequestError as error:
            status = 415 if not _is_json(headers) else 400
            await _send(send, status, JSON, _problem(str(error)))
            return
        try:
            answer = await self._answer(request, receive)
        except ClientGoneError:
            return
        kind = _accepted(headers.get(b"accept", b""))
        extra = [(b"www-authenticate", b"Bearer")] if answer.code is ErrorCode.UNAUTHENTICATED else []
        await _send(send, _status(answer, kind), kind, answer.body, extra)

    async def _answer(self, request: Request, receive: Receive) -> Answer:
        """The answer; a client that goes away meanwhile has its statement cancelled. Raises ClientGoneError then.

        Few requests take so long that it is worth a look, so that it costs the others a timer and nothing more.
        """
        answering = asyncio.current_task()
        watching: list[asyncio.Task[None]] = []
        gone = False

        async def watch() -> None:
            nonlocal gone
            if (await receive())["type"] == "http.disconnect" and answering is not None:
                gone = True
                answering.cancel()

        loop = asyncio.get_running_loop()
        timer = loop.call_later(WATCHED_AFTER, lambda: watching.append(loop.create_task(watch())))
        try:
            return await self._engine.answer(request)
        except asyncio.CancelledError:
            if gone and answering is not None and answering.uncancel() == 0:
                raise ClientGoneError from None
            raise
        finally:
            timer.cancel()
            for task in watching:
                task.cancel()

    async def _body(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._max_body:
            raise TooLargeError(f"The body is {int(length)} bytes long; at most {self._max_body} are read.")
        chunks = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise BadRequestError("The client went away.")
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._max_body:
                raise TooLargeError(f"The body is longer than {self._max_body} bytes.")
            chunks.append(chunk)
            if not message.get("more_body"):
                return b"".join(chunks)


def _read(body: bytes, headers: Mapping[bytes, bytes]) -> Request:
    if not _is_json(headers):
        raise BadRequestError("The Content-Type must be application/json.")
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequestError(f"The body is no JSON: {error.msg}.") from None
    if not isinstance(content, dict):
        raise BadRequestError("The body must be a JSON object with a `query`.")
    query = content.get("query")
    if not isinstance(query, str) or not query:
        raise BadRequestError("`query` is missing: it must be a text, the GraphQL document.")
    variables = content.get("variables")
    if variables is None:
        variables = {}
    if not isinstance(variables, dict):
        raise BadRequestError("`variables` must be a JSON object.")
    name = content.get("operationName")
    if name is not None and not isinstance(name, str):
        raise BadRequestError("`operationName` must be a text.")
    return Request(query, variables, name or None, _token(headers))


def _is_json(headers: Mapping[bytes, bytes]) -> bool:
    kind, _, parameters = headers.get(b"content-type", b"").partition(b";")
    charset = parameters.strip().lower()
    return kind.strip().lower() == JSON and charset in (b"", b"charset=utf-8", b'charset="utf-8"')


def _token(headers: Mapping[bytes, bytes]) -> str | None:
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    if not scheme:
        return None
    if scheme.lower() != b"bearer":
        return ""
    return token.strip().decode("latin-1")


def _has_several_credentials(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the request says twice who is asking: taking either would be a guess."""
    return sum(name == b"authorization" for name, _ in headers) > 1


def _accepted(accept: bytes) -> bytes:
    """The media type of the answer; clients that do not name the newer one get plain JSON."""
    return GRAPHQL if GRAPHQL in accept.lower() else JSON


def _status(answer: Answer, kind: bytes) -> int:
    """By the GraphQL-over-HTTP specification: with plain JSON, only what is no request of GraphQL is a 4xx."""
    if answer.executed:
        return 200
    known = _STATUS.get(answer.code)
    if known is not None:
        return known
    return 400 if kind == GRAPHQL else 200


def _problem(message: str) -> bytes:
    return orjson.dumps({"errors": [{"message": message, "extensions": {"code": ErrorCode.BAD_REQUEST.value}}]})


async def _send(send: Send, status: int, kind: bytes, body: bytes, extra: Any = ()) -> None:
    headers = [
        (b"content-type", kind + b"; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"private, no-cache"),
        (b"vary", b"Authorization, Accept"),
        *extra,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
