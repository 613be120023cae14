"""HTTP connections that wait for slow clients, but not for long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's, with an end to the wait for a request's head.

    uvicorn waits for the next request of a connection, but for the rest of a head that has begun it waits forever, and
    so it does for the first. Whoever reads a body sees to its end.
    """

    head_seconds: ClassVar[float] = 10

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_is_missing = True
        self._idle = True
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
        super().data_received(data)
        self._watch()

    def on_headers_complete(self) -> None:
        """The head has come."""
        self._head_is_missing = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request has come; what comes now is another."""
        self._idle = True
        super().on_message_complete()

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
        if self.transport.is_closing():
            return
        # An answer to the request before may still be underway.
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_TOO_SLOW)
        self.transport.close()
