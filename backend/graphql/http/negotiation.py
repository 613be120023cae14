"""Media types and status codes, by the GraphQL-over-HTTP specification."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from backend.errors import BadRequestError, ErrorCode
from backend.face.head import JSON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.graphql.answer import Answer

GRAPHQL = b"application/graphql-response+json"
HTML = b"text/html"
# In each media type: what is not the document's fault.
STATUSES: Mapping[ErrorCode | None, int] = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.BAD_REQUEST: 400,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.RATE_LIMITED: 429,
    # What Apollo's clients expect, and go on from.
    ErrorCode.PERSISTED_QUERY_NOT_FOUND: 200,
    ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED: 200,
    ErrorCode.DOCUMENT_NOT_TRUSTED: 403,
    ErrorCode.TIMEOUT: 504,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.INTERNAL_SERVER_ERROR: 500,
}


class NotAcceptableError(BadRequestError):
    """The client takes no media type in which answers come."""


@lru_cache(maxsize=100)
def accepted(accept: bytes) -> bytes | None:
    """The media type of the answer: JSON, GRAPHQL, or HTML where a browser asks for a page; None where none will do.

    Clients that do not name the newer type get plain JSON.
    """
    if not accept:
        return JSON
    best: tuple[float, int] = (0.0, 0)
    chosen = None
    for place, part in enumerate(accept.lower().split(b",")):
        kind, *parameters = (piece.strip() for piece in part.split(b";"))
        offered = _OFFERED.get(kind)
        weight = (_weight(parameters), -place)
        if offered is not None and weight[0] > 0 and _is_utf_8(parameters) and (chosen is None or weight > best):
            chosen, best = offered, weight
    return chosen


def status_of(answer: Answer, kind: bytes) -> int:
    """With plain JSON, what the document or its values are refused for is a 200 still, as of old."""
    if answer.executed:
        return 200
    known = STATUSES.get(answer.code)
    if known is not None:
        return known
    return 400 if kind == GRAPHQL else 200


_OFFERED = {JSON: JSON, b"*/*": JSON, b"application/*": JSON, GRAPHQL: GRAPHQL, HTML: HTML, b"text/*": HTML}


def _weight(parameters: list[bytes]) -> float:
    for parameter in parameters:
        if parameter.startswith(b"q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


def _is_utf_8(parameters: list[bytes]) -> bool:
    charsets = [parameter[8:].strip(b'"') for parameter in parameters if parameter.startswith(b"charset=")]
    return all(charset == b"utf-8" for charset in charsets)
