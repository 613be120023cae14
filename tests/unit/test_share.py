"""A user's share of the connections, where several things happen in one turn of the loop."""

from __future__ import annotations

import asyncio
import time

import pytest

from backend.plan.share import Share


async def test_wait_that_has_failed_gives_nothing_back_when_it_is_cancelled() -> None:
    share = Share("ada", 1)
    await share.take(1)
    waiting = asyncio.create_task(share.take(0.001))
    await asyncio.sleep(0)
    time.sleep(0.01)  # noqa: ASYNC251 - so that the time is up before anybody has a turn
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert share.left == 0
    share.give()
    assert share.left == 1


async def test_part_that_was_given_is_given_on_when_its_taker_is_cancelled() -> None:
    share = Share("ada", 1)
    await share.take(1)
    first, second = (asyncio.create_task(share.take(1)) for _ in range(2))
    await asyncio.sleep(0)
    share.give()
    first.cancel()
    await second
    assert first.cancelled()
    assert share.left == 0
