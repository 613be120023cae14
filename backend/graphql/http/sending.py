"""How an answer is sent: its headers, compressed where that pays, and not at all where the client has it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from backend.correlation import HEADER
from backend.errors import ErrorCode
from backend.face.coding import DECODED, encode

if TYPE_CHECKING:
    from starlette.types import Send

    from backend.graphql.answer import Answer

# What answers depend on beside the address.
VARY = b"Authorization, Cookie, Accept, Accept-Encoding"
_NOT_MODIFIED = 304


@dataclass(frozen=True)
class Reply:
    """The head of an answer."""

    kind: bytes
    request_id: str
    encodings: bytes = b""
    compress_from: int = 0
    head: bool = False
    status: int = 200
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    def of(self, answer: Answer, status: int) -> Reply:
        """The head of this answer."""
        headers = list(self.headers)
        if answer.code is ErrorCode.UNAUTHENTICATED:
            headers.append((b"www-authenticate", b"Bearer"))
        elif answer.code is ErrorCode.METHOD_NOT_ALLOWED:
            headers.append((b"allow", b"GET, POST"))
        if status == 415:  # noqa: PLR2004 - the status says what it is
            headers.append((b"accept-encoding", DECODED))
        if answer.retry_after is not None:
            headers.append((b"retry-after", str(answer.retry_after).encode()))
        if answer.allowance is not None:
            # draft-ietf-httpapi-ratelimit-headers: structured fields.
            allowance = answer.allowance
            headers.append((b"ratelimit-policy", f'"cost";q={allowance.allowed};w=60'.encode()))
            headers.append((b"ratelimit", f'"cost";r={allowance.left};t={allowance.full_in}'.encode()))
        return replace(self, status=status, headers=headers)

    def tagged(self, answer: Answer, token: str, known: bytes | None) -> Reply:
        """The same with an ETag, which no other caller's answer has; a 304 where the client knows that already."""
        if not answer.executed:
            return self
        digest = blake2b(answer.content, digest_size=16, key=blake2b(token.encode("latin-1")).digest())
        tag = f'W/"{digest.hexdigest()}"'.encode()
        status = _NOT_MODIFIED if known is not None and _names(known, tag) else self.status
        return replace(self, status=status, headers=[*self.headers, (b"etag", tag)])


async def send_reply(send: Send, reply: Reply, body: bytes) -> None:
    """Sends the answer."""
    headers = [
        (b"content-type", reply.kind + b"; charset=utf-8"),
        (b"cache-control", b"private, no-cache"),
        (b"vary", VARY),
        (HEADER, reply.request_id.encode()),
        *reply.headers,
    ]
    if 0 < reply.compress_from <= len(body) and reply.encodings:
        encoded = encode(body, reply.encodings)
        if encoded is not None:
            body, coding = encoded
            headers.append((b"content-encoding", coding))
    if reply.status in (204, _NOT_MODIFIED):
        body = b""
        headers = headers[1:]
    else:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if reply.head else body})


def _names(known: bytes, tag: bytes) -> bool:
    """Whether If-None-Match names the tag, compared weakly."""
    strong = tag.removeprefix(b"W/")
    return known.strip() == b"*" or any(each.strip().removeprefix(b"W/") == strong for each in known.split(b","))
