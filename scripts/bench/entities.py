"""Whether it would pay to keep whole objects behind the loaders: a load by keys beside as many entries from Redis."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
import uvloop
from client import BenchmarkError

from backend.cache.entry import Rest, pack, unpack
from backend.cache.link import Link
from backend.plan.connection_pool import Timeouts, make_pool
from backend.plan.snapshot import Snapshot
from backend.plan.statement import Text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

NUMBERS = (1, 25, 200)
TIMES, ROUNDS = 100, 5
_COLUMNS = ("id", "title", "description", "path", "position", "course_id", "course_content_type_id", "created_at")
_LOAD = f"SELECT {', '.join(f'{column}::text' for column in _COLUMNS)} FROM course_content WHERE id = ANY ($1::uuid[])"  # noqa: S608 - of constants
_KEY = b"computor:benchmark:%d"
_REST = Rest.on(frozenset(("course_content/unscoped", "course_content/course:00000000-0000-4000-8000-000000000000")))


@dataclass(frozen=True)
class Load:
    """Milliseconds for so many objects, and of these the process's own: medians over the rounds."""

    number: int
    postgres: float
    postgres_cpu: float
    redis: float
    redis_cpu: float


def measure_entities(url: str, redis_url: str) -> list[Load]:
    """In a snapshot that is begun already, and over the link that all requests share; one after the other."""
    with psycopg.connect(url) as connection:
        keys = [str(key) for (key,) in connection.execute("SELECT id FROM course_content LIMIT %s", [max(NUMBERS)])]
    return uvloop.run(_measure(url, redis_url, keys))


async def _measure(url: str, redis_url: str, keys: Sequence[str]) -> list[Load]:
    link = Link(redis_url, b"computor:benchmark")
    pool = make_pool(url, size=1, timeouts=Timeouts(30, 30, 30, 30))
    load = Text(_LOAD.encode(), (), b"benchmark")
    async with link.open(), pool, Snapshot(pool, None, None) as snapshot:
        server = link.server
        if server is None:
            raise BenchmarkError("Redis does not answer.")
        (rows,) = await snapshot.fetch([(load, [_array(keys)])], last=False)
        entries = [
            pack(
                _KEY % number,
                1,
                2**40,
                _REST,
                bytes(32),
                orjson.dumps(dict(zip(_COLUMNS, row, strict=True))),
                timed=False,
            )
            for number, row in enumerate(rows)
        ]
        names = [_KEY % number for number in range(len(rows))]
        await link.ask(server, *(("SET", *pair, "PX", 600_000) for pair in zip(names, entries, strict=True)))

        async def from_postgres(number: int) -> None:
            (found,) = await snapshot.fetch([(load, [_array(keys[:number])])], last=False)
            _check([dict(zip(_COLUMNS, row, strict=True)) for row in found], number)

        async def from_redis(number: int) -> None:
            # The lease, and what the entries rest on.
            stamps = [b"lease", b"unscoped", b"course"]
            (found,) = await link.ask(server, ("MGET", *stamps, *names[:number]))
            read = [unpack(raw, name) for raw, name in zip(found[3:], names, strict=False)]
            _check([orjson.loads(entry.body) for entry in read if entry is not None], number)

        return [
            Load(number, *await _timed(from_postgres, number), *await _timed(from_redis, number)) for number in NUMBERS
        ]


def _check(found: Sequence[object], number: int) -> None:
    if len(found) != number:
        raise BenchmarkError(f"There are {len(found)} objects instead of {number}.")


async def _timed(work: Callable[[int], Awaitable[None]], number: int) -> tuple[float, float]:
    figures: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        began, used = time.perf_counter(), time.process_time()
        for _ in range(TIMES):
            await work(number)
        figures.append((time.perf_counter() - began, time.process_time() - used))
        await asyncio.sleep(0)
    took, cpu = (round(1000 * median(each[column] for each in figures) / TIMES, 3) for column in (0, 1))
    return took, cpu


def _array(keys: Sequence[str]) -> Any:
    return ("{" + ",".join(keys) + "}").encode()
