"""One computation for one miss, in a process and across processes, and never one that began before the own write."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from backend.access.principal import principal_from_row
from backend.access.scope import ANY, Stamp
from backend.cache.answers import Answers
from backend.cache.link import Link
from backend.cache.names import Names
from backend.cache.question import Footprint, Held, hold
from backend.cache.recall import Cache, Lifetimes, Recall
from backend.cache.stamps import RedisStamps
from backend.change import LEASE, ElsewhereError
from backend.plan.run import Reads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NAMES = Names("a database")
TABLES = {"course": 60, "message": 60}
COURSE = Reads(frozenset({"course"}))
BODY = b'{"nodes":[]}'
USER = "00000000-0000-4000-8000-000000000000"


def _whole(table: str) -> str:
    return str(Stamp(table, ANY))


async def _is_any(_: bytes) -> bool:
    return True


class Process:
    """What one gateway process has of the cache."""

    def __init__(self, link: Link, version: bytes = b"version") -> None:
        self.link = link
        self.place = ""
        self.stamps = RedisStamps(link, NAMES, version)
        answers = Answers(link, NAMES, version, b"origin", _is_any)
        self.cache = Cache(answers, Lifetimes(TABLES), lambda tables, _: frozenset(map(_whole, tables)), _whole)
        self.footprint = Footprint(frozenset({"course"}), took=5.0)
        self.held: Held = hold(principal_from_row([USER, "[]", "[]", "[]", "[]", "[]", "[]", "inf"]))

    async def vouch(self) -> None:
        """As the reader of changes does."""
        self.place, _ = await self.stamps.begin_epoch()
        await self.stamps.renew_lease(await self.stamps.clock() + 60_000)

    async def recall(self, digest: bytes = b"a field") -> Recall:
        """A request for one field."""
        question = self.cache.question(self.held, "course:list", digest, self.footprint)
        return await self.cache.recall(self.held, {"courses": question})

    async def know(self) -> None:
        """A request by whose end the principal is known by stamps."""
        recall = await self.recall(b"another field")
        await recall.begin()
        recall.close()
        self.held = recall.verified()


@asynccontextmanager
async def _process(redis_url: str) -> AsyncIterator[Process]:
    link = Link(redis_url, NAMES.lease)
    async with link.open():
        yield Process(link)


@pytest.fixture
async def process(redis_url: str) -> AsyncIterator[Process]:
    """One, with a lease and a known principal."""
    async with _process(redis_url) as made:
        await made.vouch()
        await made.know()
        yield made


async def test_a_miss_that_is_being_computed_is_waited_for(process: Process) -> None:
    first, second = await process.recall(), await process.recall()
    assert await first.begin() == frozenset()
    assert await second.begin() == {"courses"}
    waiting = asyncio.create_task(second.arrived("courses"))
    first.keep("courses", BODY, COURSE)
    assert await waiting == BODY
    first.close()
    assert (await process.recall()).hits["courses"].body == BODY
    assert process.cache.flights == {}


async def test_principal_is_asked_for_again_in_another_epoch(process: Process) -> None:
    assert (await process.recall()).trusted
    # As after a Redis came back with data of before the principal changed: the stamps are there again.
    await process.vouch()
    assert not (await process.recall()).trusted
    await process.know()
    assert (await process.recall()).trusted


async def test_a_flight_that_began_before_the_own_write_is_not_joined(process: Process) -> None:
    first = await process.recall()
    await first.begin()
    await process.stamps.announce({Stamp("course", ANY)}, process.place)
    second = await process.recall()
    assert await second.begin() == frozenset()
    # Nor is what comes of it taken by those who ask after the write.
    first.keep("courses", b"old", COURSE)
    assert (await process.recall()).hits == {}
    second.keep("courses", BODY, COURSE)
    assert (await process.recall()).hits["courses"].body == BODY


async def test_whoever_waits_computes_where_a_flight_fails(process: Process) -> None:
    first, second = await process.recall(), await process.recall()
    await first.begin()
    await second.begin()
    first.close()
    assert await second.arrived("courses") is None
    second.keep("courses", BODY, COURSE)
    assert (await process.recall()).hits["courses"].body == BODY


async def test_what_was_read_without_a_stamp_is_neither_shared_nor_kept(process: Process) -> None:
    first, second = await process.recall(), await process.recall()
    await first.begin()
    await second.begin()
    first.keep("courses", BODY, Reads(frozenset({"course", "message"})))
    first.close()
    assert await second.arrived("courses") is None
    assert (await process.recall()).hits == {}
    # By now it is known.
    assert process.footprint.tables == frozenset({"course", "message"})


async def test_what_is_computed_in_ways_unknown_here_is_neither_shared_nor_kept(process: Process) -> None:
    first, second = await process.recall(), await process.recall()
    await first.begin()
    await second.begin()
    first.keep("courses", BODY, Reads(frozenset({"course"}), opaque=True))
    first.close()
    assert await second.arrived("courses") is None
    assert (await process.recall()).hits == {}


async def test_what_looks_at_the_time_is_waited_for_by_nobody(process: Process, redis_url: str) -> None:
    process.footprint.timed = True
    first, second = await process.recall(), await process.recall()
    assert await first.begin() == frozenset()
    assert await second.begin() == frozenset()
    # Nor in another process, which has learned that by itself.
    async with _process(redis_url) as other:
        other.footprint.timed = True
        await other.know()
        third = await other.recall()
        assert third.trusted
        assert await third.begin() == frozenset()


async def test_what_turned_out_to_look_at_the_time_is_given_to_nobody_who_waited(process: Process) -> None:
    first, second = await process.recall(), await process.recall()
    await first.begin()
    assert await second.begin() == {"courses"}
    # It is kept for those who ask from now on.
    first.keep("courses", BODY, Reads(frozenset({"course"}), timed=True), seconds=50)
    first.close()
    assert await second.arrived("courses") is None
    assert (await process.recall()).hits["courses"].body == BODY


async def test_nobody_waits_for_longer_than_their_own_computation_would_take(process: Process) -> None:
    # More than one field in a run: it may take longer than this one would.
    process.footprint.took = 0.05
    question = process.cache.question(process.held, "course:list", b"a field", process.footprint)
    other = process.cache.question(process.held, "course:list", b"a slow field", process.footprint)
    first = await process.cache.recall(process.held, {"courses": question, "slow": other})
    await first.begin()
    second = await process.recall()
    assert await second.begin() == {"courses"}
    assert await second.arrived("courses") is None
    first.close()


async def test_a_caller_who_is_not_known_joins_nobody(process: Process) -> None:
    first = await process.recall()
    await first.begin()
    process.held = hold(process.held.principal)
    second = await process.recall()
    assert not second.trusted
    assert await second.begin() == frozenset()
    first.close()


async def test_another_process_that_computes_the_same_is_waited_for(process: Process, redis_url: str) -> None:
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(_process(redis_url))
        await process.vouch()
        await process.know()
        await other.know()
        first, second = await process.recall(), await other.recall()
        assert await first.begin() == frozenset()
        assert await second.begin() == {"courses"}
        waiting = asyncio.create_task(second.arrived("courses"))
        await asyncio.sleep(0.01)
        first.keep("courses", BODY, COURSE)
        assert await waiting == BODY
        second.close()
        # After a write the one is not at what the other needs.
        third = await process.recall(b"a second field")
        await third.begin()
        await other.stamps.announce({Stamp("course", ANY)}, process.place)
        assert await (await other.recall(b"a second field")).begin() == frozenset()


async def test_a_process_that_never_answers_is_not_waited_for_long(process: Process, redis_url: str) -> None:
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(_process(redis_url))
        await process.vouch()
        await process.know()
        await other.know()
        process.footprint.took = other.footprint.took = 0.05
        await (await process.recall()).begin()
        second = await other.recall()
        assert await second.begin() == {"courses"}
        assert await second.arrived("courses") is None


async def test_without_a_lease_nothing_is_kept_or_taken(process: Process) -> None:
    first = await process.recall()
    await first.begin()
    first.keep("courses", BODY, COURSE)
    assert (await process.recall()).hits["courses"].body == BODY
    server = process.link.server
    assert server is not None
    # It ends before one would that began after this process heard of the server.
    await process.stamps.renew_lease(server.clock + round(LEASE * 1000) - 1)
    found = await process.recall()
    assert found.hits == {}
    assert not found.trusted


async def test_a_new_epoch_ends_all(process: Process) -> None:
    first = await process.recall()
    await first.begin()
    first.keep("courses", BODY, COURSE)
    assert (await process.recall()).hits["courses"].body == BODY
    await process.vouch()
    assert (await process.recall()).hits == {}


async def test_what_another_version_keeps_falls_with_whole_tables(redis_url: str) -> None:
    link = Link(redis_url, NAMES.lease)
    async with link.open():
        next_one = Process(link, b"next")
        await next_one.vouch()
        server = link.server
        assert server is not None
        # Neither knows which scopes the other has.
        stamps = [NAMES.stamp(name) for name in ("course/any", "course/unscoped", "claims/any", "message/any")]
        for scope, fallen in ((f"user:{USER}", 3), (ANY, 3)):
            await link.ask(server, *(("SET", stamp, b"x") for stamp in stamps))
            await Process(link, b"former").stamps.announce({Stamp("course", scope)}, next_one.place)
            (values,) = await link.ask(server, ("MGET", *stamps))
            assert values == [None] * fallen + [b"x"]


async def test_whoever_wrote_is_told_where_another_redis_is_vouched_for(process: Process) -> None:
    _, version = process.place.split()
    with pytest.raises(ElsewhereError):
        await process.stamps.announce({Stamp("course", ANY)}, f"another {version}")
