"""The third part: many members in one mutation, against the same rows by one INSERT that was written by hand."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
from client import Asker, BenchmarkError, http_requests
from servers import running_gateway

from backend.access.credentials import create_token

if TYPE_CHECKING:
    from database import Database

MEMBERS = 1000
GOAL = 3
_LECTURER = "bulk_lecturer"
_DOCUMENT = """mutation($inputs: [CreateCourseMemberInput!]!) {
  createCourseMembers(inputs: $inputs) { courseMembers { id } refused: errors { message } }
}"""
# A course in which nobody is yet, and people to be put into it.
_PREPARE = """
INSERT INTO "user" (username, given_name, family_name) SELECT 'bulk_' || n, 'Bulk', n FROM generate_series(1, %s) n;
INSERT INTO "user" (username) VALUES ('bulk_lecturer');
INSERT INTO course (path, course_family_id, organization_id)
    SELECT 'bulk', id, organization_id FROM course_family ORDER BY id LIMIT 1;
INSERT INTO course_group (title, course_id) SELECT 'bulk', id FROM course WHERE path = 'bulk';
INSERT INTO course_member (user_id, course_id, course_role_id)
    SELECT u.id, c.id, '_lecturer' FROM "user" u, course c WHERE u.username = 'bulk_lecturer' AND c.path = 'bulk';
ANALYZE "user", course, course_group, course_member;
"""
_REMOVE = """
DELETE FROM course WHERE path = 'bulk';
DELETE FROM "user" WHERE username LIKE 'bulk\\_%';
"""
_EMPTY = "DELETE FROM course_member WHERE course_role_id = '_student' AND course_id = %s"
_BY_HAND = "INSERT INTO course_member (user_id, course_id, course_group_id, course_role_id) VALUES {} RETURNING id"


@dataclass(frozen=True)
class Bulk:
    """How long the rows took, in milliseconds: medians over the rounds."""

    by_hand: float
    mutation: float

    @property
    def times(self) -> float:
        """How many times as long the mutation took."""
        return self.mutation / self.by_hand


def measure_bulk(database: Database, rounds: int) -> Bulk:
    """Puts the members into the course by one way and by the other, in turns, and takes them out again."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        for statement in _PREPARE.strip().split(";\n"):
            connection.execute(statement.encode(), [MEMBERS] if "%s" in statement else None)
        try:
            return _measured(connection, database.url, rounds)
        finally:
            for statement in _REMOVE.strip().split(";\n"):
                connection.execute(statement.encode())


def _measured(connection: psycopg.Connection[Any], url: str, rounds: int) -> Bulk:
    course, group = _one(connection, "SELECT course_id, id FROM course_group WHERE title = 'bulk'")
    (actor,) = _one(connection, "SELECT id FROM \"user\" WHERE username = 'bulk_lecturer'")
    found = connection.execute("SELECT id FROM \"user\" WHERE username ~ '^bulk_[0-9]' ORDER BY id").fetchall()
    users = [str(user) for (user,) in found]
    rows = [value for user in users for value in (user, course, group, "_student")]
    by_hand = _BY_HAND.format(", ".join(["(%s, %s, %s, %s)"] * len(users))).encode()
    inputs = [
        {"userId": user, "courseId": str(course), "courseGroupId": str(group), "courseRoleId": "_student"}
        for user in users
    ]
    token = create_token(url, user=_LECTURER, name="benchmark", scopes=["*"])
    with running_gateway(url) as server, Asker(server.port) as asker:
        (request,) = http_requests(server.port, _DOCUMENT, [{"inputs": inputs}], token)
        times: list[tuple[float, float]] = []
        # The first round of each, which nobody waits for, fills caches.
        for _ in range(rounds + 1):
            start = time.perf_counter()
            with connection.transaction():
                connection.execute("SELECT set_config('app.user_id', %s, true)", [str(actor)])
                connection.execute(by_hand, rows).fetchall()
            between = time.perf_counter()
            connection.execute(_EMPTY, [course])
            again = time.perf_counter()
            answer = asker.ask(request)
            end = time.perf_counter()
            written = orjson.loads(answer)["data"]["createCourseMembers"]
            if len(written["courseMembers"] or ()) != MEMBERS:
                raise BenchmarkError(f"The members were not created: {written['refused']}")
            connection.execute(_EMPTY, [course])
            times.append((1000 * (between - start), 1000 * (end - again)))
    return Bulk(*(round(median(each), 1) for each in zip(*times[1:], strict=True)))


def _one(connection: psycopg.Connection[Any], query: str) -> tuple[Any, ...]:
    row = connection.execute(query.encode()).fetchone()
    if row is None:
        raise LookupError(query)
    return tuple(row)
