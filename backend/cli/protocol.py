"""HTTP connections that wait for slow clients, but not for long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's, with an end to the wait for a request's head, and for its body.

    uvicorn waits for the next request of a connection, but for the rest of one that has begun it waits forever.
    """

    head_seconds: ClassVar[float] = 10
    body_seconds: ClassVar[float] = 30

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # What is still to come: the head of a request, its body, or nothing.
        self._missing: str | None = "head"
        self._waited_for: str | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A client has come, and is to ask."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Most requests come whole, so that no timer is set for them."""
        if self._missing is None:
            self._missing = "head"
        super().data_received(data)
        self._watch()

    def on_headers_complete(self) -> None:
        """The head has come."""
        self._missing = "body"
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body has come."""
        self._missing = None
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._missing = None
        self._watch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Each part of a request has its time, however little of it comes at once."""
        if self._missing == self._waited_for:
            return
        self._waited_for = self._missing
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._missing is not None:
            seconds = self.head_seconds if self._missing == "head" else self.body_seconds
            self._timer = self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        if self.transport.is_closing():
            return
        answering = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        if not answering:
            self.transport.write(_TOO_SLOW)
        self.transport.close()
