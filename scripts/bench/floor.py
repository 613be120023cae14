"""The floor: each answer by the few statements that one would write by hand for it alone, without HTTP and rights.

psycopg without asyncio, prepared statements, orjson. It is what a request costs at least, in this language.
"""

from __future__ import annotations

import time
from functools import cache
from itertools import cycle
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
from psycopg.types.string import TextLoader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Row = tuple[Any, ...]
Connection = psycopg.Connection[Row]

_STATUS = ("COMPLETED", "FAILED", "CANCELLED", "SCHEDULED", "PENDING", "RUNNING", "CRASHED", "PAUSED")

_WITH_PARENTS = """
SELECT 'Course:' || c.id, c.title, c.path::text, 'Organization:' || o.id, o.title, 'CourseFamily:' || f.id, f.title
FROM course c JOIN organization o ON o.id = c.organization_id JOIN course_family f ON f.id = c.course_family_id
"""
_ONE = _WITH_PARENTS + "WHERE c.id = %s"
_MANY = _WITH_PARENTS + "ORDER BY c.title, c.id LIMIT %s"
_COURSES = "SELECT id, 'Course:' || id, title FROM course ORDER BY title, id LIMIT %s"
# Said to be one row each, users are looked up by key. A plain join reads all of them for each course: twice the time.
_MEMBERS_WITH_USER = """
SELECT p.key, m.* FROM unnest(%s::uuid[]) p(key), LATERAL (
  SELECT 'CourseMember:' || m.id, 'CourseRole:' || m.course_role_id, 'User:' || u.id, u.given_name, u.family_name
  FROM course_member m, LATERAL (SELECT * FROM "user" u WHERE u.id = m.user_id LIMIT 1) u WHERE m.course_id = p.key
  ORDER BY u.family_name, u.given_name, m.id LIMIT %s) m
"""
_CONTENTS = """
SELECT p.key, c.* FROM unnest(%s::uuid[]) p(key), LATERAL (
  SELECT 'CourseContent:' || c.id, c.title, c.path::text, c.position FROM course_content c
  WHERE c.course_id = p.key AND c.archived_at IS NULL ORDER BY c.tree_key, c.id LIMIT %s) c
"""
_MEMBERS = """
SELECT p.key, m.* FROM unnest(%s::uuid[]) p(key), LATERAL (
  SELECT m.id, 'CourseMember:' || m.id
  FROM course_member m, LATERAL (SELECT * FROM "user" u WHERE u.id = m.user_id LIMIT 1) u WHERE m.course_id = p.key
  ORDER BY u.family_name, u.given_name, m.id LIMIT %s) m
"""
_RESULTS_WITH_CONTENT = """
SELECT p.key, r.* FROM unnest(%s::uuid[]) p(key), LATERAL (
  SELECT 'Result:' || r.id, r.result, r.status, r.created_at, 'CourseContent:' || c.id, c.title
  FROM result r JOIN course_content c ON c.id = r.course_content_id
  WHERE r.course_member_id = p.key ORDER BY r.created_at DESC, r.id DESC LIMIT %s) r
"""
_RESULTS = """
SELECT 'Result:' || id, result, status, version_identifier, created_at
FROM result ORDER BY created_at DESC, id DESC LIMIT %s
"""


def answer(connection: Connection, shape: str, variables: Mapping[str, Any]) -> bytes:
    """The answer to one of the queries."""
    return orjson.dumps({"data": _ANSWERS[shape](connection, variables)}, option=orjson.OPT_UTC_Z)


@cache
def open_connection(database_url: str) -> Connection:
    """A connection as the statements here want it; one for each process."""
    connection = psycopg.connect(database_url, autocommit=True, prepare_threshold=0)
    connection.adapters.register_loader("uuid", TextLoader)
    connection.execute("SET TimeZone = 'UTC'; SET jit = off", prepare=False)
    return connection


def first_answer(database_url: str, shape: str, variables: Mapping[str, Any]) -> bytes:
    """One answer."""
    return answer(open_connection(database_url), shape, variables)


def repeat(
    database_url: str, shape: str, variables: Sequence[Mapping[str, Any]], seconds: float
) -> tuple[int, float, float]:
    """Answers for so long, after a warm-up: how many answers, in how many seconds, with how many of this process."""
    connection = open_connection(database_url)
    asked = cycle(variables)
    warm_until = time.perf_counter() + seconds / 4
    while time.perf_counter() < warm_until:
        answer(connection, shape, next(asked))
    answers, start, used = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() < start + seconds:
        answer(connection, shape, next(asked))
        answers += 1
    return answers, time.perf_counter() - start, time.process_time() - used


def _fetch(connection: Connection, statement: str, *parameters: object) -> list[Row]:
    return connection.execute(statement.encode(), parameters).fetchall()


def _with_parents(row: Row) -> dict[str, Any]:
    key, title, path, organization, organization_title, family, family_title = row
    return {
        "id": key,
        "title": title,
        "path": path,
        "organization": {"id": organization, "title": organization_title},
        "courseFamily": {"id": family, "title": family_title},
    }


def _one(connection: Connection, variables: Mapping[str, Any]) -> dict[str, Any]:
    rows = _fetch(connection, _ONE, variables["id"].removeprefix("Course:"))
    return {"course": _with_parents(rows[0]) if rows else None}


def _many(connection: Connection, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"courses": {"nodes": [_with_parents(row) for row in _fetch(connection, _MANY, 50)]}}


def _courses_with_lists(connection: Connection, _: Mapping[str, Any]) -> dict[str, Any]:
    courses = _fetch(connection, _COURSES, 20)
    keys = [key for key, _, _ in courses]
    members: dict[str, list[Any]] = {key: [] for key in keys}
    contents: dict[str, list[Any]] = {key: [] for key in keys}
    with connection.pipeline():
        cursor = connection.execute(_MEMBERS_WITH_USER, (keys, 20))
        other = connection.execute(_CONTENTS, (keys, 10))
        for course, key, role, user, given, family in cursor.fetchall():
            members[course].append(
                {"id": key, "courseRoleId": role, "user": {"id": user, "givenName": given, "familyName": family}}
            )
        for course, key, title, path, position in other.fetchall():
            contents[course].append({"id": key, "title": title, "path": path, "position": position})
    nodes = [
        {"id": name, "title": title, "members": {"nodes": members[key]}, "contents": {"nodes": contents[key]}}
        for key, name, title in courses
    ]
    return {"courses": {"nodes": nodes}}


def _courses_with_results(connection: Connection, _: Mapping[str, Any]) -> dict[str, Any]:
    courses = _fetch(connection, _COURSES, 5)
    members: dict[str, list[Any]] = {key: [] for key, _, _ in courses}
    results: dict[str, list[Any]] = {}
    for course, key, name in _fetch(connection, _MEMBERS, list(members), 20):
        results[key] = []
        members[course].append({"id": name, "results": {"nodes": results[key]}})
    for member, key, result, status, created_at, content, title in _fetch(
        connection, _RESULTS_WITH_CONTENT, list(results), 10
    ):
        results[member].append(
            {
                "id": key,
                "result": result,
                "status": _STATUS[status],
                "createdAt": created_at,
                "courseContent": {"id": content, "title": title},
            }
        )
    nodes = [{"id": name, "title": title, "members": {"nodes": members[key]}} for key, name, title in courses]
    return {"courses": {"nodes": nodes}}


def _newest(connection: Connection, _: Mapping[str, Any]) -> dict[str, Any]:
    with connection.pipeline():
        counting = connection.execute("SELECT count(*) FROM result")
        rows = connection.execute(_RESULTS, (50,)).fetchall()
        ((total,),) = counting.fetchall()
    nodes = [
        {"id": key, "result": result, "status": _STATUS[status], "versionIdentifier": version, "createdAt": created_at}
        for key, result, status, version, created_at in rows
    ]
    return {"results": {"totalCount": total, "nodes": nodes}}


_ANSWERS: Mapping[str, Callable[[Connection, Mapping[str, Any]], dict[str, Any]]] = {
    "1": _one,
    "2": _many,
    "3": _courses_with_lists,
    "4": _courses_with_results,
    "5": _newest,
}
