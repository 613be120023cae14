"""Requests as they come over HTTP: whose they are, what they say, and whether their client still waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from backend.errors import BadRequestError, TimedOutError
from backend.face.coding import UnknownCodingError, decode, too_large

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from starlette.types import Message, Receive

    Headers = Sequence[tuple[bytes, bytes]]

T = TypeVar("T")

JSON = b"application/json"
WATCHED_AFTER = 0.5
"""Seconds after which it is worth knowing whether the client still waits."""


class ClientGoneError(Exception):
    """The client has closed the connection, and nobody waits for the answer."""


class MediaTypeError(BadRequestError):
    """The body comes in a media type that is not read."""


def transport_status(error: BaseException) -> int | None:
    """The status of a body that could not be read, on every face; None for what else is wrong."""
    if isinstance(error, MediaTypeError | UnknownCodingError):
        return 415
    if isinstance(error, TimedOutError) and error.limit == "bodySeconds":
        return 408
    return None


def is_json(content_type: bytes) -> bool:
    """Whether that is JSON in UTF-8."""
    if content_type == JSON:
        return True
    kind, _, parameters = content_type.lower().partition(b";")
    return kind.strip() == JSON and parameters.strip() in (b"", b"charset=utf-8", b'charset="utf-8"')


def check_json(content_type: bytes) -> None:
    """Raises MediaTypeError where that is not JSON in UTF-8."""
    if not is_json(content_type):
        raise MediaTypeError("The Content-Type must be application/json.")


def bearer_token(headers: Headers) -> str | None:
    """The token that a request came with: None where there is none, and empty where what there is cannot be one."""
    found = [value for name, value in headers if name == b"authorization"]
    if not found or found == [b""]:
        return None
    scheme, _, token = found[0].partition(b" ")
    # Who says twice who is asking is nobody: taking either would be a guess.
    if len(found) > 1 or scheme.lower() != b"bearer":
        return ""
    return token.strip().decode("latin-1")


async def read_body(headers: Headers, receive: Receive, limit: int, seconds: float) -> bytes:
    """The body of a request, decompressed.

    Raises LimitError where either form has more bytes than `limit`, TimedOutError where it takes longer than so many
    seconds to come, and ClientGoneError where it does not come at all.
    """
    try:
        async with asyncio.timeout(seconds):
            body = await _body(headers, receive, limit)
    except TimeoutError:
        text = f"The body did not come within {seconds:g} seconds."
        raise TimedOutError(text, "bodySeconds", seconds, seconds) from None
    codings = [value for name, value in headers if name == b"content-encoding"]
    return decode(body, b", ".join(codings), limit) if codings else body


async def _body(headers: Headers, receive: Receive, limit: int) -> bytes:
    for name, value in headers:
        if name == b"content-length" and value.isdigit() and int(value[:20]) > limit:
            raise too_large(limit, int(value[:15]))
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        chunks = [message.get("body", b"")]
    else:
        chunks = await _chunks(message, receive, limit)
    if len(chunks[0]) > limit:
        raise too_large(limit, len(chunks[0]))
    return b"".join(chunks)


async def _chunks(message: Message, receive: Receive, limit: int) -> list[bytes]:
    chunks: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise too_large(limit, size)
        chunks.append(chunk)
        if not message.get("more_body"):
            return chunks
        message = await receive()


async def while_awaited(work: Awaitable[T], receive: Receive, seconds: float | None = None) -> T:
    """What the work comes to, unless its client goes away meanwhile, or it takes longer than so many seconds.

    Raises ClientGoneError and TimedOutError then; the work is cancelled.

    `receive` has nothing more to give but that. Few requests take so long that it is worth a look, so that it costs the
    others a timer and nothing more.
    """
    answering = asyncio.current_task()
    watching: list[asyncio.Task[None]] = []
    ended: ClientGoneError | TimedOutError | None = None
    loop = asyncio.get_running_loop()
    begun = loop.time()
    first_look = WATCHED_AFTER if seconds is None else min(WATCHED_AFTER, seconds)

    async def watch() -> None:
        nonlocal ended
        try:
            async with asyncio.timeout(None if seconds is None else seconds - first_look):
                while (await receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            ended = _timed_out(float(seconds or 0), loop.time() - begun)
        else:
            ended = ClientGoneError()
        if answering is not None:
            answering.cancel()

    timer = loop.call_later(first_look, lambda: watching.append(loop.create_task(watch())))
    try:
        return await work
    except asyncio.CancelledError:
        if ended is not None and answering is not None and answering.uncancel() == 0:
            raise ended from None
        raise
    finally:
        timer.cancel()
        for task in watching:
            task.cancel()


def _timed_out(allowed: float, found: float) -> TimedOutError:
    text = f"The request was ended after {found:.1f} seconds; at most {allowed:g} are spent on one."
    return TimedOutError(text, "seconds", allowed, round(found, 3))
