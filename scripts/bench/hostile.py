"""The hostile part: what hostile requests cost the server, and what they do to somebody else who asks beside them."""

from __future__ import annotations

import http.client
import multiprocessing
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from statistics import median, quantiles
from typing import TYPE_CHECKING, Self

import orjson
from client import Asker, BenchmarkError, ask_for, http_requests
from servers import running_gateway, running_starlette
from shapes import SHAPES, variables_of

from tests.support.hostile import corpus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.synchronize import Event

    from database import Database
    from servers import Server

    from tests.support.hostile import Hostile

MOST_CPU = 100.0
"""Milliseconds of the server's processor time that a hostile request may take."""
MOST_SLOWER = 2.0
"""How many times as slow the slowest hundredth of somebody else's requests may become."""
_EMPTY = "{ __typename }"
_ASKED = 2000
_TURNS = 10


@dataclass(frozen=True)
class Refusal:
    """A hostile request, the code that it was refused with, and the server's processor time in milliseconds."""

    name: str
    code: str
    cpu: float


@dataclass(frozen=True)
class Beside:
    """Milliseconds that another user waits at the median and at the slowest hundredth, and how many they asked."""

    name: str
    median: float
    p99: float
    answers: int


@dataclass(frozen=True)
class Empty:
    """Milliseconds of processor time for a request that asks for nothing."""

    name: str
    cpu: float


def measure_refusals(database: Database) -> list[Refusal]:
    """Each hostile request once, in a process that has not seen it; BenchmarkError where one is not refused."""
    requests = corpus()
    with running_gateway(database.url) as server, Attacker(server.port, database.tokens["admin"]) as attacker:
        attacker.ask(orjson.dumps({"query": _EMPTY}), {})
        _complete(server)
        return [attacker.refusal(server, request) for request in requests]


def measure_beside(database: Database, seconds: float) -> list[Beside]:
    """A student's first shape alone, beside another user, and beside one who sends hostile requests.

    They take turns, so that whatever else the machine does falls on all alike.
    """
    shape = SHAPES["1"]
    variables = variables_of(shape, database.url, "student")
    companies: dict[str, bool | None] = {"alone": None, "beside another user": False, "beside an attacker": True}
    waits: dict[str, list[float]] = {name: [] for name in companies}
    with running_gateway(database.url, environment={"COST_PER_MINUTE": "25000000"}) as server:
        requests = http_requests(server.port, shape.document, variables, database.tokens["student"])
        _complete(server)
        with Asker(server.port) as asker:
            _waits(asker, requests, 1)
            for _ in range(_TURNS):
                for name, hostile in companies.items():
                    with _another(server, database.tokens["lecturer_old"], hostile=hostile):
                        waits[name] += _waits(asker, requests, seconds / _TURNS)
    return [_beside(name, found) for name, found in waits.items()]


def measure_empty(database: Database) -> list[Empty]:
    """Processor time of an empty query with and without a token, and of a bare route of Starlette, in turns."""
    token = database.tokens["student"]
    with ExitStack() as stack:
        bare = stack.enter_context(running_starlette(database.url))
        plain = stack.enter_context(running_gateway(database.url, environment={"ANONYMOUS_SCHEMA": "1"}))
        asked = {
            "bare Starlette route": (bare, None),
            "gateway without a token": (plain, None),
            "gateway with a token": (plain, token),
        }
        if database.redis_url is not None:
            kept = stack.enter_context(running_gateway(database.url, environment={"REDIS_URL": database.redis_url}))
            asked["gateway with a token and Redis"] = (kept, token)
        for server in {server for server, _ in asked.values()}:
            _complete(server)
        turns = [{name: _empty(*each) for name, each in asked.items()} for _ in range(_TURNS)]
    # The first is the servers' own.
    found = {name: [turn[name] for turn in turns[1:]] for name in asked}
    return [Empty(name, round(1000 * median(seconds), 4)) for name, seconds in found.items()]


def _empty(server: Server, token: str | None) -> float:
    """Seconds of the processor for one of many that eight connections ask for."""
    before = server.used()
    answers, _ = ask_for(server.port, http_requests(server.port, _EMPTY, [{}], token), 0, _ASKED)
    return (server.used() - before) / answers


def _complete(server: Server) -> None:
    """Returns once the application of REST is made, which takes about a second of the processor's time."""
    with Attacker(server.port, "") as anyone:
        anyone.ask(b"{}", {}, "/courses")


def _waits(asker: Asker, requests: list[bytes], seconds: float) -> list[float]:
    waits: list[float] = []
    until = time.perf_counter() + seconds
    while (start := time.perf_counter()) < until:
        asker.ask(requests[len(waits) % len(requests)])
        waits.append(1000 * (time.perf_counter() - start))
    return waits


def _beside(name: str, waits: list[float]) -> Beside:
    cuts = quantiles(waits, n=100)
    return Beside(name, round(cuts[49], 2), round(cuts[98], 2), len(waits))


@contextmanager
def _another(server: Server, token: str, *, hostile: bool | None) -> Iterator[None]:
    """Another user, if any, asks as fast as they get answers until the block ends."""
    if hostile is None:
        yield
        return
    # A process of its own, so that what it does to the server is all that it does to this one.
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    process = spawn.Process(target=_ask_on, args=(server.port, token, ready, hostile), daemon=True)
    process.start()
    try:
        ready.wait()
        yield
    finally:
        process.kill()
        process.join()


def _ask_on(port: int, token: str, ready: Event, hostile: bool) -> None:  # noqa: FBT001 - the arguments of a process
    query = orjson.dumps({"query": "{ courses(first: 20) { nodes { id title } } }"})
    ordinary = [(query, dict[str, str](), "/graphql")]
    requests = [(each.body, dict(each.headers), each.path) for each in corpus()] if hostile else ordinary
    with Attacker(port, token) as attacker:
        ready.set()
        for body, headers, path in cycle(requests):
            attacker.ask(body, headers, path)


class Attacker:
    """One connection on which hostile requests follow each other."""

    def __init__(self, port: int, token: str) -> None:
        self._token = token
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def __enter__(self) -> Self:
        """It connects when it first asks."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self._connection.close()

    def ask(self, body: bytes, headers: dict[str, str], path: str = "/graphql") -> bytes:
        """The body of the answer."""
        given = {"content-type": "application/json", "authorization": f"Bearer {self._token}", **headers}
        try:
            self._connection.request("POST", path, body, given)
            response = self._connection.getresponse()
            return response.read()
        except OSError:
            # The server has refused before it read all, and closed.
            self._connection.close()
            return b""

    def refusal(self, server: Server, request: Hostile) -> Refusal:
        """What the server says, and what of the processor it takes. Raises BenchmarkError for any other answer."""
        before = server.used()
        answer = orjson.loads(self.ask(request.body, dict(request.headers), request.path))
        used = server.used() - before
        code = request.told_by(answer).get("code")
        if code != request.code:
            raise BenchmarkError(f"{request.name}: {code}, not {request.code}")
        return Refusal(request.name, request.code, round(1000 * used, 2))
