"""The filters part: what filters of 500 alternatives cost the server, when their statement is made and once it is."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import orjson
from client import BenchmarkError
from hostile import Attacker
from servers import running_gateway

from tests.support.alternatives import ALTERNATIVES, alternatives

if TYPE_CHECKING:
    from database import Database
    from servers import Server

MOST_CPU = 20.0
"""Milliseconds of the server's processor time that such a filter may take."""
_QUERY = "query ($f: CourseContentFilter) { courseContents(filter: $f) { nodes { id title } } }"
_COUNT, _TIMES = 500, 5


@dataclass(frozen=True)
class Filtered:
    """Milliseconds of the server's processor time for a filter of one kind: the first time, and the median of later."""

    kind: str
    user: str
    first: float
    later: float


def measure_filters(database: Database, rounds: int) -> list[Filtered]:
    """Each kind for who sees all and who sees little, in a gateway that was just started: medians over the rounds."""
    found = [each for _ in range(rounds) for each in _round(database)]
    figures = {
        (each.kind, each.user): [one for one in found if (one.kind, one.user) == (each.kind, each.user)]
        for each in found
    }
    return [
        Filtered(kind, user, round(median(one.first for one in all_), 2), round(median(one.later for one in all_), 2))
        for (kind, user), all_ in figures.items()
    ]


def _round(database: Database) -> list[Filtered]:
    found = []
    with running_gateway(database.url) as server:
        for user in ("admin", "student"):
            with Attacker(server.port, database.tokens[user]) as asker:
                asker.ask(b"{}", {}, "/courses")
                asker.ask(orjson.dumps({"query": _QUERY}), {})
                for kind in ALTERNATIVES:
                    first, *later = (_cpu(server, asker, kind) for _ in range(1 + _TIMES))
                    found.append(Filtered(kind, user, first, median(later)))
    return found


def _cpu(server: Server, asker: Attacker, kind: str) -> float:
    body = orjson.dumps({"query": _QUERY, "variables": {"f": alternatives(kind, _COUNT)}})
    before = server.used()
    answer = orjson.loads(asker.ask(body, {}))
    used = server.used() - before
    if "errors" in answer:
        raise BenchmarkError(f"a filter of kind {kind}: {answer['errors']}")
    return 1000 * used
