"""When tokens were used, and how often: counted in the process, and written together now and then.

A request that reads stays one that only reads. What a killed process had counted since is lost.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from psycopg import AsyncConnection

# A time that another process wrote may be later.
_WRITE = """
UPDATE api_token t
SET last_used_at = greatest(t.last_used_at, used.at), usage_count = t.usage_count + used.times
FROM unnest(%s::bytea[], %s::timestamptz[], %s::bigint[]) used (hash, at, times)
WHERE t.token_hash = used.hash
"""


class TokenUsage:
    """What was counted since it was last written, on connections that `connect` gives."""

    def __init__(self, connect: Callable[[], AbstractAsyncContextManager[AsyncConnection[Any]]]) -> None:
        self._connect = connect
        # By the token's hash: when it was used last, in seconds since 1970, and how often.
        self._used: dict[bytes, tuple[float, int]] = {}

    def note(self, credential: bytes) -> None:
        """A request came with the token of this hash, and it holds."""
        known = self._used.get(credential)
        self._used[credential] = (time.time(), 1 if known is None else known[1] + 1)

    async def write(self) -> None:
        """Writes what was counted. Raises psycopg's errors, and keeps it for the next time then."""
        if not self._used:
            return
        used, self._used = self._used, {}
        moments = [datetime.fromtimestamp(at, UTC) for at, _ in used.values()]
        hashes, times = list(used), [times for _, times in used.values()]
        try:
            async with self._connect() as connection, connection.transaction():
                # Connections of the pool read one state, unless they are told.
                await connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE")
                await connection.execute(_WRITE, (hashes, moments, times))
        except BaseException:
            for credential, (at, counted) in used.items():
                later, more = self._used.get(credential, (at, 0))
                self._used[credential] = (later, counted + more)
            raise
