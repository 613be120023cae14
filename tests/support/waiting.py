"""Waiting for what is to come, and no longer than that."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from tests.support.world import World

SECONDS = 20
_PAUSE = 0.01
_BLOCKED = (
    "SELECT pid FROM pg_stat_activity"
    " WHERE datname = current_database() AND backend_type = 'client backend' AND wait_event_type = 'Lock'"
)


def eventually(holds: Callable[[], bool]) -> None:
    """Returns when it holds; fails where it does not for long."""
    for _ in _turns(holds):
        time.sleep(_PAUSE)


async def until(holds: Callable[[], bool]) -> None:
    """As `eventually`, while the loop runs."""
    for _ in _turns(holds):
        await asyncio.sleep(_PAUSE)


def _turns(holds: Callable[[], bool]) -> Iterator[None]:
    """One for each time that it does not hold."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        yield


def blocked(connection: psycopg.Connection[Any]) -> list[int]:
    """The processes in the connection's database that run a statement which waits for a lock."""
    return [pid for (pid,) in connection.execute(_BLOCKED).fetchall()]


def wait_for_lock(world: World) -> None:
    """Until a statement in the database waits for a lock."""
    eventually(lambda: blocked(world.connection) != [])
