"""HTTP connections that wait for slow clients, but not for long, and read no heads without end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

if TYPE_CHECKING:
    import asyncio

LARGEST_HEAD = 65_536
"""Bytes of a request's line and headers, trailers included."""
MOST_HEADERS = 100
# Bytes. More than that at once is not held back.
_MOST_GATHERED = 65_536
# Requests that wait for the answers to those before them while more is read: only who reads sees that a client goes.
_MOST_WAITING = 4
_NO_REQUEST = "Invalid HTTP request received."
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class HeadTooLargeError(Exception):
    """A request has more, or longer, headers than are read."""


class TunnelError(Exception):
    """CONNECT asks for what is no request of HTTP's."""


class _Gathered:
    """What is written in one turn of the loop, in one piece: uvicorn writes head and body one by one."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._unsent: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Sends it soon."""
        if not self._unsent:
            self._loop.call_soon(self.flush)
        self._unsent.append(data)
        self._size += len(data)
        if self._size > _MOST_GATHERED:
            self.flush()

    def flush(self) -> None:
        """Sends what waits."""
        if self._unsent:
            unsent, self._unsent, self._size = self._unsent, [], 0
            if not self._transport.is_closing():
                self._transport.writelines(unsent)

    def is_closing(self) -> bool:
        """Whether nothing more is sent."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Closes the connection, once all is sent."""
        self.flush()
        self._transport.close()


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's, with an end to the wait for a request's head, and to the head.

    uvicorn waits for the next request of a connection, but for the rest of a head that has begun it waits forever, and
    so it does for the first. It keeps of a head whatever comes. Whoever reads a body sees to its end.

    uvicorn reads nothing more once a request waits for the one before it, so that it does not see the client go; where
    it does, it tells the one that came last. Here some may wait, and the one that runs is told.

    No other protocol is spoken (docs/http.md): a request that asks for one is read like any other.

    Once `closing`, each answer says that the connection ends with it.
    """

    head_seconds: ClassVar[float] = 10
    closing: ClassVar[bool] = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_is_missing = True
        self._idle = True
        self._head_is_too_large = False
        self._gathered: _Gathered | None = None
        # Bytes that have come since anything was whole: the parser keeps those of a header until it is.
        self._unread = 0
        # Of a request that asks for another protocol.
        self._plain_head = b""
        # What is being answered; `cycle` is what came last.
        self._running: RequestResponseCycle | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A client has come, and is to ask."""
        super().connection_made(transport)
        self._gathered = _Gathered(transport, self.loop)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Most heads come whole, so that no timer is set for them."""
        if self._idle:
            self._idle = False
            self._head_is_missing = True
        self._unread += len(data)
        self._unset_keepalive_if_required()
        try:
            self._feed(data)
        except HttpParserError:
            self.logger.warning(_NO_REQUEST)
            self.send_400_response(_NO_REQUEST)
        # Headers, or trailers.
        if self._unread > LARGEST_HEAD or (self.headers and len(self.headers) > MOST_HEADERS):
            self._close(_TOO_LARGE)
        self._watch()
        if self._idle and self.cycle.response_complete and not self.transport.is_closing():
            # Its answer came before the end of its body, and the wait for the next request began too early.
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _feed(self, data: bytes) -> None:
        """The parser takes a request for another protocol as ended at its head, and its body as the next request."""
        rest: bytes | memoryview = data
        while True:
            try:
                self.parser.feed_data(rest)
            except HttpParserUpgrade as wanted:
                rest = memoryview(rest)[wanted.args[0] :]
                # The old one reads nothing more where the connection is to end.
                self.parser = HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
                self.parser.feed_data(self._plain_head)
            else:
                return

    def on_headers_complete(self) -> None:
        """The head has come, with the bytes behind it in this piece."""
        if len(self.headers) > MOST_HEADERS or (self._unread > LARGEST_HEAD and self._head_size() > LARGEST_HEAD):
            # The parser gives up.
            self._head_is_too_large = True
            raise HeadTooLargeError
        self._head_is_missing = False
        self._unread = 0
        if self.parser.should_upgrade():
            self._plain_head = self._without_upgrade()
            return
        super().on_headers_complete()
        # What comes behind the body tells nothing about the request (RFC 9110, 6.5.1).
        self.headers = []
        if 0 < len(self.pipeline) <= _MOST_WAITING:
            self.flow.resume_reading()
        if self.closing:
            self.cycle.keep_alive = False

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _without_upgrade(self) -> bytes:
        method = self.parser.get_method()
        if method == b"CONNECT":
            raise TunnelError
        lines = [b"%b %b HTTP/%b\r\n" % (method, self.url, self.parser.get_http_version().encode())]
        lines += [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        return b"".join((*lines, b"\r\n"))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        cycle.transport = self._gathered  # type: ignore[assignment]  # it writes and closes
        super()._start_asgi_task(cycle, app)

    def let_go(self) -> None:
        """Has the answer that is being made say that the connection ends with it."""
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """A part of the body has come."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has come; what comes now is another."""
        if self.parser.should_upgrade():
            return
        self._idle = True
        self._head_is_missing = False
        self._unread = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is sent. Where its request is still coming, nobody reads that, and the next head is late."""
        super().on_response_complete()
        if self.cycle.response_complete:
            self.cycle.body.clear()
            if not self._idle:
                self._head_is_missing = True
                self._watch()

    def send_400_response(self, msg: str) -> None:
        """What has come is no request, or has too large a head."""
        if self._head_is_too_large:
            self._close(_TOO_LARGE)
        elif self._answers:
            # It would be taken for the answer to the request before.
            self._close(b"")
        else:
            self._flush()
            super().send_400_response(msg)

    def shutdown(self) -> None:
        """The server ends."""
        self._flush()
        super().shutdown()

    def _flush(self) -> None:
        """Before anything is written beside the answers, or the connection is closed."""
        if self._gathered is not None:
            self._gathered.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._head_is_missing = False
        self._watch()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
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
        self._flush()
        if not self._answers:
            self.transport.write(answer)
        self.transport.close()

    @property
    def _answers(self) -> bool:
        """Whether an answer to a request before is still underway."""
        return self.cycle is not None and not self.cycle.response_complete
