"""The HTTP answer to an answer of GraphQL: its status and its headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.errors import ErrorCode, LimitError
from backend.face.coding import DECODED
from backend.face.head import JSON
from backend.face.incoming import transport_status
from backend.face.sending import PRIVATE, VARY, Reply
from backend.graphql.http.negotiation import GRAPHQL, NotAcceptableError, status_of

if TYPE_CHECKING:
    from backend.face.head import Headers
    from backend.graphql.answer import Answer

_COMMON = ((b"cache-control", PRIVATE), (b"vary", VARY))
_HEADS = {kind: ((b"content-type", kind + b"; charset=utf-8"), *_COMMON) for kind in (JSON, GRAPHQL)}


def reply_to(answer: Answer, kind: bytes) -> Reply:
    """The HTTP answer in that media type."""
    return Reply(200 if answer.executed else status_of(answer, kind), _headers(answer, kind), answer.content)


def reply_to_batch(answers: list[Answer], kind: bytes) -> Reply:
    """The HTTP answer to a list of requests; what is left to spend is what the last of them left."""
    body = b"[" + b",".join(answer.content for answer in answers) + b"]"
    return Reply(200, _headers(answers[-1], kind), body)


def refusal(error: Exception, answer: Answer, kind: bytes) -> Reply:
    """The HTTP answer to what was refused before it was known to be a request of GraphQL."""
    status = transport_status(error)
    headers = _headers(answer, kind)
    if status == 415:  # noqa: PLR2004 - the status says what it is
        headers.append((b"accept-encoding", DECODED))
    elif isinstance(error, NotAcceptableError):
        status = 406
    elif isinstance(error, LimitError) and error.code is ErrorCode.LIMIT_EXCEEDED:
        status = 413
    return Reply(status or status_of(answer, kind), headers, answer.content)


def _headers(answer: Answer, kind: bytes) -> Headers:
    headers = [*_HEADS[kind]]
    if answer.code is ErrorCode.UNAUTHENTICATED:
        headers.append((b"www-authenticate", b"Bearer"))
    elif answer.code is ErrorCode.METHOD_NOT_ALLOWED:
        headers.append((b"allow", b"GET, POST"))
    if answer.retry_after is not None:
        headers.append((b"retry-after", b"%d" % answer.retry_after))
    if answer.allowance is not None:
        headers += answer.allowance.headers
    return headers
