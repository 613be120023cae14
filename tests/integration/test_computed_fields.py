"""Fields that are computed in Python over all rows of a level, and what happens when they fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.written_fields import COMPUTED

if TYPE_CHECKING:
    from tests.support.gateway import RunningGateway
    from tests.support.world import World

ONE, TWO = {"shout": "ALGEBRA!"}, [{"whisper": "ALGEBRA!"}, {"whisper": None}, {"whisper": None}]
NULLED = [{"label": "geometry", "course": None}, {"label": "chemistry", "course": None}]
SHELF = {"label": "algebra", "course": ONE}
SCHEMA = {"queryType": {"name": "Query"}}
# What is asked, the answer, and the paths of the errors, dotted; a list that is null as a whole has one.
SHOUTS: tuple[tuple[str, Any, str], ...] = (
    ("courses { nodes { whisper } }", {"courses": {"nodes": TWO}}, "courses.nodes.1.whisper courses.nodes.2.whisper"),
    ("courses { nodes { shout } }", None, "courses.nodes.1.shout"),
    ("courses { edges { node { shout } } }", None, "courses.edges.1.node.shout"),
    ("a: course(id: $g) { title b: shout } c: course(id: $x) { shout }", {"a": None, "c": ONE}, "a.b"),
    ("node(id: $g) { id ... on Course { shout } }", {"node": None}, "node.shout"),
    ("nodes(ids: [$x, $g]) { ... on Course { shout } }", {"nodes": [ONE, None]}, "nodes.1.shout"),
    (
        "courseContents(first: 1, filter: { courseId: { eq: $g } }) { nodes { course { shout } } }",
        {"courseContents": {"nodes": [{"course": None}]}},
        "courseContents.nodes.0.course.shout",
    ),
    ("course(id: $x) { void } me { username }", {"course": None, "me": {"username": "adi"}}, "course.void"),
    ("course(id: $x) { broken title }", {"course": {"broken": None, "title": "Algebra"}}, "course.broken"),
    (
        "course(id: $g) { shout } answer __schema { queryType { name } }",
        {"course": None, "answer": 42, "__schema": SCHEMA},
        "course.shout",
    ),
    ("courses { nodes { shout } } answer", None, "courses.nodes.1.shout"),
    ("activeCourses(first: 1) { nodes { shout } }", {"activeCourses": {"nodes": [ONE]}}, ""),
    (
        "activeCourses(orderBy: [{ title: ASC }]) { nodes { whisper } }",
        {"activeCourses": {"nodes": TWO}},
        "activeCourses.nodes.1.whisper activeCourses.nodes.2.whisper",
    ),
    ("activeCourses { nodes { shout } } answer", None, "activeCourses.nodes.1.shout"),
    (
        "shelves { label course { shout } }",
        {"shelves": [SHELF, *NULLED, SHELF]},
        "shelves.1.course.shout shelves.2.course.shout",
    ),
    ("favourite { void }", None, "favourite.void"),
)


@pytest.mark.parametrize(("fields", "data", "paths"), SHOUTS, ids=range(len(SHOUTS)))
def test_computed_field_that_fails_is_null_as_far_up_as_the_schema_demands(
    written: RunningGateway, world: World, fields: str, data: Any, paths: str
) -> None:
    for name, course in (("$g", "geometry"), ("$x", "algebra")):
        fields = fields.replace(name, f'"Course:{world.id("course", course)}"')
    answer = written.ask("adi", f"{{ {fields} }}")
    assert answer["data"] == data
    errors = answer.get("errors", [])
    assert sorted(".".join(map(str, error["path"])) for error in errors) == paths.split()
    known = {"geometry is not shouted": "BAD_USER_INPUT", "Internal error.": "INTERNAL_SERVER_ERROR"}
    assert [error["extensions"]["code"] for error in errors] == [
        known[error["message"].split(" Tell")[0]] for error in errors
    ]


def test_computed_field_is_computed_once_for_each_field_and_level(written: RunningGateway) -> None:
    COMPUTED.clear()
    query = "{ courses { nodes { whisper a: whisper } edges { node { whisper } } } }"
    assert "errors" in written.ask("adi", query)
    assert COMPUTED == [3, 3, 3]


def test_computed_field_can_be_neither_filtered_nor_ordered_by(written: RunningGateway) -> None:
    for argument in ('filter: { shout: { eq: "X" } }', "orderBy: [{ shout: ASC }]"):
        answer = written.ask("adi", f"{{ courses({argument}) {{ totalCount }} }}")
        assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
