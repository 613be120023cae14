"""GraphQL over HTTP: one ASGI application that reads a request, has it answered, and writes the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from backend.errors import BadRequestError, ErrorCode
from backend.face.http import ClientGoneError, TooLargeError, bearer_token, read_body, while_awaited
from backend.graphql.answer import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from backend.graphql.engine import Engine

JSON = b"application/json"
GRAPHQL = b"application/graphql-response+json"
_STATUS: Mapping[ErrorCode | None, int] = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.BAD_REQUEST: 400,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.INTERNAL_SERVER_ERROR: 500,
}


class GraphQLEndpoint:
    """Answers POST with a GraphQL request; hands a browser that GETs a page to `page`."""

    def __init__(self, engine: Engine, page: ASGIApp, *, max_body: int) -> None:
        self._engine = engine
        self._page = page
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        headers = dict(scope["headers"])
        if scope["method"] in ("GET", "HEAD"):
            await self._page(scope, receive, send)
            return
        if scope["method"] != "POST":
            text = "GraphQL requests are sent with POST."
            await _send(send, 405, JSON, _problem(text), [(b"allow", b"GET, POST")])
            return
        try:
            body = await read_body(scope["headers"], receive, self._max_body)
            request = _read(body, headers, bearer_token(scope["headers"]))
        except TooLargeError as error:
            await _send(send, 413, JSON, _problem(str(error)))
            return
        except BadRequestError as error:
            status = 415 if not _is_json(headers) else 400
            await _send(send, status, JSON, _problem(str(error)))
            return
        try:
            answer = await while_awaited(self._engine.answer(request), receive)
        except ClientGoneError:
            return
        kind = _accepted(headers.get(b"accept", b""))
        extra = [(b"www-authenticate", b"Bearer")] if answer.code is ErrorCode.UNAUTHENTICATED else []
        await _send(send, _status(answer, kind), kind, answer.body, extra)


def _read(body: bytes, headers: Mapping[bytes, bytes], token: str | None) -> Request:
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
    return Request(query, variables, name or None, token)


def _is_json(headers: Mapping[bytes, bytes]) -> bool:
    kind, _, parameters = headers.get(b"content-type", b"").partition(b";")
    charset = parameters.strip().lower()
    return kind.strip().lower() == JSON and charset in (b"", b"charset=utf-8", b'charset="utf-8"')


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
