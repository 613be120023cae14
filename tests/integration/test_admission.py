"""How much one user may ask for at a time: slots side by side, and cost a minute, here and shared in Redis."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from backend.cache.address import AWAY, client_of
from backend.cache.buckets import SharedBuckets
from backend.cache.names import Names
from backend.cache.shared import Shared
from backend.errors import RateLimitedError
from backend.face.admission import Admission, Allowance
from tests.support.waiting import SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def shared(redis_url: str) -> AsyncIterator[Shared]:
    async with Redis.from_url(redis_url) as client:
        yield Shared(client, Names("a database"))


def test_slots_are_taken_and_given_back() -> None:
    admission = Admission(2, 0)
    with admission.slot("ada"), admission.slot("ada"), admission.slot("tom"):
        with pytest.raises(RateLimitedError) as refused, admission.slot("ada"):
            pass
        assert refused.value.extensions == {"code": "RATE_LIMITED", "limit": "concurrent", "allowed": 2, "found": 3}
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), admission.slot("ada"):
            raise ZeroDivisionError
    with admission.slot("ada"), admission.slot("ada"):
        pass


async def test_cost_fills_up_evenly() -> None:
    clock = Clock()
    admission = Admission(1, 600, clock=clock)
    assert await admission.spend("ada", 500) == Allowance(600, 100, 50)
    with pytest.raises(RateLimitedError) as refused:
        await admission.spend("ada", 200)
    assert refused.value.retry_after == 10
    assert refused.value.extensions["limit"] == "costPerMinute"
    assert await admission.spend("tom", 200) == Allowance(600, 400, 20)
    clock.now += 10
    assert await admission.spend("ada", 200) == Allowance(600, 0, 60)
    clock.now += 1000
    assert await admission.spend("ada", 0) == Allowance(600, 600, 0)


async def test_what_costs_more_than_a_minute_takes_a_full_bucket() -> None:
    clock = Clock()
    admission = Admission(1, 600, clock=clock)
    assert await admission.spend("ada", 10_000) == Allowance(600, 0, 60)
    with pytest.raises(RateLimitedError):
        await admission.spend("ada", 10_000)


async def test_cost_is_not_counted_where_any_is_allowed() -> None:
    assert await Admission(1, 0).spend("ada", 10**12) is None


async def test_processes_share_a_bucket(shared: Shared) -> None:
    one, other = Admission(1, 6_000_000, shared), Admission(1, 6_000_000, shared)
    for _ in range(14):
        for process in (one, other):
            assert await process.spend("ada", 200_000) is not None
    # Each may hold a hundredth in advance, and the bucket fills a little meanwhile.
    with pytest.raises(RateLimitedError) as refused:
        await one.spend("ada", 3_000_000)
    assert refused.value.retry_after >= 1
    assert await other.spend("tom", 6_000_000) is not None


async def test_databases_share_no_bucket(shared: Shared) -> None:
    one = Admission(1, 6_000_000, shared)
    other = Admission(1, 6_000_000, Shared(shared.redis, Names("another database")))
    for process in (one, other):
        assert await process.spend("ada", 6_000_000) is not None


async def test_small_costs_do_not_wait_for_redis_each(shared: Shared) -> None:
    admission = Admission(1, 6_000_000, shared)
    before = await _evals(shared)
    for _ in range(1000):
        await admission.spend("ada", 10)
    assert await _evals(shared) - before <= 2


async def _evals(shared: Shared) -> int:
    stats = await shared.redis.info("commandstats")
    return int(stats.get("cmdstat_evalsha", {}).get("calls", 0))


@pytest.mark.parametrize("scheme", ["redis://{}", "redis+cluster://{}", "redis+sentinel://{}/ours"])
async def test_without_redis_each_process_counts_for_itself(scheme: str) -> None:
    clock = Clock()
    async with aclosing(client_of(scheme.format("127.0.0.1:1"), 1)) as gone:
        admission = Admission(1, 600, Shared(gone, Names("a database")), clock=clock)
        assert await admission.spend("ada", 600) == Allowance(600, 0, 60)
        with pytest.raises(RateLimitedError):
            await admission.spend("ada", 100)


async def test_that_redis_is_away_is_said_once(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    async with aclosing(client_of(redis_url, 0.05)) as client, Redis.from_url(redis_url) as other:
        admission = Admission(1, 600, Shared(client, Names("a database")), clock)
        await other.client_pause(60_000, all=False)
        for _ in range(3):
            assert await admission.spend("ada", 1) is not None
            clock.now += 2
        assert len(caplog.messages) == 1
        await other.client_unpause()
        for _ in range(3):
            assert await admission.spend("ada", 1) is not None
            clock.now += 10
    assert [message.split(":")[0] for message in caplog.messages] == [
        "Redis does not answer, so that cost is counted in this process alone",
        "Redis answers again",
    ]


async def test_redis_that_hangs_is_asked_once_for_all_who_come_at_once(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    take = SharedBuckets.take

    async def noting(self: SharedBuckets, user: str, *sizes: float, **how: bool) -> tuple[float, float]:
        asked.append(user)
        return await take(self, user, *sizes, **how)

    monkeypatch.setattr(SharedBuckets, "take", noting)
    async with _hanging(redis_url), aclosing(client_of(redis_url, 0.05)) as client:
        admission = Admission(1, 600, Shared(client, Names("a database")), Clock())
        paid = [admission.spend("ada", 1) for _ in range(20)]
        owed = [admission.owe("ada", 1) for _ in range(20)]
        await asyncio.gather(*paid, *owed)
    assert asked == ["ada"]


async def test_redis_that_hangs_is_not_waited_for(redis_url: str) -> None:
    hour = 3600
    async with _hanging(redis_url), aclosing(client_of(redis_url, hour)) as client, asyncio.timeout(SECONDS):
        admission = Admission(1, 600, Shared(client, Names("a database")), Clock())
        assert await admission.spend("ada", 600) == Allowance(600, 0, 60)


async def test_redis_that_did_not_answer_in_time_is_not_asked_again() -> None:
    connections = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        while await reader.read(1000):
            pass
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        async with aclosing(client_of(f"redis://{host}:{port}", 0.05)) as client:
            with pytest.raises(AWAY):
                await client.ping()
    assert len(connections) == 1


@asynccontextmanager
async def _hanging(redis_url: str) -> AsyncIterator[None]:
    """That Redis answers nothing that may write until the block ends."""
    async with Redis.from_url(redis_url) as other:
        await other.client_pause(60_000, all=False)
        try:
            yield
        finally:
            await other.client_unpause()


async def test_users_at_once_wait_for_nobody(shared: Shared) -> None:
    admission = Admission(1, 60_000, shared)
    found = await asyncio.gather(*(admission.spend("ada", 1) for _ in range(50)))
    assert all(allowance is not None and 50_000 < allowance.left <= 60_000 for allowance in found)


async def test_who_owes_gets_no_slot_until_it_is_paid() -> None:
    clock = Clock()
    admission = Admission(5, 600, clock=clock)
    await admission.owe("ada", 600)
    with admission.slot("ada"):
        pass
    await admission.owe("ada", 50)
    with pytest.raises(RateLimitedError) as refused, admission.slot("ada"):
        pass
    assert refused.value.retry_after == 5
    with admission.slot("tom"):
        pass
    clock.now += 6
    with admission.slot("ada"):
        pass


async def test_debts_are_shared(shared: Shared) -> None:
    one, other = Admission(1, 6_000_000, shared), Admission(1, 6_000_000, shared)
    await one.owe("ada", 9_000_000)
    with pytest.raises(RateLimitedError), one.slot("ada"):
        pass
    with pytest.raises(RateLimitedError) as refused:
        await other.spend("ada", 1)
    assert 25 <= refused.value.retry_after <= 31
    await other.owe("ada", 1)
    with pytest.raises(RateLimitedError), other.slot("ada"):
        pass
