"""What it costs writers that changes are noted, and how soon the reader has them. Figures: docs/caching.md."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import psutil
import psycopg

from backend.access.scope import Scopes
from backend.change import Notes, Reader
from backend.embedded import services
from backend.interface.entity import policies
from backend.interface.registry import INTERFACES
from backend.migration import upgrade
from backend.seed import is_empty, load

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from backend.access.scope import Stamp

WRITERS = 32
SINGLE, LARGE, EACH = 1000, 10, 100
LOOKS = 50
IDLE = 5.0

_COPY = """
    INSERT INTO result (submit, course_member_id, course_submission_group_id, course_content_id, course_content_type_id,
        execution_backend_id, test_system_id, version_identifier, status, result)
    SELECT submit, course_member_id, course_submission_group_id, course_content_id, course_content_type_id,
        execution_backend_id, 'bench ' || uuid_generate_v4(), uuid_generate_v4()::text, 0, 0.5
    FROM (SELECT * FROM result WHERE test_system_id NOT LIKE 'bench%' LIMIT {rows}) AS there
"""
# In the server, so that no client takes part in what is measured.
_LOOP = "DO $$ BEGIN FOR n IN 1 .. {times} LOOP {statement}; COMMIT; END LOOP; END $$"
_EVENTS = ("insert", "update", "delete")


@dataclass(frozen=True)
class WriteCost:
    """Milliseconds for a statement, without and with its note, and what the larger is of the smaller."""

    what: str
    bare: float
    noted: float


@dataclass(frozen=True)
class Reading:
    """Milliseconds from COMMIT to the reader's hands; and processor time of an idle second, of reader and server."""

    median: float
    longest: float
    idle_reader: float
    idle_server: float


class _Told:
    """A store that is told, and keeps nothing."""

    def __init__(self) -> None:
        self.bumps = 0
        self.leases = 0

    async def begin_epoch(self) -> tuple[str, str]:
        return "here", "now"

    async def bump(self, stamps: Collection[Stamp]) -> None:
        self.bumps += bool(stamps)

    async def announce(self, stamps: Collection[Stamp], place: str) -> None: ...

    async def clock(self) -> int:
        return 0

    async def renew_lease(self, until: int) -> None:  # noqa: ARG002 - as every store
        self.leases += 1


def measure_changes(data_dir: Path, rounds: int) -> tuple[list[WriteCost], Reading]:
    """Writes to a table on a path of two hops, with the demo data."""
    with services(data_dir, redis=False) as running:
        upgrade(running.database_url)
        if is_empty(running.database_url):
            load(running.database_url, "demo")
        return asyncio.run(_measure(running.database_url, rounds))


async def _measure(url: str, rounds: int) -> tuple[list[WriteCost], Reading]:
    notes, store = Notes(Scopes(policies(INTERFACES))), _Told()
    task = asyncio.create_task(Reader(url, notes, store).run())
    try:
        while not store.leases:  # noqa: ASYNC110 - as often as the reader looks
            await asyncio.sleep(0.01)
        reading = await _reading(url, store)
        costs = [
            await _cost(url, store, rounds, "a row a transaction, one writer", 1, 1, SINGLE),
            await _cost(url, store, rounds, "the same, not waiting for the disk", 1, 1, SINGLE, "off"),
            await _cost(url, store, rounds, "1,000 rows a transaction, one writer", 1, 1000, LARGE),
            await _cost(url, store, rounds, f"a row a transaction, {WRITERS} writers", WRITERS, 1, EACH),
        ]
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return costs, reading


async def _cost(
    url: str, store: _Told, rounds: int, what: str, writers: int, rows: int, times: int, waits: str = "on"
) -> WriteCost:
    bare, noted = [], []
    for _ in range(rounds):
        with _unnoted(url):
            bare.append(await _timed(url, writers, rows, times, waits))
        # The reader ended where nothing was noted, and is back after a while.
        before = store.leases
        while store.leases < before + 4:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
        noted.append(await _timed(url, writers, rows, times, waits))
    return WriteCost(what, median(bare), median(noted))


@contextmanager
def _unnoted(url: str) -> Iterator[None]:
    with psycopg.connect(url, autocommit=True) as connection:
        for event in _EVENTS:
            connection.execute(f"ALTER TABLE result DISABLE TRIGGER gateway_change_{event}".encode())
        try:
            yield
        finally:
            for event in _EVENTS:
                connection.execute(f"ALTER TABLE result ENABLE ALWAYS TRIGGER gateway_change_{event}".encode())


async def _timed(url: str, writers: int, rows: int, times: int, waits: str) -> float:
    """Milliseconds for each transaction, of all writers together."""
    connections = [await psycopg.AsyncConnection.connect(url, autocommit=True) for _ in range(writers)]
    for connection in connections:
        await connection.execute("SELECT set_config('synchronous_commit', %s, false)", [waits])
    loop = _LOOP.format(times=times, statement=_COPY.format(rows=rows)).encode()
    started = time.perf_counter()
    await asyncio.gather(*(connection.execute(loop) for connection in connections))
    took = time.perf_counter() - started
    await connections[0].execute("DELETE FROM result WHERE test_system_id LIKE 'bench%'")
    await connections[0].execute("VACUUM ANALYZE result")
    for connection in connections:
        await connection.close()
    return took * 1000 / (times * writers)


async def _reading(url: str, store: _Told) -> Reading:
    took = []
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        for _ in range(LOOKS):
            before = store.bumps
            await connection.execute(
                "UPDATE course SET description = 'bench' WHERE id = (SELECT id FROM course ORDER BY id LIMIT 1)"
            )
            started = time.perf_counter()
            while store.bumps == before:  # noqa: ASYNC110 - an event would wake us later than this
                await asyncio.sleep(0.0005)
            took.append((time.perf_counter() - started) * 1000)
        found = await connection.execute("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted")
        ((pid,),) = await found.fetchall()
        server, own = psutil.Process(pid), psutil.Process()
        before_own, before_server = own.cpu_times(), server.cpu_times()
        await asyncio.sleep(IDLE)
        idle = [
            (sum(after[:2]) - sum(before[:2])) * 1000 / IDLE
            for after, before in ((own.cpu_times(), before_own), (server.cpu_times(), before_server))
        ]
    return Reading(median(took), max(took), *idle)
