"""A request as it comes: its head, its body within bounds, how long it may take, and whether its client still waits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from backend.errors import TimedOutError
from backend.face.coding import UnknownCodingError, decode, too_large
from backend.face.head import MediaTypeError
from backend.face.limits import DocumentLimits

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope

    from backend.face.limits import ValueLimits
    from backend.settings import Settings

WATCHED_AFTER = 0.5
"""Seconds after which it is worth knowing whether the client still waits."""


class ClientGoneError(Exception):
    """The client has closed the connection, and nobody waits for the answer."""


@dataclass(frozen=True)
class HttpOptions:
    """What of HTTP is settable on every face; the settings of the same names say what each is."""

    max_body: int
    max_body_seconds: float
    max_seconds: float
    compress_from: int
    cors_origins: str
    values: ValueLimits

    @classmethod
    def of(cls, settings: Settings) -> HttpOptions:
        """Those that the settings say."""
        return cls(
            max_body=settings.max_body_bytes,
            max_body_seconds=settings.max_body_seconds,
            max_seconds=settings.max_seconds,
            compress_from=settings.compress_from,
            cors_origins=settings.cors_origins,
            values=DocumentLimits.of(settings),
        )

    @cached_property
    def soonest_end(self) -> float:
        """Seconds after which a request may have to be ended."""
        return min(self.max_body_seconds, self.max_seconds)


class Incoming:
    """A request of the task that makes this, until it is closed.

    It cancels the task once the body or the answer takes too long, or the client has gone: `ended` says why then.
    Few requests take so long that it is worth a look, so that it costs the others a timer and nothing more.
    """

    def __init__(self, scope: Scope, receive: Receive, options: HttpOptions) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        # The last of each name.
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self._receive = receive
        self._options = options
        self._loop = loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(loop)
        self._why: ClientGoneError | TimedOutError | None = None
        self._watch: asyncio.Task[None] | None = None
        self._reading = False
        self._since = loop.time()
        self._timer = loop.call_later(min(WATCHED_AFTER, options.soonest_end), self._look)

    async def body(self) -> bytes:
        """The body, decompressed; it is read once.

        Raises LimitError where either form is too long, BadRequestError where it is not coded as it says, and
        ClientGoneError where it does not come at all.
        """
        limit = self._options.max_body
        length = self.headers.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) > limit:
            raise too_large(limit, int(length[:15]))
        self._reading = True
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            body: bytes = message.get("body", b"")
        else:
            body = await self._chunks(message, limit)
        self._reading = False
        self._since = self._loop.time()
        if len(body) > limit:
            raise too_large(limit, len(body))
        if b"content-encoding" not in self.headers:
            return body
        codings = [value for name, value in self.scope["headers"] if name == b"content-encoding"]
        return decode(body, b", ".join(codings), limit)

    async def _chunks(self, message: Message, limit: int) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while message["type"] != "http.disconnect":
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise too_large(limit, size)
            chunks.append(chunk)
            if not message.get("more_body"):
                return b"".join(chunks)
            message = await self._receive()
        raise ClientGoneError

    def ended(self) -> ClientGoneError | TimedOutError | None:
        """Why the task was cancelled from here; None where somebody else did. It is asked once it was cancelled."""
        if self._why is None or self._task is None or self._task.uncancel() != 0:
            return None
        return self._why

    def close(self) -> None:
        """Nothing ends the task from here any more."""
        self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()

    def _look(self) -> None:
        now = self._loop.time()
        if not self._reading:
            self._watch = self._loop.create_task(self._watched(self._options.max_seconds - (now - self._since)))
            return
        allowed = self._options.max_body_seconds
        left = self._since + allowed - now
        if left <= 0:
            text = f"The body did not come within {allowed:g} seconds."
            self._end(TimedOutError(text, "bodySeconds", allowed, allowed))
        else:
            self._timer = self._loop.call_later(min(left, WATCHED_AFTER, self._options.max_seconds), self._look)

    async def _watched(self, seconds: float) -> None:
        """Ends the task when its client goes, or after so many seconds. Nothing else comes after the body."""
        try:
            async with asyncio.timeout(seconds):
                while (await self._receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            allowed, found = self._options.max_seconds, self._loop.time() - self._since
            text = f"The request was ended after {found:.1f} seconds; at most {allowed:g} are spent on one."
            self._end(TimedOutError(text, "seconds", allowed, round(found, 3)))
        else:
            self._end(ClientGoneError())

    def _end(self, why: ClientGoneError | TimedOutError) -> None:
        self._why = why
        if self._task is not None:
            self._task.cancel()


def transport_status(error: BaseException) -> int | None:
    """The status of a body that could not be read, on every face; None for what else is wrong."""
    if isinstance(error, MediaTypeError | UnknownCodingError):
        return 415
    if isinstance(error, TimedOutError) and error.limit == "bodySeconds":
        return 408
    return None
