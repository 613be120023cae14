"""The first part: requests a second and processor time a request, of the gateway, the usual way and the floor."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Protocol

import floor
import orjson
from client import CONNECTIONS, Asker, BenchmarkError, ask_for, http_requests
from database import READERS
from servers import Postgres, running_floor, running_gateway, running_usual_way
from shapes import SHAPES, variables_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from database import Database
    from servers import Server
    from shapes import Shape

FLOOR, SERVED, USUAL, GATEWAY = "floor", "floor, served", "usual way", "gateway"
LEAST_ANSWERS = 2 * CONNECTIONS


@dataclass(frozen=True)
class Rate:
    """What one system did with one shape: medians over the rounds. Processor times are milliseconds a request."""

    shape: str
    system: str
    user: str
    answers: int
    per_second: float
    cpu: float
    postgres_cpu: float


class _Measure(Protocol):
    def __call__(self, shape: Shape, seconds: float) -> tuple[int, float, float]:
        """How many answers, in how many seconds, with how many seconds of the system's processor time."""
        ...


def measure_rates(database: Database, shapes: Sequence[str], seconds: float, rounds: int) -> list[Rate]:
    """All systems in turn, again and again, so that whatever else the machine does falls on all alike.

    Raises BenchmarkError where they do not give the same answer.
    """
    postgres = Postgres(database.url)
    with ExitStack() as stack:
        gateway = stack.enter_context(running_gateway(database.url))
        usual_way = stack.enter_context(running_usual_way(database.url))
        served_floor = stack.enter_context(running_floor(database.url))
        spawn = multiprocessing.get_context("spawn")
        process = stack.enter_context(ProcessPoolExecutor(1, mp_context=spawn))
        check_answers(database, {USUAL: usual_way, SERVED: served_floor, GATEWAY: gateway})
        systems: dict[tuple[str, str], _Measure] = {
            (FLOOR, "admin"): _floor(process, database),
            (SERVED, "admin"): _served(served_floor, database, "admin"),
            (USUAL, "admin"): _served(usual_way, database, "admin"),
            **{(GATEWAY, user): _served(gateway, database, user) for user in READERS},
        }
        return [rate for name in shapes for rate in _measure_shape(SHAPES[name], systems, postgres, seconds, rounds)]


def check_answers(database: Database, servers: Mapping[str, Server]) -> None:
    """Raises BenchmarkError unless the admin gets the floor's JSON from all, whatever the order of keys."""
    token = database.tokens["admin"]
    for shape in SHAPES.values():
        for variables in variables_of(shape, database.url, "admin"):
            answers = {FLOOR: floor.first_answer(database.url, shape.name, variables)}
            for name, server in servers.items():
                with Asker(server.port) as asker:
                    answers[name] = asker.ask(http_requests(server.port, shape.document, [variables], token)[0])
            first, *others = map(orjson.loads, answers.values())
            if any(other != first for other in others):
                shown = "\n".join(f"{name}: {body[:500]!r}" for name, body in answers.items())
                raise BenchmarkError(f"The answers to shape {shape.name} differ.\n{shown}")


def _measure_shape(
    shape: Shape, systems: Mapping[tuple[str, str], _Measure], postgres: Postgres, seconds: float, rounds: int
) -> list[Rate]:
    found: dict[tuple[str, str], list[tuple[int, float, float, float]]] = {key: [] for key in systems}
    for measure in systems.values():
        measure(shape, min(1.0, seconds))
    for _ in range(rounds):
        for key, measure in systems.items():
            before = postgres.used()
            answers, took, used = measure(shape, seconds)
            of_postgres = postgres.used() - before
            found[key].append((answers, answers / took, 1000 * used / answers, 1000 * of_postgres / answers))
    return [
        Rate(
            shape.name,
            system,
            user,
            sum(row[0] for row in rows),
            *(round(median(row[column] for row in rows), 3) for column in (1, 2, 3)),
        )
        for (system, user), rows in found.items()
    ]


def _floor(process: ProcessPoolExecutor, database: Database) -> _Measure:
    def measure(shape: Shape, seconds: float) -> tuple[int, float, float]:
        variables = variables_of(shape, database.url, "admin")
        return process.submit(floor.repeat, database.url, shape.name, variables, seconds).result()

    return measure


def _served(server: Server, database: Database, user: str) -> _Measure:
    requests: Callable[[Shape], list[bytes]] = _remembered(
        lambda shape: http_requests(
            server.port, shape.document, variables_of(shape, database.url, user), database.tokens[user]
        )
    )

    def measure(shape: Shape, seconds: float) -> tuple[int, float, float]:
        asked = requests(shape)
        before = server.used()
        answers, took = ask_for(server.port, asked, seconds, LEAST_ANSWERS)
        return answers, took, server.used() - before

    return measure


def _remembered(make: Callable[[Shape], list[bytes]]) -> Callable[[Shape], list[bytes]]:
    made: dict[str, list[bytes]] = {}

    def remember(shape: Shape) -> list[bytes]:
        if shape.name not in made:
            made[shape.name] = make(shape)
        return made[shape.name]

    return remember
