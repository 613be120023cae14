"""Limits of documents: what is counted, that the bound itself passes, and what an operation costs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from graphql import Lexer, Source, TokenKind
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import BadRequestError, LimitError
from backend.face.limits import DocumentLimits
from backend.face.values import check_values, read_json
from backend.graphql.document import Document, read_document
from backend.graphql.measure import check_text
from backend.graphql.schema import build_schema, core_of
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from backend.plan.limits import Limits
from backend.settings import DEFAULTS
from tests.support.work import counted

SCHEMA = core_of(build_schema(reflect(INTERFACES), Limits.of(DEFAULTS)))

LIMITS = DocumentLimits.of(DEFAULTS)


def _read(text: str, **bounds: int) -> Document:
    return read_document(SCHEMA, text, replace(LIMITS, **bounds))


FRAGMENT = "fragment F on Course { a: id organization { id } }"
COUNTED = (
    ("characters", "characters", "{ __typename }", 14),
    ("tokens", "tokens", '{ courses(search: {title: "a{b"}) { totalCount } } # {', 15),
    ("depth", "depth", f"{{ courses {{ nodes {{ ... {{ ...F }} }} }} }} {FRAGMENT}", 4),
    ("operations", "operations", "query A { __typename } query B { __typename }", 2),
    ("root_fields", "rootFields", "{ a: __typename ... { b: __typename ...F } } fragment F on Query { __typename }", 3),
    ("fields", "fields", f"{{ courses {{ nodes {{ ...F ... {{ ...F }} }} }} }} {FRAGMENT}", 8),
    ("objects", "objects", f"{{ courses {{ nodes {{ ...F ... {{ ...F }} }} }} }} {FRAGMENT}", 4),
    ("aliases", "aliases", f"{{ b: courses {{ nodes {{ ...F ...F }} }} }} {FRAGMENT}", 2),
    ("directives", "directives", "query { __typename @skip(if: true) ... @include(if: true) { __typename } }", 2),
    ("spreads", "spreads", "{ ...F ...F } fragment F on Query { ...G } fragment G on Query { __typename }", 4),
    ("overlaps", "overlaps", "{ courses { nodes { id id } } courses { nodes { id } } }", 5),
)


@pytest.mark.parametrize(("bound", "name", "text", "found"), COUNTED, ids=[case[0] for case in COUNTED])
def test_as_much_as_is_allowed_passes_and_no_more(bound: str, name: str, text: str, found: int) -> None:
    assert _read(text, **{bound: found}).errors == ()
    (error,) = _read(text, **{bound: found - 1}).errors
    assert error.extensions == {"code": "LIMIT_EXCEEDED", "limit": name, "allowed": found - 1, "found": found}
    assert str(found) in error.message


def test_fragments_that_double_each_other_are_never_spelled_out() -> None:
    calls = []
    for levels in (5, 10, 20):
        bodies = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
        text = f"{{ ...F0 }} {bodies} fragment F{levels} on Query {{ __typename }}"
        # Spelled out, the last are a million times the first.
        with counted(most=20_000) as work:
            (error,) = _read(text, spreads=10).errors
        assert (error.extensions or {})["limit"] == "spreads"
        calls.append(work.calls)
    assert calls[2] < 5 * calls[0]


@pytest.mark.parametrize(
    ("bound", "name", "variables", "found"),
    [
        ("variable_depth", "variableDepth", {"a": [{"b": [1]}]}, 4),
        ("variable_values", "variableValues", {"a": [1, 2, {"b": 3}], "c": 4}, 6),
        ("list_length", "listLength", {"a": {"b": [1, 2, 3]}}, 3),
    ],
)
def test_variables_as_large_as_is_allowed_pass(bound: str, name: str, variables: Any, found: int) -> None:
    check_values(variables, replace(LIMITS, **{bound: found}))
    with pytest.raises(LimitError) as refused:
        check_values(variables, replace(LIMITS, **{bound: found - 1}))
    assert (refused.value.limit, refused.value.allowed, refused.value.found) == (name, found - 1, found)


@pytest.mark.parametrize("value", [{}, [], "x", {"a": 1}, [1, 2]])
def test_json_with_clearly_more_values_than_are_read_is_never_parsed(value: Any) -> None:
    limits = replace(LIMITS, variable_values=1000)
    # Not JSON in the end, which nobody is told: nobody got there.
    with pytest.raises(LimitError) as refused:
        read_json(orjson.dumps([value] * 2101) + b"!", limits)
    assert (refused.value.limit, refused.value.allowed) == ("variableValues", 1000)
    assert read_json(orjson.dumps([value] * 500), limits) == [value] * 500


@pytest.mark.parametrize("text", [",[{" * 5000, '"[' * 5000, "\\" * 5000 + ",\\" * 5000])
def test_what_stands_in_texts_is_no_value(text: str) -> None:
    assert read_json(orjson.dumps([text, text]), replace(LIMITS, variable_values=1000)) == [text, text]
    for tail in (b"", b"\\"):
        with pytest.raises(BadRequestError):
            read_json(orjson.dumps([text])[:-2] + tail, replace(LIMITS, variable_values=1000))


_PIECES = [
    "{",
    "}",
    "(",
    ")",
    "...",
    "a",
    "_b1",
    "1",
    "-1.5e+3",
    '"x{y"',
    '"\\""',
    '""',
    '"""a "b" \\""" {"""',
    "$",
    "@",
    "|",
]
_BETWEEN = [" ", "\n", ",", '# { } " \n', "\ufeff", "\t"]


@given(st.lists(st.tuples(st.sampled_from(_PIECES), st.sampled_from(_BETWEEN)), max_size=100))
@settings(max_examples=200, deadline=None)
def test_tokens_are_counted_as_the_lexer_reads_them(parts: list[tuple[str, str]]) -> None:
    text = "".join(piece + between for piece, between in parts)
    lexer = Lexer(Source(text))
    expected = 0
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        expected += token.kind is not TokenKind.COMMENT
    check_text(text, replace(LIMITS, tokens=expected))
    if expected > 1:
        with pytest.raises(LimitError) as refused:
            check_text(text, replace(LIMITS, tokens=expected - 1))
        assert refused.value.found == expected


COSTS: tuple[tuple[str, dict[str, Any], tuple[int, int, int]], ...] = (
    # The query's object and nothing besides.
    ("{ __typename }", {}, (0, 1, 0)),
    # A field for the course, an object for it.
    ('{ course(id: "1") { id title } }', {}, (1, 2, 1)),
    # The connection and nodes are fields, connection and rows are objects.
    ("{ courses(first: 3) { nodes { id } } }", {}, (2, 5, 3)),
    ("{ courses { nodes { id } } }", {}, (2, 52, 50)),
    ("{ courses(last: 3) { edges { node { id } } } }", {}, (5, 8, 3)),
    ("query ($n: Int) { courses(first: $n) { nodes { id } } }", {"n": 7}, (2, 9, 7)),
    ("query ($n: Int) { courses(first: $n) { nodes { id } } }", {}, (2, 52, 50)),
    # A page for each row of a page.
    ("{ courses(first: 3) { nodes { members(first: 4) { nodes { id } } } } }", {}, (8, 20, 15)),
    # What reads the whole list weighs five.
    ("{ courses(first: 0) { totalCount aggregate { count } } }", {}, (11, 3, 0)),
    # A group is one object, whatever keys it has; the groups of a list weigh five beside.
    (
        "{ results(first: 0) { groups(by: [{status: VALUE}], first: 4) { keys { courseMember { courseId } } } } }",
        {},
        (6, 6, 0),
    ),
    # The same field asked for twice is one field; under two names it is two.
    ("{ courses(first: 1) { nodes { id } } courses(first: 1) { nodes { title } } }", {}, (2, 3, 1)),
    ("{ a: courses(first: 1) { nodes { id } } b: courses(first: 1) { nodes { id } } }", {}, (4, 5, 2)),
    ("{ ...F ...F } fragment F on Query { courses(first: 1) { nodes { id } } }", {}, (2, 3, 1)),
    # Of what a node may be, the dearest counts.
    (
        '{ node(id: "1") { ... on Course { organization { id } } ... on User { id } } }',
        {},
        (2, 3, 2),
    ),
    ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["1", "2"]}, (1, 3, 2)),
    # A mutation weighs ten, and its payload is an object.
    ('mutation { deleteMessage(id: "1") { deletedMessageId } }', {}, (10, 2, 0)),
)


@pytest.mark.parametrize(("text", "variables", "expected"), COSTS, ids=[case[0] for case in COSTS])
def test_cost_is_what_the_schema_weighs(text: str, variables: dict[str, Any], expected: tuple[int, int, int]) -> None:
    document = _read(text)
    assert document.errors == ()
    cost = document.operation(None).cost.of(variables)
    assert (cost.fields, cost.types, cost.rows) == expected
    assert cost.total == expected[0] + expected[1]


_TESTS = {"f": {"or": [{"title": {"eq": "x"}}] * 300}}
_TESTS_SIZE = 3 + 300 * 5
_COUNT = "{ totalCount }"
_CONTENTS = "{ a: courses { nodes { ...F } } b: courses { nodes { ...F } } } fragment F on Course"
_TITLES = '{title: {eq: "x"}}' * 300
# What the fields cost, and how much is read: values, objects twice, texts once more for 500 characters each.
SIZES: tuple[tuple[str, dict[str, Any], int, int], ...] = (
    ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["1"] * 1_300}, 1, 1 + 1_300),
    (f"query ($f: CourseFilter) {{ courses(filter: $f) {_COUNT} }}", _TESTS, 6, _TESTS_SIZE),
    # Whatever it stands in, and however often, it is read there.
    (
        f"query ($f: CourseFilter) {{ a: courses(filter: {{not: $f}}) {_COUNT} b: courses(filter: $f) {_COUNT} }}",
        _TESTS,
        12,
        2 + 2 * _TESTS_SIZE,
    ),
    (f"query ($f: CourseContentFilter) {_CONTENTS} {{ contents(filter: $f) {_COUNT} }}", _TESTS, 604, 2 * _TESTS_SIZE),
    (f"{_CONTENTS} {{ contents(filter: {{or: [{_TITLES}]}}) {_COUNT} }}", {}, 604, 2 * _TESTS_SIZE),
    # The same field asked for twice is read once.
    (
        f"query ($f: CourseFilter) {{ courses(filter: $f) {_COUNT} courses(filter: $f) {_COUNT} }}",
        _TESTS,
        6,
        _TESTS_SIZE,
    ),
    (f"query ($t: String) {{ courses(search: {{title: $t}}) {_COUNT} }}", {"t": "x" * 600_000}, 6, 2 + 1 + 1_200),
    # What is sent and stands nowhere is read, too.
    (f"{{ courses {_COUNT} }}", {"more": [1] * 2_000}, 6, 1 + 2_000),
    # A thousand cost nothing.
    (f"{{ courses {_COUNT} }}", {"more": [1] * 999}, 6, 1_000),
)


@pytest.mark.parametrize(("text", "variables", "fields", "size"), SIZES, ids=[case[0][:70] for case in SIZES])
def test_values_cost_in_each_place_where_they_are_read(
    text: str, variables: dict[str, Any], fields: int, size: int
) -> None:
    document = _read(text)
    assert document.errors == ()
    assert document.operation(None).cost.of(variables).fields == fields + 50 * (size - 1_000)
