"""The five queries that are measured, and what they are asked with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Mapping

COURSES_ASKED_FOR = 16


@dataclass(frozen=True)
class Shape:
    """One query. `goal` is how many times as many a second as the usual way the gateway is to answer, for an admin."""

    name: str
    title: str
    document: str
    goal: int | None = None
    takes_course: bool = False


SHAPES: Mapping[str, Shape] = {
    shape.name: shape
    for shape in (
        Shape(
            "1",
            "one object with two parents",
            """query ($id: ID!) {
  course(id: $id) { id title path organization { id title } courseFamily { id title } }
}""",
            goal=10,
            takes_course=True,
        ),
        Shape(
            "2",
            "50 objects with two parents",
            """query {
  courses(first: 50) { nodes { id title path organization { id title } courseFamily { id title } } }
}""",
        ),
        Shape(
            "3",
            "20 courses x (20 members with user, 10 contents)",
            """query {
  courses(first: 20) {
    nodes {
      id title
      members(first: 20) { nodes { id courseRoleId user { id givenName familyName } } }
      contents(first: 10) { nodes { id title path position } }
    }
  }
}""",
            goal=25,
        ),
        Shape(
            "4",
            "5 courses x 20 members x 10 results with content",
            """query {
  courses(first: 5) {
    nodes {
      id title
      members(first: 20) {
        nodes {
          id
          results(first: 10) { nodes { id result status createdAt courseContent { id title } } }
        }
      }
    }
  }
}""",
            goal=25,
        ),
        Shape(
            "5",
            "first 50 of all results, newest first, with totalCount",
            "query { results(first: 50) { totalCount nodes { id result status versionIdentifier createdAt } } }",
        ),
    )
}


def variables_of(shape: Shape, database_url: str, user: str) -> list[dict[str, Any]]:
    """What the query is asked with, in turn: courses that the user can see, or nothing."""
    if not shape.takes_course:
        return [{}]
    of_user = 'JOIN course_member m ON m.course_id = c.id JOIN "user" u ON u.id = m.user_id AND u.username = %s'
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            f"SELECT DISTINCT c.id::text FROM course c {of_user if user != 'admin' else ''} ORDER BY 1 LIMIT %s",  # noqa: S608 - constants
            (user, COURSES_ASKED_FOR) if user != "admin" else (COURSES_ASKED_FOR,),
        ).fetchall()
    return [{"id": f"Course:{key}"} for (key,) in found]
