"""Attacks that once succeeded: documents that never end, memory that strangers fill, values that break an answer."""

from __future__ import annotations

import hashlib
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from graphql import execute

from backend.graphql.document import LONGEST_KEPT, Document, read_document
from backend.plan.json_secrets import ANYWHERE, NAMED
from backend.plan.received import JsonLoader
from tests.support.gateway import AT_ANY_COST, RunningGateway, running_gateway
from tests.support.work import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import GraphQLSchema

    from backend.face.limits import DocumentLimits
    from tests.support.world import World


@pytest.fixture(scope="module")
def mine(own_world: World) -> Iterator[RunningGateway]:
    """A gateway over a world that may be spoiled; adi is an admin."""
    own_world.course("algebra")
    own_world.role("adi", "_admin")
    with running_gateway(own_world.database_url, {}, **AT_ANY_COST) as running:
        tokens = {"adi": _token(own_world, "[]")}
        yield running.with_tokens(tokens)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that are parsed from now on."""
    texts: list[str] = []

    def reading(schema: GraphQLSchema, text: str, limits: DocumentLimits, *, suggest: bool) -> Document:
        texts.append(text)
        return read_document(schema, text, limits, suggest=suggest)

    monkeypatch.setattr("backend.graphql.engine.read_document", reading)
    return texts


def _token(world: World, scopes: str) -> str:
    secret = f"ctp_{scopes}"
    world.connection.execute(
        b"INSERT INTO api_token (name, user_id, token_hash, token_prefix, scopes)"
        b""" SELECT 'attack', id, %s, 'ctp_', %s::jsonb FROM "user" WHERE username = 'adi'""",
        (hashlib.sha256(secret.encode()).digest(), scopes),
    )
    return secret


def _doubling(levels: int) -> str:
    """A document that selects four to the `levels` objects, and more."""
    twice = "a: courses {{ nodes {{ ...F{0} }} }} b: courses {{ nodes {{ ...F{0} }} }}"
    fragments = (
        f"fragment F{level} on Course {{ organization {{ {twice.format(level + 1)} }} }}" for level in range(levels)
    )
    return " ".join(("{ courses { nodes { ...F0 } } }", *fragments, f"fragment F{levels} on Course {{ id }}"))


def test_fragments_that_double_each_other_are_refused(mine: RunningGateway) -> None:
    (error,) = mine.ask("adi", _doubling(20))["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert error["extensions"]["limit"] == "spreads"


def test_few_fragments_that_double_each_other_are_answered(mine: RunningGateway) -> None:
    assert "errors" not in mine.ask("adi", _doubling(3))


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer ctp_nobody"}])
def test_document_of_nobody_is_not_even_read(mine: RunningGateway, read: list[str], headers: dict[str, str]) -> None:
    response = mine.client.post(f"{mine.url}/graphql", json={"query": "{ unheard }"}, headers=headers)
    assert response.status_code == 401
    assert read == []


def test_long_document_is_answered_and_not_kept(mine: RunningGateway, read: list[str]) -> None:
    short, long = "{ __typename } # short", f"{{ __typename }} # {'x' * LONGEST_KEPT}"
    for document in (short, long, short, long):
        assert mine.ask("adi", document) == {"data": {"__typename": "Query"}}
    assert read == [short, long, long]


def test_pattern_of_many_wildcards_is_refused(mine: RunningGateway) -> None:
    query = "query ($path: String!) { courses(filter: {path: {matches: $path}}) { totalCount } }"
    assert mine.data("adi", query, path=".".join(["*"] * 4)) == {"courses": {"totalCount": 1}}
    (error,) = mine.ask("adi", query, path=".".join(["*{0,9}"] * 5))["errors"]
    assert error["message"] == (
        "filter.path.matches: an lquery has at most 4 levels that stand for any number of labels"
    )


def _every(levels: int) -> dict[str, Any]:
    inner = _every(levels - 1) if levels else {"result": {"gte": 0}}
    return {"submissionGroup": {"results": {"every": inner}}}


_NAMED = {"members": {"some": {"user": {"familyName": {"contains": "a"}}}}}


_FAR = {
    "filterDepth": ("results", "ResultFilter", _every(2), _every(3), 3, 4),
    "filterRelations": ("courses", "CourseFilter", {"and": [_NAMED] * 25}, {"and": [_NAMED] * 26}, 50, 52),
}


@pytest.mark.parametrize("limit", _FAR)
def test_filter_that_looks_far_is_refused(mine: RunningGateway, limit: str) -> None:
    field, kind, most, more, allowed, found = _FAR[limit]
    query = f"query ($filter: {kind}) {{ {field}(filter: $filter) {{ totalCount }} }}"
    mine.data("adi", query, filter=most)
    (error,) = mine.ask("adi", query, filter=more)["errors"]
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": limit, "allowed": allowed, "found": found}


def test_alternatives_that_differ_in_values_alone_look_into_relations_once(mine: RunningGateway) -> None:
    query = "query ($filter: CourseFilter) { courses(filter: $filter) { totalCount } }"
    mine.data("adi", query, filter={"or": [_NAMED] * 500})


def test_long_list_in_a_search_is_refused(mine: RunningGateway) -> None:
    query = "query ($tags: [String!]) { messages(search: {anyTags: $tags}) { totalCount } }"
    mine.data("adi", query, tags=["a"] * 100)
    (error,) = mine.ask("adi", query, tags=["a"] * 101)["errors"]
    assert error["message"] == "search.anyTags: 101 values are too many: at most 100"


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("infinity", "infinity"),
        ("-infinity", "-infinity"),
        ("0044-03-15 00:00:00+00 BC", "0044-03-15 00:00:00+00 BC"),
        ("20000-01-01 00:00:00+00", "20000-01-01 00:00:00+00"),
        ("2026-01-02 03:04:05.12+00", "2026-01-02T03:04:05.120000Z"),
    ],
)
def test_moment_that_python_does_not_know_breaks_no_answer(
    mine: RunningGateway, own_world: World, moment: str, shown: str
) -> None:
    own_world.connection.execute(b"UPDATE course SET created_at = %s", (moment,))
    assert mine.data("adi", "{ courses { nodes { createdAt } aggregate { max { createdAt } } } }") == {
        "courses": {"nodes": [{"createdAt": shown}], "aggregate": {"max": {"createdAt": shown}}}
    }


def test_properties_that_nest_deeply_break_no_answer_and_hide_their_secrets(
    mine: RunningGateway, own_world: World
) -> None:
    deep = '{"a":' + "[" * 600 + '{"token":"x"}' + "]" * 600 + "}"
    own_world.connection.execute(b"UPDATE course SET properties = %s::jsonb", (deep,))
    assert mine.data("adi", "{ courses { nodes { properties } } }") == {"courses": {"nodes": [{"properties": None}]}}


def test_each_place_of_a_text_full_of_secret_words_is_compared_with_words_alone() -> None:
    # Without repetition a pattern looks at no more of a text, from each of its places, than its longest word.
    assert re.fullmatch(rb"[a-z]+(\|[a-z]+)+", ANYWHERE.pattern)
    assert NAMED.pattern.encode() == ANYWHERE.pattern
    text = b'{"a":"' + b"token " * 100_000 + b'"}'
    with counted(most=100) as work:
        shown = JsonLoader(0).load(text)
    assert orjson.dumps(shown) == text
    assert work.calls > 0


@pytest.mark.parametrize("scopes", ["null", "{}", '""', "0", "false", "1", '[["course:get"]]', '{"course:get": 1}'])
def test_scopes_that_are_no_list_of_names_open_nothing(mine: RunningGateway, own_world: World, scopes: str) -> None:
    odd = mine.with_tokens({"odd": _token(own_world, scopes)})
    assert odd.data("odd", "{ users { totalCount } courses { totalCount } }") == {
        "users": {"totalCount": 0},
        "courses": {"totalCount": 0},
    }


def test_others_are_answered_while_the_schema_is_read(
    world_gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, released = threading.Event(), threading.Event()

    def waiting(*arguments: Any, **options: Any) -> Any:
        entered.set()
        assert released.wait(20)
        return execute(*arguments, **options)

    monkeypatch.setattr("backend.graphql.executor.execute", waiting)
    documents = [f"query Schema{number} {{ __schema {{ queryType {{ name }} }} }}" for number in range(3)]
    with ThreadPoolExecutor() as pool:
        reading = [pool.submit(world_gateway.data, "tom", document) for document in documents]
        assert entered.wait(20)
        try:
            assert world_gateway.data("ada", "{ me { username } }") == {"me": {"username": "ada"}}
            assert not any(each.done() for each in reading)
        finally:
            released.set()
        assert [each.result() for each in reading] == [{"__schema": {"queryType": {"name": "Query"}}}] * 3
