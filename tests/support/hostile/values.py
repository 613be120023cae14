"""Values, texts and variables that are too large, too deep, or no values at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.hostile.request import BAD, INPUT, INVALID, LIMIT, PARSE, Hostile, asked

if TYPE_CHECKING:
    from collections.abc import Iterator


def _numbers() -> Iterator[Hostile]:
    for digits in (11, 400, 4000, 4500, 90_000):
        number = "9" * digits
        yield asked(f"an integer of {digits} digits", f"{{ courses(first: {number}) {{ totalCount }} }}", INVALID)
    for number in ("1e999", "1e99999", "-1e999", "1.0", "0.1e5"):
        yield asked(f"{number} as a page", f"{{ courses(first: {number}) {{ totalCount }} }}", INVALID)
    for number in ("00", "1.", "1e", "--1", "1_000", "0x10", "+1"):
        yield asked(f"{number}, which is no number", f"{{ courses(first: {number}) {{ totalCount }} }}", PARSE)
    query = "query ($n: Int) { courses(first: $n) { totalCount } }"
    for value in (2**31, 2**53, 2**63, -(2**31) - 1, 1.5, 1e300, "1", True, [1], {"a": 1}):
        yield asked(f"{value!r} as an Int", query, INPUT, None, {"n": value})
    body = b'{"query": "{ __typename }", "variables": {"a": %s}}'
    for text in (b"1e999", b"-1e999", b"NaN", b"Infinity", b"01", b"1.", b"0x10"):
        yield Hostile(f"{text.decode()} in JSON", body % text, BAD)


def _strings() -> Iterator[Hostile]:
    for length in (99_990, 500_000, 1_000_000):
        yield asked(
            f"a string of {length} characters", f'{{ course(id: "{"a" * length}") {{ id }} }}', LIMIT, "characters"
        )
        yield asked(f"a comment of {length} characters", f"{{ __typename }} #{'a' * length}", LIMIT, "characters")
    for length in (1_000, 90_000):
        yield asked(f"an id of {length} characters", f'{{ course(id: "{"a" * length}") {{ id }} }}', INPUT)
        yield asked(f"a name of {length} characters", f"{{ {'a' * length} }}", INVALID)
        yield asked(f"{length} backslashes", '{ course(id: "' + "\\" * length + "x", PARSE)
        yield asked(f"{length} escaped quotes", '{ course(id: "' + '\\"' * (length // 2) + "x", PARSE)
        yield asked(f"a string of {length} characters that does not end", '{ course(id: "' + "a" * length, PARSE)
        yield asked(
            f"a block string of {length} characters that does not end", '{ course(id: """' + "a" * length, PARSE
        )
    for text in ("\\ud800", "\\u{110000}", "\\x41", "\\u00", "\n"):
        yield asked(f"the escape {text!r}", f'{{ course(id: "{text}") {{ id }} }}', PARSE)
    for text in ("a\\u0000", "Course:a\\u0000", "\\u202e", "Course:", ":", "Course:1;DROP TABLE course", "' OR 1=1 --"):
        yield asked(f"the id {text!r}", f'{{ course(id: "{text}") {{ id }} }}', INPUT)
    for count in (33_000,):
        yield asked(f"{count} quotes", '"' * count, LIMIT, "tokens")
    yield asked("a hundred thousand unknown characters", "?" * 99_000, PARSE)
    yield asked("minus after minus", "{" + "-" * 90_000, PARSE)


def _filters() -> Iterator[Hostile]:
    query = "query ($f: CourseFilter) { courses(filter: $f) { totalCount } }"
    for depth in (17, 19):
        given: dict[str, Any] = {}
        for _ in range(depth):
            given = {"not": given}
        yield asked(f"a filter of {depth} levels", query, INPUT, None, {"f": given})
    for depth in (40, 120):
        given = {}
        for _ in range(depth):
            given = {"and": [given]}
        yield asked(f"a filter of {2 * depth} levels", query, LIMIT, "variableDepth", {"f": given})
    for pattern in (".".join(["*"] * 9), ".".join(["*{0,9}"] * 30), "a" * 256, "(", "*{9,1}", "a|" * 100):
        yield asked(f"the pattern {pattern[:20]}", query, INPUT, None, {"f": {"path": {"matches": pattern}}})
    for operator, value in (("like", "\\"), ("ilike", "%\\"), ("eq", "a\x00"), ("contains", "\x00")):
        yield asked(f"{operator} {value!r}", query, INPUT, None, {"f": {"title": {operator: value}}})


def _large_filters() -> Iterator[Hostile]:
    query = "query ($f: CourseFilter) { courses(filter: $f) { totalCount } }"
    for count, code, limit in ((2_001, INPUT, None), (4_000, INPUT, None), (15_000, LIMIT, "variableObjects")):
        tests = [{"title": {"eq": "a"}}] * count
        yield asked(f"a filter of {count} tests", query, code, limit, {"f": {"or": tests}})
    for count, code, limit in ((2_001, INPUT, None), (9_000, INPUT, None), (50_000, LIMIT, "variableObjects")):
        yield asked(f"a filter of {count} empty tests", query, code, limit, {"f": {"or": [{}] * count}})
    for count in (1_001, 1_999):
        apart = [{"title": {"ne": f"a{number}"}} for number in range(count)]
        yield asked(f"a filter of {count} tests that must all hold", query, LIMIT, "filterTests", {"f": {"and": apart}})
    nots = [{"not": {"title": {"ne": f"a{number}"}}} for number in range(990)]
    yield asked("a filter of 990 negations", query, LIMIT, "filterTests", {"f": {"and": nots}})
    for count in (5_000, 22_000):
        ids = [f"Course:{number:08x}-0000-4000-8000-000000000000" for number in range(count)]
        yield asked(f"a filter of {count} ids, the last wrong", query, INPUT, None, {"f": {"id": {"in": [*ids, "x"]}}})
    yield asked("24,000 ids that are none", query, INPUT, None, {"f": {"id": {"in": [*map(str, range(24_000))]}}})


def _read_often() -> Iterator[Hostile]:
    """What is large, and read once more in each of 50 places."""
    lists = " ".join(f"a{number}: courses(first: 0, filter: $f) {{ totalCount }}" for number in range(50))
    for name, given in (
        ("a filter of 1,990 tests", {"or": [{"title": {"eq": f"a{number}"}} for number in range(1_990)]}),
        ("a list of 20,000 titles", {"title": {"in": [f"a{number}" for number in range(20_000)]}}),
        ("a text of 900,000 characters", {"title": {"eq": "a" * 900_000}}),
    ):
        yield asked(f"{name}, 50 times", f"query ($f: CourseFilter) {{ {lists} }}", LIMIT, "cost", {"f": given})
    changes = " ".join(
        f'a{number}: updateProfile(id: "1", input: {{properties: $p}}) {{ errors {{ code }} }}' for number in range(50)
    )
    for name, properties in (
        ("9,900 properties", {f"a{number}": number for number in range(9_900)}),
        ("9,000 objects", {f"a{number}": {} for number in range(9_000)}),
    ):
        yield asked(f"{name}, 50 times", f"mutation ($p: JSON) {{ {changes} }}", LIMIT, "cost", {"p": properties})
    tests = " ".join(f'{{title: {{eq: "{number}"}}}}' for number in range(400))
    contents = f"fragment F on Course {{ contents(first: 0, filter: {{or: [{tests}]}}) {{ totalCount }} }}"
    spread = " ".join(f"a{number}: courses(first: 1) {{ nodes {{ ...F }} }}" for number in range(50))
    yield asked("a fragment with a filter of 400 tests, 50 times", f"{{ {spread} }} {contents}", LIMIT, "cost")


def _variables() -> Iterator[Hostile]:
    query = "query ($a: [ID!]) { courses(filter: { id: { in: $a } }) { totalCount } }"
    for length in (50_001, 90_000):
        yield asked(f"a list of {length} values", query, LIMIT, "listLength", {"a": ["1"] * length})
    for lists in (3, 20):
        given = {f"a{number}": list(range(40_000 if lists < 10 else 9_000)) for number in range(lists)}
        yield asked(f"{lists} lists that nobody asked for", query, LIMIT, "variableValues", given)
    mutation = "mutation ($i: [CreateCourseGroupInput!]!) { createCourseGroups(inputs: $i) { errors { code } } }"
    inputs = [{"courseId": "x", "title": ""}] * 20_000
    yield asked("20,000 rows to create", mutation, LIMIT, "variableObjects", {"i": inputs})
    for depth in (41, 200):
        value: Any = "1"
        for _ in range(depth):
            value = [value]
        yield asked(f"a list of {depth} levels", query, LIMIT, "variableDepth", {"a": value})
    yield asked(
        "110,000 variables",
        query,
        LIMIT,
        "variableValues",
        {f"a{number}": 1 for number in range(70_000)} | {"b": list(range(40_000))},
    )
    for depth in (300, 1_100, 100_000):
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
            if len(opening) * depth > 900_000:
                continue
            code, limit = (LIMIT, "variableDepth") if depth < 1_000 else (BAD, None)
            body = b'{"query": "{ __typename }", "variables": {"a": ' + opening * depth + b"1" + closing * depth + b"}}"
            yield Hostile(f"{depth} levels of {opening.decode()} in JSON", body, code, limit)


def _malformed() -> Iterator[Hostile]:
    for document in (
        " ",
        "{",
        "}",
        "{}",
        "{ a",
        "query",
        "query {",
        "{ a(",
        "{ a(b",
        "{ a: }",
        "...",
        "fragment",
        "@",
        "$a",
        "\x00",
        "\ufffe",
        "\u202e{a}",
        "{ a }}",
        "{ ... on }",
        "mutation M(",
        "{ a(b: $) }",
        "{ a(b: [) }",
        '"a" { b }',
    ):
        yield asked(f"the document {document!r}", document, PARSE)
    for document in (
        "{ a }",
        "mutation { a }",
        "{ me }",
        "{ me { id { a } } }",
        "{ course { id } }",
        "fragment F on Nope { a }",
        "{ ... on Nope { a } }",
        "query ($a: Nope) { me { id } }",
        "{ courses(first: null, last: {}) { totalCount } }",
        "{ me { id @include } }",
    ):
        yield asked(f"the document {document!r}", document, INVALID)


FAMILIES = (_numbers, _strings, _filters, _large_filters, _read_often, _variables, _malformed)
