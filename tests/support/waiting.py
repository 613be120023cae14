"""Waiting for what is to come, and no longer than that."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.world import World

SECONDS = 20
_PAUSE = 0.01


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


def wait_for_lock(world: World) -> int:
    """Until a statement in the database waits for a lock; the process that runs it."""
    for _ in range(1000):
        row = world.connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()
        if row:
            return int(row[0])
        time.sleep(0.005)
    raise AssertionError("nothing waits for a lock")
