"""Asks a server over a few connections, each of which asks again as soon as it has its answer.

Written for little work at each answer: whatever the client uses, the servers on the same machine lack.
"""

from __future__ import annotations

import asyncio
import socket
import time
from itertools import cycle
from typing import TYPE_CHECKING, Any, Self, cast

import orjson
import uvloop

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CONNECTIONS = 8
_PATIENCE = 60
_SUCCESS, _FAILURE = b'{"data":{', b'"errors":'


class BenchmarkError(Exception):
    """A server did not answer as it should."""


def http_requests(
    port: int, document: str, variables: Sequence[Mapping[str, Any]], token: str | None = None
) -> list[bytes]:
    """The bytes of POST requests to `/graphql`, one for each set of variables."""
    bodies = [orjson.dumps({"query": document, "variables": given}) for given in variables]
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    return [
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{authorization}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
        for body in bodies
    ]


class Asker:
    """One connection on which one request follows the other."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), _PATIENCE)

    def __enter__(self) -> Self:
        """The connection is open already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self._socket.close()

    def ask(self, request: bytes) -> bytes:
        """The body of the answer. Raises BenchmarkError where it is none to count."""
        self._socket.sendall(request)
        received = b""
        while True:
            chunk = self._socket.recv(1 << 18)
            if not chunk:
                raise BenchmarkError("The server closed the connection.")
            received += chunk
            head, body, missing = _parts(received)
            if missing <= 0:
                _check(head, body)
                return body


def ask_for(port: int, requests: Sequence[bytes], seconds: float, at_least: int = 1) -> tuple[int, float]:
    """Asks for so many seconds, and until there are `at_least` answers: how many came, in how many seconds."""
    start = time.perf_counter()
    caller = uvloop.run(_ask(port, requests, CONNECTIONS, seconds, at_least))
    return caller.answers, time.perf_counter() - start


def latencies_of(port: int, requests: Sequence[bytes], seconds: float) -> list[float]:
    """Asks for so many seconds: how many of these each answer took."""
    return uvloop.run(_ask(port, requests, CONNECTIONS, seconds, 1)).took


async def _ask(port: int, requests: Sequence[bytes], connections: int, seconds: float, at_least: int) -> _Caller:
    loop = asyncio.get_running_loop()
    caller = _Caller(cycle(requests), time.perf_counter() + seconds, at_least)
    callers = [await loop.create_connection(lambda: _Connection(caller), "127.0.0.1", port) for _ in range(connections)]
    async with asyncio.timeout(seconds + _PATIENCE):
        await asyncio.gather(*(protocol.done for _, protocol in callers))
    return caller


class _Caller:
    """What the connections of one run share: what to ask next, and what has come."""

    def __init__(self, requests: Iterator[bytes], until: float, at_least: int) -> None:
        self._requests = requests
        self._until = until
        self._at_least = at_least
        self._asked = 0
        self.took: list[float] = []

    @property
    def answers(self) -> int:
        """How many came."""
        return len(self.took)

    def next(self) -> bytes | None:
        """The next request; None when there were enough."""
        if self._asked >= self._at_least and time.perf_counter() >= self._until:
            return None
        self._asked += 1
        return next(self._requests)


class _Connection(asyncio.Protocol):
    """One connection; `done` when it has no more to ask."""

    def __init__(self, caller: _Caller) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._caller = caller
        self._chunks: list[bytes] = []
        self._missing = 0
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or BenchmarkError("The server closed the connection."))

    def data_received(self, data: bytes) -> None:
        self._chunks.append(data)
        self._missing -= len(data)
        if self._missing > 0:
            return
        received = b"".join(self._chunks)
        head, body, self._missing = _parts(received)
        if self._missing > 0:
            self._chunks = [received]
            return
        self._chunks = []
        try:
            _check(head, body)
        except BenchmarkError as error:
            self.done.set_exception(error)
            self._transport.close()
            return
        self._caller.took.append(time.perf_counter() - self._began)
        self._go_on()

    def _go_on(self) -> None:
        request = self._caller.next()
        if request is not None:
            self._began = time.perf_counter()
            self._transport.write(request)
            return
        self.done.set_result(None)
        self._transport.close()


def _parts(received: bytes) -> tuple[bytes, bytes, int]:
    """Head and body of an answer, and how many bytes are missing of it: at least one while the head is not whole."""
    head, blank, body = received.partition(b"\r\n\r\n")
    if not blank:
        return head, body, 1
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    return head, body, length - len(body)


def _check(head: bytes, body: bytes) -> None:
    if (
        not head.startswith(b"HTTP/1.1 200")
        or not body[:16].replace(b" ", b"").startswith(_SUCCESS)
        or _FAILURE in body
    ):
        raise BenchmarkError((head + b"\n" + body)[:1000].decode(errors="replace"))
