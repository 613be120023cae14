"""How long readers wait while Redis does not answer, and until a write past the gateway shows in what is kept."""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING

import psycopg
import redis
from client import Asker, ask_for, http_requests, latencies_of
from kept import DOCUMENTS
from servers import running_gateway

if TYPE_CHECKING:
    from collections.abc import Sequence

    from database import Database

USERS = ("student", "lecturer_spread")
OFF, HITS, STOPPED = "cache off", "hits", "Redis stopped"
MOST = 60
"""Milliseconds that the 99th percentile may be longer with a Redis that is stopped than without a cache."""
WRITES = 60
SHOWS = "{ courses { nodes { id title } } }"


@dataclass(frozen=True)
class Wait:
    """Milliseconds from request to answer: medians over the rounds; `longest` is of all."""

    how: str
    answers: int
    median: float
    p99: float
    longest: float


@dataclass(frozen=True)
class Showing:
    """Milliseconds from COMMIT by SQL to the first answer that shows it, over HTTP."""

    median: float
    p95: float
    longest: float


def measure_waits(database: Database, redis_url: str, seconds: float, rounds: int) -> tuple[list[Wait], Showing]:
    """What is kept of five documents for two users, asked over eight connections. Redis is stopped while they ask."""
    with (
        running_gateway(database.url, environment={"REDIS_URL": redis_url}) as cached,
        running_gateway(database.url) as off,
        redis.Redis.from_url(redis_url) as client,
    ):
        process = int(client.info("server")["process_id"])
        found: dict[str, list[list[float]]] = {OFF: [], HITS: [], STOPPED: []}
        for _ in range(rounds):
            for how, server in ((OFF, off), (HITS, cached), (STOPPED, cached)):
                asked = [
                    http_requests(server.port, text, [{}], database.tokens[user])[0]
                    for user in USERS
                    for text in DOCUMENTS
                ]
                # After Redis was away it takes until the next lease until answers are kept again.
                ask_for(server.port, asked, 1.5, 3 * len(asked))
                if how == STOPPED:
                    os.kill(process, signal.SIGSTOP)
                try:
                    found[how].append(latencies_of(server.port, asked, seconds))
                finally:
                    os.kill(process, signal.SIGCONT)
        ask_for(cached.port, asked, 1.5, 3 * len(asked))
        return [_wait(how, each) for how, each in found.items()], _showing(database, cached.port)


def _wait(how: str, rounds: Sequence[Sequence[float]]) -> Wait:
    p99 = median(quantiles(each, n=100)[98] for each in rounds)
    middle = median(median(each) for each in rounds)
    longest = max(max(each) for each in rounds)
    return Wait(how, sum(map(len, rounds)), *(round(1000 * each, 2) for each in (middle, p99, longest)))


def _showing(database: Database, port: int) -> Showing:
    (request,) = http_requests(port, SHOWS, [{}], database.tokens["student"])
    took = []
    chance = random.Random(6)  # noqa: S311 - only to spread them
    with psycopg.connect(database.url, autocommit=True) as connection, Asker(port) as asker:
        before = asker.ask(request)
        course = before.partition(b'"id":"Course:')[2].partition(b'"')[0].decode()
        for number in range(WRITES):
            for _ in range(5):
                asker.ask(request)
            # The reader looks at regular times.
            time.sleep(chance.uniform(0, 0.1))
            before = asker.ask(request)
            connection.execute("UPDATE course SET title = %s WHERE id = %s", [f"Written {number}", course])
            began = time.perf_counter()
            while asker.ask(request) == before:
                pass
            took.append(1000 * (time.perf_counter() - began))
    return Showing(*(round(each, 1) for each in (median(took), quantiles(took, n=20)[18], max(took))))
