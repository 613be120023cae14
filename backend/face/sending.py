"""How answers are sent: compressed where that pays, and not at all where the client has them."""

from __future__ import annotations

import asyncio
import re
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from backend.face.coding import encode

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Send

    from backend.face.head import Headers
    from backend.face.incoming import Incoming

VARY = b"Authorization, Cookie, Accept, Accept-Encoding"
"""What answers depend on beside the address."""
PRIVATE = b"private, no-cache"
"""The Cache-Control of answers that are for one caller."""
_LONG = 64_000
_NO_CONTENT, _NOT_MODIFIED = 204, 304
_BODILESS = (_NO_CONTENT, _NOT_MODIFIED)
# What of a tag says how the same content is sent.
_FORM = re.compile(rb'^W/|-(?:gzip|br|zstd)(?="$)')
_ABOUT_BODIES = (b"content-type", b"content-length")


class Reply(NamedTuple):
    """An answer: whoever sends it adds the headers that do not depend on the face, its length among them."""

    status: int
    headers: Headers
    body: bytes = b""


def reply_of(response: Response) -> Reply:
    """The same answer as Starlette has it, which must not stream."""
    headers = [header for header in response.raw_headers if header[0] != b"content-length"]
    return Reply(response.status_code, headers, bytes(response.body))


def tagged(asked: Incoming, reply: Reply, caller: str) -> Reply:
    """The same with an ETag, if it has none, that no other caller's answer has; 304 where the client knows it."""
    tag = next((value for name, value in reply.headers if name == b"etag"), None)
    headers = reply.headers
    if tag is None:
        digest = blake2b(reply.body, digest_size=16, key=blake2b(caller.encode("latin-1")).digest())
        tag = f'W/"{digest.hexdigest()}"'.encode()
        headers = [*headers, (b"etag", tag)]
    known = asked.headers.get(b"if-none-match")
    if known is None or not _names(known, tag):
        return Reply(reply.status, headers, reply.body)
    return Reply(_NOT_MODIFIED, [header for header in headers if header[0] not in _ABOUT_BODIES])


async def send_reply(send: Send, asked: Incoming, reply: Reply, further: Headers, compress_from: int) -> None:
    """Sends the answer with these headers, too; its body compressed from so many bytes on, 0 for never."""
    status, headers, body = reply
    headers = [*headers, *further]
    if 0 < compress_from <= len(body) and (accepted := asked.headers.get(b"accept-encoding")):
        # It takes up to a second for the largest, which others need not wait for.
        encoded = encode(body, accepted) if len(body) < _LONG else await asyncio.to_thread(encode, body, accepted)
        if encoded is not None:
            body, coding = encoded
            headers = [_coded(header, coding) for header in headers]
            headers.append((b"content-encoding", coding))
    if status not in _BODILESS:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if asked.method == "HEAD" else body})


def _coded(header: tuple[bytes, bytes], coding: bytes) -> tuple[bytes, bytes]:
    """A strong tag stands for these very bytes, so that it says how they are coded."""
    name, value = header
    if name != b"etag" or value.startswith(b"W/"):
        return header
    return name, value[:-1] + b"-" + coding + b'"'


def _names(known: bytes, tag: bytes) -> bool:
    """Whether If-None-Match names the tag, compared weakly, in whichever coding it was sent."""
    wanted = _FORM.sub(b"", tag)
    return known.strip() == b"*" or any(_FORM.sub(b"", each.strip()) == wanted for each in known.split(b","))
