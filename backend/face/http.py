"""Requests as they come over HTTP: whose they are, what they say, and whether their client still waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from backend.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from starlette.types import Receive

    Headers = Sequence[tuple[bytes, bytes]]

T = TypeVar("T")

WATCHED_AFTER = 0.5
"""Seconds after which it is worth knowing whether the client still waits."""


class ClientGoneError(Exception):
    """The client has closed the connection, and nobody waits for the answer."""


class TooLargeError(BadRequestError):
    """The body is longer than the server reads."""


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


async def read_body(headers: Headers, receive: Receive, limit: int) -> bytes:
    """The body of a request; TooLargeError where it has more bytes than `limit`."""
    length = dict(headers).get(b"content-length", b"0")
    if length.isdigit() and int(length) > limit:
        raise TooLargeError(f"The body is {int(length)} bytes long; at most {limit} are read.")
    chunks = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequestError("The client went away.")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLargeError(f"The body is longer than {limit} bytes.")
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


async def while_awaited(work: Awaitable[T], receive: Receive) -> T:
    """What the work comes to; a client that goes away meanwhile has it cancelled. Raises ClientGoneError then.

    `receive` has nothing more to give but that. Few requests take so long that it is worth a look, so that it costs the
    others a timer and nothing more.
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
        return await work
    except asyncio.CancelledError:
        if gone and answering is not None and answering.uncancel() == 0:
            raise ClientGoneError from None
        raise
    finally:
        timer.cancel()
        for task in watching:
            task.cancel()
