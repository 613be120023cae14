"""Whether the gateway lives, and whether it can answer: for what restarts processes, and what sends them requests."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import orjson
from psycopg import Error
from psycopg_pool import PoolTimeout

from backend.cache.address import AWAY
from backend.revision import is_newest

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from starlette.types import Receive, Scope, Send

    from backend.plan.connection_pool import Pool

# Seconds for all of it: whoever asks gives up soon.
_PATIENCE = 2.0
# Seconds that an answer holds, so that nobody keeps the database busy by asking.
_HOLDS = 1.0
OK, DOWN, OLD, NONE = "ok", "unavailable", "missing", "none"


class Health:
    """Answers `/health/live`, always, and `/health/ready`: 200 where requests can be answered, else 503.

    Without Redis answers are slower and right all the same, so that it is told of and does not count.
    """

    def __init__(self, pool: Pool, redis: Redis | None) -> None:
        self._pool = pool
        self._redis = redis
        self._found: dict[str, str] = {}
        self._until = 0.0
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["method"] not in ("GET", "HEAD"):
            await _send(send, 405, {"status": "only GET and HEAD"}, [(b"allow", b"GET, HEAD")])
        elif scope["path"] == "/health/live":
            await _send(send, 200, {"status": OK})
        elif scope["path"] == "/health/ready":
            found = await self._ready()
            ready = found["postgresql"] == found["migrations"] == OK
            await _send(send, 200 if ready else 503, {"status": OK if ready else DOWN, **found})
        else:
            await _send(send, 404, {"status": "not found"})

    async def _ready(self) -> dict[str, str]:
        async with self._turn:
            if time.monotonic() >= self._until:
                (database, migrations), redis = await asyncio.gather(self._of_database(), self._of_redis())
                self._found = {"postgresql": database, "migrations": migrations, "redis": redis}
                self._until = time.monotonic() + _HOLDS
            return self._found

    async def _of_database(self) -> tuple[str, str]:
        try:
            async with asyncio.timeout(_PATIENCE), self._pool.connection(_PATIENCE) as connection:
                return OK, OK if await is_newest(connection) else OLD
        except (Error, OSError, PoolTimeout, TimeoutError):
            return DOWN, DOWN

    async def _of_redis(self) -> str:
        if self._redis is None:
            return NONE
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._redis.ping()
        except AWAY:
            return DOWN
        return OK


async def _send(
    send: Send, status: int, content: dict[str, str], extra: list[tuple[bytes, bytes]] | None = None
) -> None:
    body = orjson.dumps(content)
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *(extra or []),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
