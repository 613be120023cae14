"""What the cache saves, and what it costs where it saves nothing."""

from __future__ import annotations

import itertools
import random
import tempfile
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psycopg
from client import CONNECTIONS, Asker, ask_for, http_requests
from servers import Postgres, Redis, running_gateway, running_starlette
from shapes import SHAPES

from backend.access.credentials import create_token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from database import Database
    from servers import Server

SALTED = ("3", "4")
READERS = ("admin", "lecturer_spread", "student")
OFF, MISSES, HITS, BARE = "cache off", "misses", "hits", "bare route"
COURSES, USERS_EACH = 50, 4
READS, WRITES, TURNS = 95, 5, 100
DOCUMENTS = (
    "{ courses { nodes { id title } } }",
    "{ results(first: 20) { nodes { id status result courseContent { title } } } }",
    "{ courseContents(first: 50) { nodes { id title path } } }",
    "{ messages(first: 20) { nodes { id title createdAt } } }",
    "{ submissionGroups(first: 20) { nodes { id members { totalCount } } } }",
)
# As other programs write all day: one row, in one course.
STATEMENTS = (
    (
        "UPDATE result SET result = random() WHERE id = (SELECT r.id FROM result r JOIN course_content c"
        " ON c.id = r.course_content_id WHERE c.course_id = %(course)s ORDER BY random() LIMIT 1)"
    ),
    (
        "INSERT INTO message (author_id, course_id, title, content, level) SELECT user_id, course_id, 'news', '…', 0"
        " FROM course_member WHERE course_id = %(course)s AND course_role_id = '_lecturer' LIMIT 1"
    ),
    (
        "UPDATE course_submission_group SET max_group_size = max_group_size WHERE id ="
        " (SELECT id FROM course_submission_group WHERE course_id = %(course)s ORDER BY random() LIMIT 1)"
    ),
)


@dataclass(frozen=True)
class Kept:
    """How one query was answered: medians over the rounds. Processor time is milliseconds a request.

    `cpu` is that of the gateway, and `whole` that of PostgreSQL and Redis, too: what is kept takes work off them.
    """

    shape: str
    user: str
    how: str
    per_second: float
    cpu: float
    whole: float


@dataclass(frozen=True)
class Mixed:
    """Root fields that were hits, among all, while there were writes."""

    hits: int
    fields: int


def measure_kept(database: Database, seconds: float, rounds: int) -> list[Kept]:
    """Hits, misses, the same without a cache, and the same bytes from a bare route, in turn."""
    found: list[Kept] = []
    beside: list[Postgres | Redis] = [Postgres(database.url), Redis(str(database.redis_url))]
    with ExitStack() as stack:
        cached = stack.enter_context(running_gateway(database.url, environment={"REDIS_URL": str(database.redis_url)}))
        off = stack.enter_context(running_gateway(database.url))
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name, user in itertools.product(SALTED, READERS):
            token = database.tokens[user]
            answer = directory / f"{name}-{user}"
            with Asker(cached.port) as asker:
                answer.write_bytes(asker.ask(_requests(cached.port, name, token, 1, 1)[0]))
            with running_starlette(database.url, answer) as bare:
                ways: dict[str, tuple[Server, Callable[[], list[bytes]]]] = {
                    OFF: (off, lambda name=name, token=token: _requests(off.port, name, token, 2000)),  # type: ignore[misc]
                    MISSES: (cached, lambda name=name, token=token: _requests(cached.port, name, token, 2000)),  # type: ignore[misc]
                    HITS: (cached, lambda name=name, token=token: _requests(cached.port, name, token, 1, 1)),  # type: ignore[misc]
                    BARE: (bare, lambda name=name, token=token: _requests(bare.port, name, token, 1, 1)),  # type: ignore[misc]
                }
                found += _measure(name, user, ways, beside, seconds, rounds)
    return found


_salts = itertools.count(10)


def _requests(port: int, name: str, token: str, count: int, salt: int | None = None) -> list[bytes]:
    """The query with a filter that leaves out nothing; each is another one unless a salt is given."""
    document = SHAPES[name].document.replace("query {", "query ($salt: String) {", 1)
    document = document.replace("courses(", "courses(filter: {title: {ne: $salt}}, ", 1)
    variables = [{"salt": f"salt {next(_salts) if salt is None else salt}"} for _ in range(count)]
    return http_requests(port, document, variables, token)


def _measure(
    name: str,
    user: str,
    ways: Mapping[str, tuple[Server, Callable[[], list[bytes]]]],
    beside: Sequence[Postgres | Redis],
    seconds: float,
    rounds: int,
) -> list[Kept]:
    figures: dict[str, list[tuple[float, float, float]]] = {way: [] for way in ways}
    for server, requests in ways.values():
        ask_for(server.port, requests(), min(1, seconds), 2 * CONNECTIONS)
    for _ in range(rounds):
        for way, (server, requests) in ways.items():
            asked = requests()
            before, others_before = server.used(), sum(each.used() for each in beside)
            answers, took = ask_for(server.port, asked, seconds, 2 * CONNECTIONS)
            own, others = server.used() - before, sum(each.used() for each in beside) - others_before
            figures[way].append((answers / took, 1000 * own / answers, 1000 * (own + others) / answers))
    return [
        Kept(name, user, way, *(round(median(row[column] for row in rows), 3) for column in range(3)))
        for way, rows in figures.items()
    ]


def measure_mixed(database: Database) -> Mixed:
    """Reads of many users of many courses, and among a hundred requests five writes to these courses."""
    chance = random.Random(6)  # noqa: S311 - only to spread them
    with psycopg.connect(database.url, autocommit=True) as connection:
        courses = [key for (key,) in connection.execute("SELECT id FROM course ORDER BY id LIMIT %s", [COURSES])]
        users = connection.execute(
            "SELECT username FROM (SELECT u.username, row_number() OVER (PARTITION BY m.course_id ORDER BY m.id) AS n"
            ' FROM course_member m JOIN "user" u ON u.id = m.user_id'
            " WHERE m.course_id = ANY (%s) AND m.course_role_id = '_student' AND u.username IS NOT NULL"
            " AND u.archived_at IS NULL) s"
            " WHERE n <= %s",
            [courses, USERS_EACH],
        ).fetchall()
        names = sorted({user for (user,) in users})
        tokens = [create_token(database.url, user=name, name="benchmark") for name in names]
        with running_gateway(database.url, environment={"REDIS_URL": str(database.redis_url)}) as server:
            asked = [http_requests(server.port, text, [{}], token)[0] for token in tokens for text in DOCUMENTS]
            for _ in range(3):
                ask_for(server.port, asked, 0, len(asked))
            before = _fields(server)
            for _ in range(TURNS):
                ask_for(server.port, chance.choices(asked, k=READS), 0, READS)
                for _ in range(WRITES):
                    connection.execute(chance.choice(STATEMENTS), {"course": chance.choice(courses)})
            after = _fields(server)
    hits = after["hit"] - before["hit"]
    return Mixed(hits, sum(after.values()) - sum(before.values()))


def _fields(server: Server) -> dict[str, int]:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics") as response:
        lines = response.read().decode().splitlines()
    found: dict[str, Any] = dict.fromkeys(("hit", "joined", "miss"), 0)
    for line in lines:
        if line.startswith("computor_cache_fields_total{"):
            found[line.partition('answer="')[2].partition('"')[0]] = int(float(line.rpartition(" ")[2]))
    return found
