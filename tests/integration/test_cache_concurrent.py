"""Reads and writes at once, over two gateways: each answer is one that the database had to give while it was asked.

Each course's title is a number that only grows. Whoever reads it may not be given one that is older than what was
acknowledged before they asked, where it was written through a gateway; or a lease's time before, where it was written
past the gateways. `CONCURRENT_STEPS` has Redis and gateways hurt more often than each time; `CONCURRENT_SEED` sets in
which way.
"""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest

from backend.access.credentials import create_token
from backend.change import LEASE
from tests.support.cached_answers import kept
from tests.support.processes import gateway_process
from tests.support.redis_server import redis_server
from tests.support.repeat import seed, steps
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.support.processes import GatewayProcess
    from tests.support.redis_server import RedisServer
    from tests.support.world import World

STEPS, SEED = steps("CONCURRENT", 4), seed("CONCURRENT")
# Whoever sees one course alone is given answers that writes to the other leave alone.
READERS = {
    "lea": {"told", "untold"},
    "tom": {"told", "untold"},
    "adi": {"told", "untold"},
    "tia": {"told"},
    "una": {"untold"},
    "ute": {"untold"},
}
QUERIES = (
    "{ me { username } a: courses { nodes { path title } } }",
    "{ a: courses { nodes { title path } } me { username } b: courses(first: 9) { nodes { path title } } }",
)
UPDATE = "mutation ($id: ID!, $title: String) { updateCourse(id: $id, input: {title: $title}) { errors { message } } }"
# Who is told where answers come from is given none that the process remembers.
REPORTED = 0.4
# Redis counts milliseconds.
LATEST = LEASE + 0.005


@dataclass
class Register:
    """A number that one writer makes larger; when each was acknowledged, and the largest that may be there."""

    acknowledged: list[tuple[float, int]] = field(default_factory=lambda: [(0.0, 0)])
    begun: int = 0

    def write(self, set_to: Callable[[int], None]) -> None:
        """One more."""
        self.begun += 1
        set_to(self.begun)
        self.acknowledged.append((time.monotonic(), self.begun))

    def least(self, moment: float) -> int:
        """The largest that was acknowledged by then."""
        return next(number for when, number in reversed(self.acknowledged) if when <= moment)


@dataclass
class Trial:
    """Two courses: `told` is written through gateways, `untold` past them."""

    gateways: Sequence[GatewayProcess]
    server: RedisServer
    told: Register = field(default_factory=Register)
    untold: Register = field(default_factory=Register)
    over: threading.Event = field(default_factory=threading.Event)
    asked: int = 0
    hits: int = 0

    def read(self, gateway: GatewayProcess, chance: random.Random) -> None:
        """Asks that gateway until it is over."""
        with httpx.Client(timeout=60) as client:
            while not self.over.is_set():
                report = {"GraphQL-Cache": "report"} if chance.random() < REPORTED else {}
                self._read_once(client, gateway, chance.choice([*READERS]), chance.choice(QUERIES), report)

    def _read_once(
        self, client: httpx.Client, gateway: GatewayProcess, user: str, query: str, report: dict[str, str]
    ) -> None:
        start = time.monotonic()
        least = {"told": self.told.least(start), "untold": self.untold.least(start - LATEST)}
        headers = {"Authorization": f"Bearer {gateway.tokens[user]}", **report}
        answer = client.post(f"{gateway.url}/graphql", json={"query": query}, headers=headers).json()
        most = {"told": self.told.begun, "untold": self.untold.begun}
        assert "errors" not in answer, answer
        assert answer["data"]["me"] == {"username": user}
        for name in {"a", "b"} & {*answer["data"]}:
            found = {course["path"]: int(course["title"]) for course in answer["data"][name]["nodes"]}
            assert found.keys() == READERS[user]
            for path, number in found.items():
                assert least[path] <= number <= most[path], (name, path, answer)
        self.asked += 1
        self.hits += sum(of["status"] == "hit" for of in answer.get("extensions", {}).get("cache", {}).values())

    def write(self, register: Register, set_to: Callable[[int], None], chance: random.Random, pause: float) -> None:
        """Writes until it is over."""
        while not self.over.wait(chance.uniform(0, pause)):
            register.write(set_to)

    def hurt(self, chance: random.Random) -> None:
        """One trouble, and some time without."""
        how = chance.choice(("nothing", "flush", "restart", "old data", "pause", "full", *2 * ("stop a gateway",)))
        if how == "flush":
            self.server.client.flushall()
        elif how == "restart":
            self.server.kill()
            time.sleep(chance.uniform(0, 0.2))
            self.server.start()
        elif how == "old data":
            self.server.client.save()
            time.sleep(chance.uniform(0, 0.1))
            self.server.kill()
            self.server.start()
            (self.server.directory / "dump.rdb").unlink()
        elif how == "pause":
            # For less and for more than the lease lasts.
            with self.server.paused():
                time.sleep(chance.uniform(0, 1.5))
        elif how == "full":
            self.server.client.config_set("maxmemory", 1)
            time.sleep(chance.uniform(0, 0.2))
            self.server.client.config_set("maxmemory", 0)
        elif how == "stop a gateway":
            with chance.choice(self.gateways).paused():
                time.sleep(chance.uniform(0.4, 2))
        time.sleep(chance.uniform(0, 0.6))


@pytest.fixture
def trial(own_world: World) -> Iterator[Trial]:
    """Readers of either course, by different grants."""
    for name in ("told", "untold"):
        course = own_world.course(name)
        course.lecturer("lea")
        course.tutor("tom")
        for reader, seen in READERS.items():
            if seen == {name}:
                course.student(reader)
    own_world.role("adi", "_admin")
    own_world.connection.execute("UPDATE course SET title = '0'")
    url = own_world.database_url
    tokens = {user: create_token(url, user=user, scopes=["*"]) for user in READERS}
    with ExitStack() as stack:
        server = stack.enter_context(redis_server())
        gateways = [stack.enter_context(gateway_process(url, tokens, server.url)) for _ in range(2)]
        for gateway in gateways:
            kept(gateway, "lea", QUERIES[0])
        yield Trial(gateways, server)


def test_no_answer_is_older_than_it_may_be(trial: Trial, own_world: World) -> None:
    print(f"CONCURRENT_SEED={SEED}")  # noqa: T201 - to do it again
    chance = random.Random(SEED)  # noqa: S311 - to be repeated
    key = own_world.id("course", "told")

    def through_a_gateway(number: int) -> None:
        done = chance.choice(trial.gateways).data("lea", UPDATE, id=key, title=str(number))
        assert done["updateCourse"]["errors"] == []

    with psycopg.connect(own_world.database_url, autocommit=True) as psql, ThreadPoolExecutor(6) as pool:

        def past_them(number: int) -> None:
            psql.execute("UPDATE course SET title = %s WHERE path = 'untold'", [str(number)])

        # While one of the gateways stands still, its own readers do.
        working: list[Any] = [
            pool.submit(trial.read, trial.gateways[number % 2], random.Random(SEED - number))  # noqa: S311
            for number in range(4)
        ]
        working.append(pool.submit(trial.write, trial.told, through_a_gateway, chance, 0.1))
        working.append(pool.submit(trial.write, trial.untold, past_them, random.Random(SEED + 3), 0.2))  # noqa: S311
        try:
            troubles = random.Random(SEED + 4)  # noqa: S311
            eventually(lambda: trial.hits > 0 or any(each.done() for each in working))
            rounds = 0
            while rounds < STEPS and not any(each.done() for each in working):
                trial.hurt(troubles)
                rounds += 1
        finally:
            trial.over.set()
            for each in working:
                each.result()
    written = trial.told.begun, trial.untold.begun
    print(f"{trial.asked} asked, {trial.hits} hits, {written} written")  # noqa: T201 - for whoever did many
    assert trial.hits > 0
