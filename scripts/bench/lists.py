"""The second part: lists without keys, of which most is hidden, against the same lists of someone who sees all."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from client import Asker, http_requests
from database import READERS
from servers import running_gateway

if TYPE_CHECKING:
    from collections.abc import Mapping

    from database import Database

TIMES = 10

_NODES = "nodes { id result versionIdentifier createdAt }"
_NONE = 'filter: {versionIdentifier: {eq: "no such version"}}'
LISTS: Mapping[str, str] = {
    "results": f"{{ results {{ {_NODES} }} }}",
    "results, and how many": f"{{ results {{ totalCount {_NODES} }} }}",
    "results, by score": f"{{ results(orderBy: [{{result: DESC}}]) {{ {_NODES} }} }}",
    "results, oldest first": f"{{ results(orderBy: [{{createdAt: ASC}}]) {{ {_NODES} }} }}",
    "results, by title of content": f"{{ results(orderBy: [{{courseContent: {{title: ASC}}}}]) {{ {_NODES} }} }}",
    "results, none left": f"{{ results({_NONE}) {{ {_NODES} }} }}",
    "results, none left, and how many": f"{{ results({_NONE}) {{ totalCount {_NODES} }} }}",
    "results, of a content named so": (
        f'{{ results(filter: {{courseContent: {{title: {{eq: "no such title"}}}}}}) {{ {_NODES} }} }}'
    ),
    "results, figures": "{ results { aggregate { count avg { result } max { createdAt } } } }",
    "members": "{ courseMembers { totalCount nodes { id courseRoleId } } }",
    "users": "{ users { totalCount nodes { id familyName } } }",
    "users, none left": '{ users(filter: {familyName: {eq: "nobody"}}) { totalCount nodes { id } } }',
    "contents": "{ courseContents { totalCount nodes { id title } } }",
    "contents, none left": '{ courseContents(filter: {title: {eq: "no such title"}}) { totalCount nodes { id } } }',
    "submission groups": "{ submissionGroups { totalCount nodes { id } } }",
}


@dataclass(frozen=True)
class Timing:
    """How long one list took a user, the first and the tenth time, in milliseconds: medians over the rounds."""

    name: str
    user: str
    first: float
    tenth: float


def allowed(admin: float) -> float:
    """The most that a list may cost anyone, by what it costs an admin, in milliseconds."""
    return 2 * admin + 30


def measure_lists(database: Database, rounds: int) -> list[Timing]:
    """Each list ten times over one connection, of a gateway that was just started, for each round and user."""
    # What a PostgreSQL that was just started reads from disk has nothing to do with who asks.
    _measure_round(database)
    found = [_measure_round(database) for _ in range(rounds)]
    return [
        Timing(name, user, *(round(median(times[name, user][place] for times in found), 1) for place in (0, TIMES - 1)))
        for name in LISTS
        for user in READERS
    ]


def _measure_round(database: Database) -> dict[tuple[str, str], list[float]]:
    with running_gateway(database.url) as server, Asker(server.port) as asker:

        def request(document: str, user: str) -> bytes:
            return http_requests(server.port, document, [{}], database.tokens[user])[0]

        for user in READERS:
            asker.ask(request("{ me { id } }", user))
        return {
            (name, user): _times(asker, request(document, user)) for name, document in LISTS.items() for user in READERS
        }


def _times(asker: Asker, request: bytes) -> list[float]:
    times = []
    for _ in range(TIMES):
        start = time.perf_counter()
        asker.ask(request)
        times.append(1000 * (time.perf_counter() - start))
    return times
