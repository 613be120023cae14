"""HTTP connections that wait for slow clients, but not for long, and read no heads without end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

LARGEST_HEAD = 65_536
"""Bytes of a request's line and headers, trailers included."""
MOST_HEADERS = 100
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class HeadTooLargeError(Exception):
    """A request has more, or longer, headers than are read."""


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's, with an end to the wait for a request's head, and to the head.

    uvicorn waits for the next request of a connection, but for the rest of a head that has begun it waits forever, and
    so it does for the first. It keeps of a head whatever comes. Whoever reads a body sees to its end.
    """

    head_seconds: ClassVar[float] = 10

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_is_missing = True
        self._idle = True
        self._head_size = 0
        self._head_is_too_large = False
        # Bytes that have come since anything was whole: the parser keeps those of a header until it is.
        self._unread = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A client has come, and is to ask."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Most heads come whole, so that no timer is set for them."""
        if self._idle:
            self._idle = False
            self._head_is_missing = True
        self._unread += len(data)
        super().data_received(data)
        if self._unread > LARGEST_HEAD:
            self._close(_TOO_LARGE)
        self._watch()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._head_size = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A part of the request's line has come."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header has come, or a trailer."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head has come."""
        self._head_is_missing = False
        self._unread = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body has come."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has come; what comes now is another."""
        self._idle = True
        self._unread = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What has come is no request, or has too large a head."""
        if self._head_is_too_large:
            self._close(_TOO_LARGE)
        else:
            super().send_400_response(msg)

    def _count(self, size: int) -> None:
        """Has the parser give up where that is too much."""
        self._head_size += size
        if self._head_size > LARGEST_HEAD or len(self.headers) >= MOST_HEADERS:
            self._head_is_too_large = True
            raise HeadTooLargeError

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._head_is_missing = False
        self._watch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """A head has its time, however little of it comes at once."""
        if self._head_is_missing and self._timer is None:
            self._timer = self.loop.call_later(self.head_seconds, self._give_up)
        elif not self._head_is_missing and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._close(_TOO_SLOW)

    def _close(self, answer: bytes) -> None:
        if self.transport.is_closing():
            return
        # An answer to the request before may still be underway.
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(answer)
        self.transport.close()
