"""Searches, and Selects written by hand: their statements are made once for each shape, whatever the values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backend.face.admission import Admission
from backend.plan.statement import Compiler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.gateway import RunningGateway


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The statements that were made."""
    constructs: list[object] = []
    make = Compiler.compile

    def noting(compiler: Compiler, construct: Any, *, prepare: bool) -> Any:
        constructs.append(construct)
        return make(compiler, construct, prepare=prepare)

    monkeypatch.setattr(Compiler, "compile", noting)
    return constructs


@pytest.fixture
def owed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What was owed, after the fact."""
    costs: list[int] = []

    async def noting(_: Admission, user: str, cost: int) -> None:
        assert user
        costs.append(cost)

    monkeypatch.setattr(Admission, "owe", noting)
    return costs


_LIST = "query ($v: String) { courses(search: { title: $v }) { totalCount nodes { title } } }"
_NAMED = "query ($v: String) { courseMembers(search: { givenName: $v }) { nodes { user { username } } } }"
_NESTED = "query ($v: String) { courses { nodes { members(search: { familyName: $v }) { nodes { id } totalCount } } } }"
_NEWEST = "query ($v: Float) { results(search: { latest: true, result: $v }) { nodes { result } } }"
_FILTERED = """query ($v: String, $w: String) {
  courses(filter: { title: { startsWith: $v } }, search: { title: $w }) { nodes { title } }
}"""
_GROUPED = """query ($v: Float) {
  results(search: { result: $v }) { groups(by: [{ submit: VALUE }]) { count } totalCount(atMost: 3) }
}"""
_SCORED = "query ($v: Float!) { scored(at_least: $v) { totalCount } }"
_SCORED_SEARCHED = """query ($v: Float!, $w: Float) {
  scored(at_least: $v, search: { result: $w }) { nodes { result } }
}"""
_BENEATH = "{ shelves { course { title } contents { totalCount } } }"


def _courses(*titles: str) -> dict[str, Any]:
    return {"courses": {"totalCount": len(titles), "nodes": [{"title": title} for title in titles]}}


def _members(*users: str) -> dict[str, Any]:
    return {"courseMembers": {"nodes": [{"user": {"username": user}} for user in users]}}


def _counts(data: dict[str, Any]) -> list[int]:
    return [course["members"]["totalCount"] for course in data["courses"]["nodes"]]


def _results(field: str, *results: float) -> dict[str, Any]:
    return {field: {"nodes": [{"result": result} for result in results]}}


Asked = tuple[dict[str, Any], dict[str, Any]]
SAME_SHAPE: dict[str, tuple[str, Sequence[Asked]]] = {
    "a list": (
        _LIST,
        [({"v": title}, _courses(title)) for title in ("Algebra", "Geometry")] + [({"v": "?"}, _courses())],
    ),
    "a sub-query": (_NAMED, [({"v": "tom"}, _members("tom")), ({"v": "LEA"}, _members("lea"))]),
    "the newest": (_NEWEST, [({"v": 0.75}, _results("results", 0.75)), ({"v": 1.0}, _results("results", 1.0))]),
    "a filter, too": (
        _FILTERED,
        [
            ({"v": "Alg", "w": "Algebra"}, {"courses": {"nodes": [{"title": "Algebra"}]}}),
            ({"v": "Geo", "w": "Algebra"}, {"courses": {"nodes": []}}),
            ({"v": "Geo", "w": "Geometry"}, {"courses": {"nodes": [{"title": "Geometry"}]}}),
        ],
    ),
    "groups and counts": (
        _GROUPED,
        [({"v": value}, {"results": {"groups": [{"count": 1}], "totalCount": 1}}) for value in (0.5, 0.625)],
    ),
    "by hand": (
        _SCORED,
        [({"v": 0.5}, {"scored": {"totalCount": 5}}), ({"v": 0.8}, {"scored": {"totalCount": 2}})],
    ),
    "by hand, and a search": (
        _SCORED_SEARCHED,
        [
            ({"v": 0.5, "w": 0.75}, _results("scored", 0.75)),
            ({"v": 0.8, "w": 0.75}, _results("scored")),
            ({"v": 0.8, "w": 1.0}, _results("scored", 1.0)),
        ],
    ),
}


@pytest.mark.parametrize("what", SAME_SHAPE)
def test_other_values_make_no_statement(written: RunningGateway, made: list[object], what: str) -> None:
    document, asked = SAME_SHAPE[what]
    for number, (variables, data) in enumerate((*asked, asked[0])):
        assert written.data("adi", document, **variables) == data
        assert (made == []) == (number > 0)
        made.clear()


def test_a_search_for_each_parent_makes_no_statement_again(written: RunningGateway, made: list[object]) -> None:
    assert _counts(written.data("adi", _NESTED, v="miason")) == [1, 0, 1]
    made.clear()
    assert _counts(written.data("adi", _NESTED, v="danson")) == [0, 1, 0]
    assert made == []


def test_what_lies_beneath_plain_objects_is_planned_once(written: RunningGateway, made: list[object]) -> None:
    first = written.data("adi", _BENEATH)
    assert [(shelf["course"]["title"], shelf["contents"]["totalCount"]) for shelf in first["shelves"]][:2] == [
        ("Algebra", 6),
        ("Geometry", 6),
    ]
    made.clear()
    assert written.data("adi", _BENEATH) == first
    assert made == []


def test_who_sees_less_is_shown_less_by_what_others_had_made(written: RunningGateway) -> None:
    for title, seen in (("Geometry", ()), ("Algebra", ("Algebra",))):
        assert written.data("adi", _LIST, v=title) == _courses(title)
        assert written.data("ada", _LIST, v=title) == _courses(*seen)
    assert _counts(written.data("tom", _NESTED, v="miason")) == [1]
    assert written.data("tom", _NAMED, v="cyd") == _members()
    assert written.data("adi", _NAMED, v="cyd") == _members("cyd")
    assert [written.data(reader, _SCORED, v=0.6)["scored"]["totalCount"] for reader in ("adi", "tom", "ada")] == [
        4,
        2,
        1,
    ]


@pytest.mark.parametrize("field", ["results", "scored"])
def test_another_shape_is_owed_for(written: RunningGateway, owed: list[int], field: str) -> None:
    document = f"query ($s: ResultSearch) {{ {field}(search: $s) {{ nodes {{ id }} }} }}"
    for search, costs in (
        ({"result": 0.5}, None),
        ({"result": 0.75}, []),
        ({"result": 0.75, "testSystemId": "a"}, [50_000]),
        ({"result": 0.25, "testSystemId": "b"}, []),
    ):
        owed.clear()
        written.data("adi", document, s=search)
        assert costs is None or owed == costs, search


def test_values_are_refused_before_anything_is_read(written: RunningGateway, made: list[object]) -> None:
    document = "query ($v: ID) { courses { nodes { contents { nodes { results(search: { submitterId: $v }) "
    document += "{ totalCount } } } } } }"
    answer = written.ask("adi", document, v="abc")
    assert answer["errors"][0]["message"] == "search: 'abc' is no UUID"
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    assert made == []
