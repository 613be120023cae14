"""One connection to Redis that all requests of a process share: replies come in the order of the commands.

redis-py's pipelines cost five to eight times the processor time for what a request asks here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from math import inf
from typing import TYPE_CHECKING, Any

import hiredis

if TYPE_CHECKING:
    from collections.abc import Sequence

# Seconds that what nobody waits for may wait, and bytes from which on it does not.
_LATER = 0.005
_MOST_UNSENT = 65_536
# Bytes from which on hiredis takes longer to copy an argument than for all else; and how it packs an empty one.
_LONG = 16_384
_EMPTY = b"$0\r\n\r\n"

Command = tuple[str | int | float | bytes | memoryview, ...]


class AwayError(Exception):
    """Redis cannot be reached, or did not answer in time."""


class _Waiting:
    """What waits for the replies to some commands; nobody may wait any more, and the replies come all the same.

    Who waits does so until `until`, by the loop's time.
    """

    __slots__ = ("future", "left", "replies", "until")

    def __init__(self, future: asyncio.Future[list[Any]] | None, commands: int, until: float = inf) -> None:
        self.future = future
        self.until = until
        self.left = commands
        self.replies: list[Any] = []


class Connection(asyncio.Protocol):
    """A request that is cancelled, or whose time is up, gives up its future and never its place in the order."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader()
        self._waiting: deque[_Waiting] = deque()
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._unsent_size = 0
        self._flushes = False
        self._later: asyncio.TimerHandle | None = None
        # One timer for all who wait: most are answered long before it ends.
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ends = inf
        self.lost: asyncio.Future[None] = self._loop.create_future()

    async def ask(self, commands: Sequence[Command], seconds: float) -> list[Any]:
        """The replies; one that says an error is a `hiredis.ReplyError` in its place.

        Raises AwayError when the connection is lost or so many seconds have passed.
        """
        if self._is_lost:
            raise AwayError("The connection to Redis is lost.")
        future: asyncio.Future[list[Any]] = self._loop.create_future()
        until = self._loop.time() + seconds
        self._send(_Waiting(future, len(commands), until), commands)
        if until < self._timer_ends:
            self._watch(until)
        if not self._flushes:
            # What several requests ask in one turn of the loop goes in one piece: to send costs more than to pack.
            self._flushes = True
            self._loop.call_soon(self._flush)
        return await future

    def tell(self, commands: Sequence[Command]) -> None:
        """Sends commands whose replies nobody waits for, soon or with what is asked before that; if it can."""
        if self._is_lost:
            return
        self._send(_Waiting(None, len(commands)), commands)
        if self._later is None:
            self._later = self._loop.call_later(_LATER, self._flush_later)

    @property
    def backlog(self) -> int:
        """Bytes that the server has not taken yet."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    @property
    def _is_lost(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def close(self) -> None:
        """Ends the connection; whoever waits is told."""
        if self._transport is not None:
            self._transport.abort()

    def _send(self, waiting: _Waiting, commands: Sequence[Command]) -> None:
        self._waiting.append(waiting)
        for command in commands:
            last = command[-1]
            if isinstance(last, bytes) and len(last) >= _LONG:
                self._unsent += _around(command, last)
                self._unsent_size += len(last)
            else:
                packed = hiredis.pack_command(command)  # type: ignore[arg-type]  # of any length
                self._unsent.append(packed)
                self._unsent_size += len(packed)
        if self._unsent_size > _MOST_UNSENT:
            self._flush()

    def _flush_later(self) -> None:
        self._later = None
        self._flush()

    def _flush(self) -> None:
        self._flushes = False
        unsent, self._unsent, self._unsent_size = self._unsent, [], 0
        if unsent and self._transport is not None and not self._transport.is_closing():
            self._transport.writelines(unsent)

    def _watch(self, until: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_ends = until
        self._timer = self._loop.call_at(until, self._time_is_up)

    def _time_is_up(self) -> None:
        """Tells those whose time is up, and sets the timer for whoever is next."""
        now = self._loop.time()
        self._timer, self._timer_ends, ends = None, inf, inf
        for waiting in self._waiting:
            if waiting.future is None or waiting.future.done():
                continue
            if waiting.until > now:
                ends = min(ends, waiting.until)
            else:
                # Where it is this process that was busy, the reply is here already, and only waits to be read.
                self._loop.call_soon(self._loop.call_soon, _give_up, waiting.future)
        if ends < inf:
            self._watch(ends)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio calls it."""
        self._transport = transport  # type: ignore[assignment]  # a stream's, for this is a stream's protocol

    def data_received(self, data: bytes) -> None:
        """As asyncio calls it."""
        try:
            self._reader.feed(data)
            reply = self._reader.gets()
            while reply is not False:
                self._take(reply)
                reply = self._reader.gets()
        except (hiredis.ProtocolError, IndexError):
            # What is no reply, or nobody's: whose the next one is cannot be told.
            self.close()

    def _take(self, reply: Any) -> None:
        waiting = self._waiting[0]
        waiting.replies.append(reply)
        waiting.left -= 1
        if not waiting.left:
            self._waiting.popleft()
            if waiting.future is not None and not waiting.future.done():
                waiting.future.set_result(waiting.replies)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """As asyncio calls it."""
        for timer in (self._timer, self._later):
            if timer is not None:
                timer.cancel()
        while self._waiting:
            future = self._waiting.popleft().future
            if future is not None and not future.done():
                future.set_exception(AwayError("The connection to Redis is lost."))
        if not self.lost.done():
            self.lost.set_result(None)


def _around(command: Command, last: bytes) -> Sequence[bytes]:
    """The command as it is sent, with its last argument as it is, and not copied."""
    head = hiredis.pack_command((*command[:-1], b""))  # type: ignore[arg-type]  # as above
    return (head.removesuffix(_EMPTY), b"$%d\r\n" % len(last), last, b"\r\n")


def _give_up(future: asyncio.Future[list[Any]]) -> None:
    if not future.done():
        future.set_exception(AwayError("Redis did not answer in time."))
