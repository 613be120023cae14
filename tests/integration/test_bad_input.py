"""What is wrong in arguments and variables: each with its exact error, and a server that lives on."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any

import pytest

from backend.plan.cursor import Seal
from tests.support.gateway import AT_ANY_COST, running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway import RunningGateway
    from tests.support.world import World

JSON, GRAPHQL = "application/json", "application/graphql-response+json"


@pytest.fixture(autouse=True)
def _lives_on(world_gateway: RunningGateway) -> Iterator[None]:
    yield
    assert world_gateway.data("tom", "{ courses { totalCount } }") == {"courses": {"totalCount": 1}}


def _refused(gateway: RunningGateway, query: str, variables: dict[str, Any] | None = None) -> tuple[str, str]:
    """Message and code of the one error, which is the same in both media types, and no data."""
    answers = []
    for kind, status in ((JSON, 200), (GRAPHQL, 400)):
        response = gateway.client.post(
            f"{gateway.url}/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {gateway.tokens['tom']}", "Accept": kind},
        )
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == f"{kind}; charset=utf-8"
        answers.append(response.json())
    assert answers[0] == answers[1]
    assert answers[0].keys() == {"errors"}
    (error,) = answers[0]["errors"]
    return error["message"], error["extensions"]["code"]


VALIDATION, PARSING, INPUT = "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT"
LIMIT = "LIMIT_EXCEEDED"
NESTED = "{ courses { nodes { members(first: -1) { totalCount } } } }"
DOCUMENTS = (
    ("{", "Syntax Error: Expected Name, found <EOF>.", PARSING),
    (" ", "Syntax Error: Unexpected <EOF>.", PARSING),
    ('{ course(id: "\\ud800") { id } }', "Syntax Error: Invalid Unicode escape sequence: '\\ud800'.", PARSING),
    ("{ nope }", "Cannot query field 'nope' on type 'Query'.", VALIDATION),
    ("fragment A on Query { __typename }", "Fragment 'A' is never used.", VALIDATION),
    ("mutation { a }", "Cannot query field 'a' on type 'Mutation'.", VALIDATION),
    ("subscription { a }", "The subscription operation is not supported by the schema.", VALIDATION),
    ("{ ...F } fragment F on Query { ...F }", "Cannot spread fragment 'F' within itself.", VALIDATION),
    (
        "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
        "Cannot spread fragment 'F' within itself via 'G'.",
        VALIDATION,
    ),
    ('{ courses(first: "x") { totalCount } }', 'Int cannot represent non-integer value: "x"', VALIDATION),
    (
        "{ courseContents(filter: { maxGroupSize: { eq: 2147483648 } }) { totalCount } }",
        "Int cannot represent non 32-bit signed integer value: 2147483648",
        VALIDATION,
    ),
    ("{ courses { totalCount(atMost: -1) } }", "atMost: -1 is no bound of a count", INPUT),
    ('{ course(id: "zzz") { id } }', "id: 'zzz' is no id of a Course", INPUT),
    ('{ course(id: "a\\u0000") { id } }', "id: a text cannot hold the character NUL (U+0000)", INPUT),
    ('{ node(id: "Nope:1") { id } }', "id: 'Nope:1' is no id that this server gives", INPUT),
    ('{ nodes(ids: ["Course:1"]) { id } }', "ids: 'Course:1' is no id of a Course", INPUT),
    ('{ userRole(id: "UserRole:1") { id } }', "id: 'UserRole:1' is no id of a UserRole: its key has 2 parts", INPUT),
    ('{ userRole(id: "1,_admin") { id } }', "id: '1,_admin' is no id of a UserRole", INPUT),
    ("{ courses(first: -1) { totalCount } }", "first: -1 is no page size: it lies between 0 and 500", INPUT),
    ("{ courses(last: 501) { totalCount } }", "last: 501 is no page size: it lies between 0 and 500", INPUT),
    ("{ courses(first: 100000) { totalCount } }", "first: 100000 is no page size: it lies between 0 and 500", INPUT),
    ("{ courses(first: 1, last: 1) { totalCount } }", "last: give first or last, not both", INPUT),
    (NESTED, "first: -1 is no page size: it lies between 0 and 500", INPUT),
    (
        "{ courses(filter: { title: { eq: null } }) { totalCount } }",
        "filter.title.eq: null is no test; leave it out, or ask for isNull",
        INPUT,
    ),
    (
        "{ courses(filter: { or: [{ title: null }] }) { totalCount } }",
        "filter.or.0.title: null is no test; leave it out, or ask for isNull",
        INPUT,
    ),
    (
        "{ courses(filter: { members: { some: null } }) { totalCount } }",
        "filter.members.some: null is no test; leave it out",
        INPUT,
    ),
    (
        "{ courseContents(filter: { position: { eq: 1e999 } }) { totalCount } }",
        "filter.position.eq: inf is no number",
        INPUT,
    ),
)


@pytest.mark.parametrize(("query", "message", "code"), DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_document_is_refused(world_gateway: RunningGateway, query: str, message: str, code: str) -> None:
    assert _refused(world_gateway, query) == (message, code)


@pytest.mark.parametrize("argument", ["filter", "search", "orderBy", "first", "last", "after", "before"])
def test_null_for_an_argument_is_the_same_as_absent(world_gateway: RunningGateway, argument: str) -> None:
    query = f"{{ courses({argument}: null) {{ totalCount }} }}"
    assert world_gateway.data("tom", query) == {"courses": {"totalCount": 1}}


NUL = "a text cannot hold the character NUL (U+0000)"
LABELS = "it is labels of letters, digits and underscores, joined by dots"
LQUERY = "an lquery has at most 8192 characters, and 255 in a label"
# What a filter on courses holds, and what is wrong with it.
FILTERS: tuple[tuple[Any, str], ...] = (
    ({"title": {"eq": "a\0b"}}, f"filter.title.eq: {NUL}"),
    ({"title": {"in": ["a", "\0"]}}, f"filter.title.in: {NUL}"),
    ({"title": {"contains": "\0"}}, f"filter.title.contains: {NUL}"),
    ({"title": {"like": "a\\"}}, "filter.title.like: a LIKE pattern cannot end with a single backslash"),
    ({"title": {"ilike": "\\\\\\"}}, "filter.title.ilike: a LIKE pattern cannot end with a single backslash"),
    ({"id": {"eq": "zzz"}}, "filter.id.eq: 'zzz' is no id of a Course"),
    ({"id": {"in": ["Result:1"]}}, "filter.id.in: 'Result:1' is no id of a Course"),
    ({"path": {"matches": "a..b"}}, "filter.path.matches: 'a..b' is no lquery, such as *.week_1.*{1,2}"),
    ({"path": {"matches": ""}}, "filter.path.matches: '' is no lquery, such as *.week_1.*{1,2}"),
    ({"path": {"matches": "a{2,1}"}}, "filter.path.matches: 'a{2,1}' is no lquery: {2,1} is no range"),
    ({"path": {"matches": "a{}"}}, "filter.path.matches: 'a{}' is no lquery: {} is no range"),
    ({"path": {"matches": "*{65536}"}}, "filter.path.matches: '*{65536}' is no lquery: {65536} is no range"),
    ({"path": {"matches": ".".join("a" * 70_000)}}, f"filter.path.matches: {LQUERY}"),
    ({"path": {"matches": "a" * 256}}, f"filter.path.matches: {LQUERY}"),
    ({"path": {"matches": "|".join(["a" * 250] * 300)}}, f"filter.path.matches: {LQUERY}"),
    ({"path": {"eq": ".".join("a" * 65_536)}}, "filter.path.eq: a path has at most 65535 labels"),
    ({"path": {"descendantOf": ".".join("a" * 65_536)}}, "filter.path.descendantOf: a path has at most 65535 labels"),
)


@pytest.mark.parametrize(("given", "message"), FILTERS, ids=range(len(FILTERS)))
def test_filter_is_refused(world_gateway: RunningGateway, given: Any, message: str) -> None:
    query = "query ($f: CourseFilter) { courses(filter: $f) { totalCount } }"
    assert _refused(world_gateway, query, {"f": given}) == (message, INPUT)


@pytest.mark.parametrize(
    "given",
    [
        {"path": {"eq": ".".join("a" * 65_535)}},
        {"path": {"matches": ".".join("a" * 4_096)}},
        {"path": {"matches": "a@*%|b.!c.*{,3}.d{2}.e{,}"}},
        {"path": {"matches": "a" * 255}},
        {"title": {"like": "\\\\"}},
        {"title": {"in": ["null", "", "{", '"', "\\", "a,b", " ", "\u2028", "\U0001f600"]}},
        {"createdAt": {"gt": "0001-01-01T00:00:00Z"}},
        {"createdAt": {"lt": "9999-12-31T23:59:59.999999999Z"}},
        {"version": {"lt": str(2**63 - 1), "gt": str(-(2**63))}},
    ],
)
def test_filter_at_the_edge_is_answered(world_gateway: RunningGateway, given: Any) -> None:
    query = "query ($f: CourseFilter) { courses(filter: $f) { totalCount } }"
    assert "data" in world_gateway.ask("tom", query, f=given)


SEARCHES = (
    ("courses", {"title": "\0"}, f"search.title: {NUL}"),
    ("courses", {"providerUrl": "\0"}, f"search.providerUrl: {NUL}"),
    ("courses", {"courseFamilyId": "abc"}, "search.courseFamilyId: 'abc' is no id of a CourseFamily"),
    ("results", {"submitterId": "abc"}, "search: 'abc' is no UUID"),
    ("results", {"courseMemberId": "Result:1"}, "search.courseMemberId: 'Result:1' is no id of a CourseMember"),
    ("courseMembers", {"givenName": "\0"}, f"search.givenName: {NUL}"),
    ("examples", {"tags": ["a", "\0"]}, f"search.tags: {NUL}"),
    ("apiTokens", {"scopes": ["\0"]}, f"search.scopes: {NUL}"),
)


@pytest.mark.parametrize(("field", "given", "message"), SEARCHES)
def test_search_is_refused(world_gateway: RunningGateway, field: str, given: Any, message: str) -> None:
    of = field[0].upper() + field[1:-1]
    query = f"query ($s: {of}Search) {{ {field}(search: $s) {{ totalCount }} }}"
    assert _refused(world_gateway, query, {"s": given}) == (message, INPUT)


MOMENT = "it is a moment such as 2026-10-05T08:30:00Z"
DAYS = ("2026-02-30T00:00:00Z", "0000-01-01T00:00:00Z", "99999-01-01T00:00:00Z", "2026-01-01", "2026-01-01T24:00:01Z")
ZONES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T00:00:00+99:00", "2026-01-01T00:00:00")
VARIABLES: tuple[tuple[str, str, object, str], ...] = (
    ("Int", "maxGroupSize: { eq: $x }", 2**31, f"Int cannot represent non 32-bit signed integer value: {2**31}"),
    ("Int", "maxGroupSize: { eq: $x }", True, "Int cannot represent non-integer value: True"),
    ("BigInt", "version: { eq: $x }", 2**63, f"BigInt cannot represent {2**63}: it does not fit 64 bits"),
    ("BigInt", "version: { eq: $x }", f"{2**63}", f"BigInt cannot represent '{2**63}': it does not fit 64 bits"),
    ("BigInt", "version: { eq: $x }", "1.5", "BigInt cannot represent '1.5': it is a decimal string or an integer"),
    ("BigInt", "version: { eq: $x }", 1.5, "BigInt cannot represent 1.5: it is a decimal string or an integer"),
    ("Float", "position: { eq: $x }", "NaN", "Float cannot represent non numeric value: 'NaN'"),
    ("TreePath", "path: { eq: $x }", "a-b", f"TreePath cannot represent 'a-b': {LABELS}"),
    ("TreePath", "path: { eq: $x }", "", f"TreePath cannot represent '': {LABELS}"),
    ("TreePath", "path: { eq: $x }", "a.", f"TreePath cannot represent 'a.': {LABELS}"),
    ("TreePath", "path: { eq: $x }", "\u0661", f"TreePath cannot represent '\u0661': {LABELS}"),
    ("String", "title: { eq: $x }", 5, "String cannot represent a non string value: 5"),
    ("Boolean", "isSubmittable: { eq: $x }", "yes", "Boolean cannot represent a non boolean value: 'yes'"),
    *(
        ("DateTime", "createdAt: { gt: $x }", text, f"DateTime cannot represent {text!r}: {MOMENT}")
        for text in (*DAYS, *ZONES, 5)
    ),
)  # fmt: skip


@pytest.mark.parametrize(("of", "place", "value", "message"), VARIABLES, ids=range(len(VARIABLES)))
def test_variable_is_refused(world_gateway: RunningGateway, of: str, place: str, value: object, message: str) -> None:
    query = f"query ($x: {of}) {{ courseContents(filter: {{ {place} }}) {{ totalCount }} }}"
    assert _refused(world_gateway, query, {"x": value}) == (f"Variable '$x' has invalid value: {message}", INPUT)


def test_missing_variable_is_named(world_gateway: RunningGateway) -> None:
    query = "query ($x: ID!) { course(id: $x) { id } }"
    message = "Variable '$x' has invalid value: Expected a value of non-null type 'ID!' to be provided."
    assert _refused(world_gateway, query) == (message, INPUT)


UNREADABLE = "after: it is no cursor that this server gave"
FOREIGN = "after: the cursor belongs to another list or another order; start again without it"
PAGE = "query ($o: [ResultOrder!], $a: String) { results(orderBy: $o, after: $a, first: 1) { pageInfo { endCursor } } }"


@pytest.mark.parametrize("cursor", ["", "garbage", "\0", "\u00fc", "W10", "e30", "bnVsbA", "MQ", "=", "a" * 100_000])
def test_cursor_of_nobody_is_refused(world_gateway: RunningGateway, cursor: str) -> None:
    assert _refused(world_gateway, PAGE, {"a": cursor}) == (UNREADABLE, INPUT)


def _cursor(gateway: RunningGateway, order: list[dict[str, Any]] | None) -> str:
    cursor: str = gateway.data("tom", PAGE, o=order)["results"]["pageInfo"]["endCursor"]
    return cursor


def test_cursor_cut_short_is_refused(world_gateway: RunningGateway) -> None:
    cursor = _cursor(world_gateway, None)
    for length in range(1, len(cursor)):
        assert _refused(world_gateway, PAGE, {"a": cursor[:length]}) == (UNREADABLE, INPUT)


def test_tampered_cursor_is_refused(world_gateway: RunningGateway) -> None:
    cursor = urlsafe_b64decode(_cursor(world_gateway, None) + "==")
    for place in range(len(cursor)):
        tampered = bytes((*cursor[:place], cursor[place] ^ 1, *cursor[place + 1 :]))
        assert _refused(world_gateway, PAGE, {"a": urlsafe_b64encode(tampered).decode()}) == (UNREADABLE, INPUT)


KEY = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ({"result": "ASC"}, "NaN"),
        ({"result": "ASC"}, "-Infinity"),
        ({"result": "ASC"}, "5e-324"),
        ({"result": "DESC"}, "1.7976931348623157e+308"),
        ({"courseMember": {"createdAt": "ASC"}}, "0044-03-15 00:00:00+00 BC"),
        ({"courseMember": {"createdAt": "ASC"}}, "0001-02-29 00:00:00+00 BC"),
        ({"courseMember": {"createdAt": "DESC"}}, "294275-12-31 23:59:59.999999+00"),
        ({"courseMember": {"createdAt": "DESC"}}, "infinity"),
        ({"versionIdentifier": "ASC"}, "\u00fc\U0001f600" * 2000),
    ],
)
def test_cursor_of_any_value_that_a_column_can_hold_is_taken(
    world_gateway: RunningGateway, world: World, order: dict[str, Any], text: str
) -> None:
    mark = urlsafe_b64decode(_cursor(world_gateway, [order]) + "==")[:6]
    ((key,),) = world.connection.execute("SELECT value FROM gateway_secret WHERE name = 'cursor'").fetchall()
    cursor = Seal(key).write(mark, (text, KEY))
    assert "data" in world_gateway.ask("tom", PAGE, o=[order], a=cursor)


def test_cursor_of_another_field_or_order_is_refused(world_gateway: RunningGateway, world: World) -> None:
    cursor = _cursor(world_gateway, [{"result": "ASC"}])
    assert _refused(world_gateway, PAGE, {"o": [{"result": "DESC"}], "a": cursor}) == (FOREIGN, INPUT)
    assert _refused(world_gateway, PAGE, {"a": cursor}) == (FOREIGN, INPUT)
    nested = (
        f'query ($a: String!) {{ courseContent(id: "{world.id("course_content", "algebra/week_1")}") {{'
        " results(orderBy: [{ result: ASC }], after: $a) { totalCount } } }"
    )
    assert _refused(world_gateway, nested, {"a": cursor}) == (FOREIGN, INPUT)


@pytest.mark.parametrize("depth", [17, 40, 200, 900])
def test_deep_filter_in_a_variable_is_refused(world_gateway: RunningGateway, depth: int) -> None:
    given: dict[str, Any] = {}
    for _ in range(depth):
        given = {"not": given}
    query = "query ($f: CourseFilter) { courses(filter: $f) { totalCount } }"
    message, code = _refused(world_gateway, query, {"f": given})
    if depth < 40:
        assert message.endswith("a filter can be nested 16 levels deep")
        assert code == INPUT
    else:
        assert message == "The values are 41 levels deep; at most 40 are read."
        assert code == LIMIT


@pytest.mark.parametrize("depth", [10, 50, 63, 64, 65, 66, 100, 500])
def test_deep_document_is_refused(world_gateway: RunningGateway, depth: int) -> None:
    query = "{ courses { nodes { " + "courseFamily { courses { nodes { " * depth + "id" + " } } }" * depth + " } } }"
    message, code = _refused(world_gateway, query)
    levels = 3 * depth + 3
    if levels <= 110:
        assert message == f"The document is {levels} levels deep; at most 30 are answered."
    else:
        assert message == f"The document's brackets are nested {levels} deep; at most 110 are read."
    assert code == LIMIT


@pytest.mark.parametrize("depth", [10, 48, 60, 290])
def test_depth_counts_through_fragments(world_gateway: RunningGateway, depth: int) -> None:
    fragments = (
        f"fragment F{level} on Course {{ courseFamily {{ courses {{ nodes {{ ...F{level + 1} }} }} }} }}"
        for level in range(depth)
    )
    query = "{ courses { nodes { ...F0 } } } " + " ".join(fragments) + f" fragment F{depth} on Course {{ id }}"
    message, code = _refused(world_gateway, query)
    assert message == f"The document is {3 * depth + 3} levels deep; at most 30 are answered."
    assert code == LIMIT


def test_deepest_document_is_answered(world_gateway: RunningGateway) -> None:
    depth = 32
    query = "{ courses { edges { node { " + "courseFamily { courses { nodes { " * depth + "id" + " } } }" * depth
    with running_gateway(world_gateway.database_url, world_gateway.tokens, max_depth=100, **AT_ANY_COST) as deep:
        assert "errors" not in deep.ask("tom", query + " } } } }")
