"""Fields written by hand next to generated ones, and what they may return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.statements import statements

if TYPE_CHECKING:
    from tests.support.gateway import RunningGateway


def _counted(gateway: RunningGateway, query: str) -> tuple[int, dict[str, Any]]:
    """How many statements ada's query took, and its data."""
    before = statements(gateway)
    data = gateway.data("ada", query)
    return statements(gateway) - before, data


def test_written_generated_and_introspected_fields_stand_in_one_document(written: RunningGateway) -> None:
    query = """{
      first: answer
      courses { totalCount nodes { title __typename } }
      __schema { queryType { name } }
      second: answer(number: 1)
      me { username }
      __typename
      __type(name: "Shelf") { name }
    }"""
    data = written.data("ada", query)
    assert data == {
        "first": 42,
        "courses": {"totalCount": 1, "nodes": [{"title": "Algebra", "__typename": "Course"}]},
        "__schema": {"queryType": {"name": "Query"}},
        "second": 7,
        "me": {"username": "ada"},
        "__typename": "Query",
        "__type": {"name": "Shelf"},
    }
    assert list(data) == ["first", "courses", "__schema", "second", "me", "__typename", "__type"]


def test_keys_beneath_plain_objects_are_loaded_together(written: RunningGateway) -> None:
    query = "{ shelves { label course { title members { totalCount } } } }"
    count, data = _counted(written, query)
    algebra = {"title": "Algebra", "members": {"totalCount": 1}}
    assert data["shelves"] == [
        {"label": "algebra", "course": algebra},
        {"label": "geometry", "course": None},
        {"label": "chemistry", "course": None},
        {"label": "algebra", "course": algebra},
    ]
    # Who is asking; the courses of all shelves; their members.
    assert count == 3


def test_lists_of_keys_are_loaded_together(written: RunningGateway) -> None:
    count, data = _counted(written, "{ shelves { courses { title } } }")
    assert data["shelves"] == [{"courses": [{"title": "Algebra"}, None, {"title": "Algebra"}]}] * 4
    assert count == 2


def test_what_is_selected_in_one_place_is_not_taken_for_another(written: RunningGateway) -> None:
    query = """{ plain: shelves { ...Plain } more: shelves { ...Plain course { version } } }
    fragment Plain on Shelf { course { title } }"""
    data = written.data("adi", query)
    assert data["plain"][0] == {"course": {"title": "Algebra"}}
    assert data["more"][0] == {"course": {"title": "Algebra", "version": "0"}}


def test_loaders_load_together(written: RunningGateway) -> None:
    count, data = _counted(written, "{ shelves { courseTitle } }")
    assert [shelf["courseTitle"] for shelf in data["shelves"]] == ["Algebra (0)", None, None, "Algebra (0)"]
    assert count == 2


def test_select_beneath_a_plain_object_is_narrowed(written: RunningGateway) -> None:
    query = "{ shelves { contents { totalCount nodes { title course { title } } } } }"
    for shelf in written.data("ada", query)["shelves"]:
        assert shelf["contents"]["totalCount"] == 2
        assert {node["title"] for node in shelf["contents"]["nodes"]} == {"week 1", "sheet 1"}


def test_select_takes_the_arguments_of_a_connection(written: RunningGateway) -> None:
    query = """query ($a: String) {
      scored(at_least: 0.5, first: 2, after: $a, orderBy: [{ result: ASC }], filter: { submit: { eq: false } }) {
        totalCount nodes { result } pageInfo { hasNextPage hasPreviousPage endCursor }
      }
    }"""
    first = written.data("tom", query)["scored"]
    assert (first["totalCount"], first["nodes"]) == (3, [{"result": 0.5}, {"result": 0.75}])
    rest = written.data("tom", query, a=first["pageInfo"]["endCursor"])["scored"]
    assert rest["nodes"] == [{"result": 1.0}]
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)
    assert written.data("ada", query)["scored"]["totalCount"] == 2


def test_conditions_within_conditions_mean_what_they_say(written: RunningGateway) -> None:
    query = "{ quiet { nodes { title } } }"
    titles = {node["title"] for node in written.data("adi", query)["quiet"]["nodes"]}
    # Each course has a unit, and a unit has no results.
    assert titles == {"Algebra", "Geometry", "Chemistry"}


def test_active_courses_are_paged_and_filtered(written: RunningGateway) -> None:
    query = """query ($f: CourseFilter, $n: Int, $a: String) {
      activeCourses(filter: $f, first: $n, after: $a) { totalCount nodes { title } pageInfo { endCursor hasNextPage } }
    }"""
    found = written.data("adi", query, n=2)["activeCourses"]
    assert (found["totalCount"], [node["title"] for node in found["nodes"]]) == (3, ["Algebra", "Chemistry"])
    rest = written.data("adi", query, n=2, a=found["pageInfo"]["endCursor"])["activeCourses"]
    assert (rest["nodes"], rest["pageInfo"]["hasNextPage"]) == ([{"title": "Geometry"}], False)
    some = written.data("adi", query, f={"title": {"startsWith": "g"}})["activeCourses"]
    assert (some["totalCount"], some["nodes"]) == (1, [{"title": "Geometry"}])
    assert written.data("ada", query)["activeCourses"]["nodes"] == [{"title": "Algebra"}]


def test_bad_arguments_of_a_written_list_are_its_own_error(written: RunningGateway) -> None:
    answer = written.ask("ada", "{ shelves { label } activeCourses(first: -1) { totalCount } }")
    (error,) = answer["errors"]
    assert answer["data"] is None
    assert error["path"] == ["activeCourses"]
    assert error["message"] == "first: -1 is no page size: it lies between 0 and 500"
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


FAILURES = (
    ("fails", "not like this", "BAD_USER_INPUT"),
    ("breaks", "Internal error.", "INTERNAL_SERVER_ERROR"),
    ("garbage { id }", "'Course:nope' is no id of a Course", "BAD_USER_INPUT"),
)


@pytest.mark.parametrize(("field", "message", "code"), FAILURES)
def test_written_field_that_fails_is_null_with_its_path(
    written: RunningGateway, field: str, message: str, code: str
) -> None:
    answer = written.ask("ada", f"{{ x: {field} courses {{ totalCount }} }}")
    assert answer["data"] == {"x": None, "courses": {"totalCount": 1}}
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["x"], code)
    assert error["message"].startswith(message)


def test_key_of_a_hidden_row_is_null(written: RunningGateway) -> None:
    query = "{ favourite { title } hidden { title } }"
    assert written.data("ada", query) == {"favourite": {"title": "Algebra"}, "hidden": None}
    answer = written.ask("ada", "{ favourite { title } hiddenRequired { title } }")
    assert answer["data"] is None
    assert [error["path"] for error in answer["errors"]] == [["hiddenRequired"]]
