"""How many connections one user may have at a time."""

from __future__ import annotations

import asyncio
from collections import deque

from psycopg_pool import PoolTimeout


class Share:
    """What is left of a user's share of the connections, and who waits for a part of it, in their order.

    asyncio's semaphore within asyncio's timeout takes five times the processor's time.
    """

    __slots__ = ("_waiting", "left", "user")

    def __init__(self, user: str, left: int) -> None:
        self.user = user
        self.left = left
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self, seconds: float) -> None:
        """One connection's part. Raises PoolTimeout where none comes free within so many seconds."""
        if self.left:
            self.left -= 1
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting.append(waiter)
        timer = loop.call_later(seconds, _refuse, waiter, seconds)
        try:
            await waiter
        except asyncio.CancelledError:
            # It may have been given just before.
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.give()
            raise
        finally:
            timer.cancel()

    def give(self) -> None:
        """Gives one back, to whoever has waited longest."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self.left += 1


def _refuse(waiter: asyncio.Future[None], seconds: float) -> None:
    if not waiter.done():
        waiter.set_exception(PoolTimeout(f"no connection for this user within {seconds} s"))
