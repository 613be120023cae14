"""A minute of load in which a worker is told to end, PostgreSQL is restarted, and then Redis.

Each answer must be right, or say 503 with `Retry-After`; none may be lost.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil
import psycopg
import uvloop
from client import BenchmarkError, http_requests
from servers import running_gateway

from backend.access.credentials import create_token
from backend.embedded import held_signals
from backend.embedded.place import choose_place
from backend.embedded.postgres import cluster_name, running_postgres
from backend.embedded.redis import running_redis
from backend.migration import upgrade
from backend.seed import is_empty, load
from backend.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from servers import Server

CONNECTIONS = 50
WORKERS = 2
_USERS = ("admin", "lecturer", "tutor", "student")
_DOCUMENTS = (
    "{ me { username } }",
    "{ courses(first: 5) { totalCount nodes { title organization { title } members(first: 3) { totalCount } } } }",
    "{ results(first: 20) { nodes { id result courseMember { user { fullName } } } } }",
)
# Connections that a worker has besides its pool: who reads what changed.
_OWN = 2
_SHOWN = 10
# Of the time: when it is known what memory is needed, and when what happens.
_SETTLED, _WORKER, _POSTGRES, _REDIS = 0.25, 0.3, 0.45, 0.7


@dataclass
class Outage:
    """What came of it. Sizes are in MiB, over all workers; `wrong` has the first answers that were none to give."""

    seconds: float
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    longest: float = 0
    settled: float = 0
    ended: float = 0
    in_progress: float = 0
    database_connections: int = 0

    @property
    def is_fine(self) -> bool:
        """Whether nothing was lost or wrong, memory is what it was, and nothing is left over."""
        return (
            set(self.answers) <= {"right", "503"}
            and self.ended <= self.settled * 1.1
            and self.in_progress == 0
            and self.database_connections <= WORKERS * (Settings.model_fields["pool_size"].default + _OWN)
        )


@contextmanager
def _services(data_dir: Path) -> Iterator[tuple[str, str | None, Callable[[], None], Callable[[], None]]]:
    """URLs of PostgreSQL and Redis, and what restarts each."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with held_signals() as signals, ExitStack() as stack:
        place = choose_place(data_dir, cluster_name())
        log = data_dir / "postgres.log"

        def postgres() -> AbstractContextManager[str]:
            return running_postgres(place, log=log, durable=True, signals=signals)

        def redis() -> AbstractContextManager[str | None]:
            return running_redis(place, log=data_dir / "redis.log", signals=signals)

        first, second = stack.enter_context(ExitStack()), stack.enter_context(ExitStack())
        database_url, redis_url = first.enter_context(postgres()), second.enter_context(redis())

        def restart_postgres() -> None:
            first.close()
            first.enter_context(postgres())

        def restart_redis() -> None:
            second.close()
            second.enter_context(redis())

        with signals.delivered():
            yield database_url, redis_url, restart_postgres, restart_redis


def measure_outage(data_dir: Path, seconds: float) -> Outage:
    """Runs it on PostgreSQL and Redis of its own."""
    with _services(data_dir) as (database_url, redis_url, restart_postgres, restart_redis):
        upgrade(database_url)
        if is_empty(database_url):
            load(database_url, "demo")
        tokens = [create_token(database_url, user=user, name="outage") for user in _USERS]
        options = ["--workers", str(WORKERS)]
        environment = {
            "REDIS_URL": redis_url or "",
            "MAX_CONCURRENT": "1000",
        }
        with running_gateway(database_url, options, environment) as server:
            requests = [request for token in tokens for request in _requests(server.port, token)]
            outage = uvloop.run(_run(server, requests, seconds, restart_postgres, restart_redis))
            with psycopg.connect(database_url) as connection:
                found = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                ).fetchone()
                outage.database_connections = int(found[0]) - 1 if found else 0
            return outage


def _requests(port: int, token: str) -> list[bytes]:
    return [request for document in _DOCUMENTS for request in http_requests(port, document, [{}], token)]


async def _run(
    server: Server,
    requests: Sequence[bytes],
    seconds: float,
    restart_postgres: Callable[[], None],
    restart_redis: Callable[[], None],
) -> Outage:
    outage = Outage(seconds)
    expected = {}
    for request in requests:
        head, expected[request] = await _Client(server.port).ask(request)
        if not head.startswith(b"HTTP/1.1 200"):
            raise BenchmarkError((head + expected[request])[:1000].decode(errors="replace"))
    start = time.monotonic()
    until = start + seconds
    asking = [
        asyncio.create_task(_keep_asking(server.port, [*requests[number % 7 :], *requests], expected, until, outage))
        for number in range(CONNECTIONS)
    ]
    await asyncio.sleep(start + _SETTLED * seconds - time.monotonic())
    outage.settled = _memory(server)
    await asyncio.sleep(start + _WORKER * seconds - time.monotonic())
    _workers(server)[0].terminate()
    await asyncio.sleep(start + _POSTGRES * seconds - time.monotonic())
    await asyncio.to_thread(restart_postgres)
    await asyncio.sleep(start + _REDIS * seconds - time.monotonic())
    await asyncio.to_thread(restart_redis)
    await asyncio.gather(*asking)
    outage.ended = _memory(server)
    outage.in_progress = await _in_progress(server.port)
    return outage


async def _keep_asking(
    port: int, requests: Sequence[bytes], expected: dict[bytes, bytes], until: float, outage: Outage
) -> None:
    client = _Client(port)
    turn = 0
    while time.monotonic() < until:
        request = requests[turn % len(requests)]
        turn += 1
        began = time.monotonic()
        try:
            head, body = await client.ask(request)
        except (OSError, EOFError) as error:
            kind, said = "lost", repr(error)
            client = _Client(port)
        else:
            kind, said = _judged(head, body, expected[request]), (head + b"\n" + body)[:600].decode(errors="replace")
        outage.answers[kind] += 1
        outage.longest = max(outage.longest, time.monotonic() - began)
        if kind in ("lost", "wrong") and len(outage.wrong) < _SHOWN:
            outage.wrong.append(said)
        if kind == "503":
            # It was asked to come later; a second is more than the measurement has.
            await asyncio.sleep(0.1)


def _judged(head: bytes, body: bytes, expected: bytes) -> str:
    if head.startswith(b"HTTP/1.1 200") and body == expected:
        return "right"
    return "503" if head.startswith(b"HTTP/1.1 503") and b"\r\nretry-after: " in head.lower() else "wrong"


class _Client:
    """One client that keeps its connection as long as the server does."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> tuple[bytes, bytes]:
        """Head and body of the answer. Raises OSError or EOFError where there is none."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        lower = head.lower()
        body = await reader.readexactly(int(lower.partition(b"content-length:")[2].split(b"\r\n", 1)[0]))
        if b"\r\nconnection: close" in lower:
            writer.close()
            self._streams = None
        return head, body


async def _in_progress(port: int) -> float:
    _, text = await _Client(port).ask(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    lines = [line for line in text.decode().splitlines() if line.startswith("computor_requests_in_progress ")]
    return float(lines[0].split()[-1]) if lines else -1


def _workers(server: Server) -> list[psutil.Process]:
    children = psutil.Process(server.pid).children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def _memory(server: Server) -> float:
    return sum(float(worker.memory_info().rss) for worker in _workers(server)) / (1 << 20)
