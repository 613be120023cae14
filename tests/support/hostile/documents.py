"""Documents that ask for too much by their shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.hostile.request import BAD, INPUT, INVALID, LIMIT, Hostile, asked

if TYPE_CHECKING:
    from collections.abc import Iterator


def _deep() -> Iterator[Hostile]:
    for levels in (10, 20, 35):
        inner = "courseFamily { courses { nodes { " * levels + "id" + " } } }" * levels
        yield asked(
            f"{levels} circles through two relations", f"{{ courses {{ nodes {{ {inner} }} }} }}", LIMIT, "depth"
        )
    for levels in (37, 100, 800):
        inner = "courseFamily { courses { nodes { " * levels + "id" + " } } }" * levels
        limit = "tokens" if levels > 500 else "nesting"
        yield asked(f"{levels} circles", f"{{ courses {{ nodes {{ {inner} }} }} }}", LIMIT, limit)
    for opening, closing, name in (("{", "}", "braces"), ("[", "]", "brackets"), ("(", ")", "parentheses")):
        for count in (111, 1000, 2400):
            yield asked(f"{count} {name}", "{a(b:" + opening * count + closing * count + ")}", LIMIT, "nesting")
        for count in (3000, 45_000):
            yield asked(f"{count} {name} that close", "{" + opening * count + closing * count + "}", LIMIT, "tokens")
        yield asked(f"2000 {name} that never close", opening * 2000, LIMIT, "nesting")
    for count in (111, 1000):
        yield asked(
            f"{count} inline fragments", "{" + "...{" * count + "__typename" + "}" * count + "}", LIMIT, "nesting"
        )
    for count in (40, 80):
        yield asked(
            f"{count} levels of a value",
            "{courses(filter:" + "{not:" * count + "{}" + "}" * count + "){totalCount}}",
            INPUT,
        )


def _broad() -> Iterator[Hostile]:
    for count in (51, 200, 1500):
        fields = " ".join(["courses { totalCount }"] * count) if count < 1000 else "__typename " * count
        yield asked(f"one root field {count} times", f"{{ {fields} }}", LIMIT, "rootFields")
    for count in (210, 700, 2900):
        yield asked(f"one field {count} times", "{ courses { nodes { " + "id " * count + "} } }", LIMIT, "overlaps")
    for count in (6_000, 30_000):
        yield asked(f"one field {count} times", "{ courses { nodes { " + "id " * count + "} } }", LIMIT, "tokens")
    for count in (100, 1000, 2900):
        unknown = " ".join(f"x{number}" for number in range(count))
        yield asked(f"{count} unknown fields", f"{{ courses {{ {unknown} }} }}", INVALID)
    for count in (100, 1600):
        arguments = " ".join(f"x{number}: 1" for number in range(count))
        yield asked(f"{count} unknown arguments", f"{{ courses({arguments}) {{ totalCount }} }}", INVALID)
    for count in (210, 400):
        pairs = "members { nodes { id } } " * count
        yield asked(f"one list {count} times", f"{{ courses {{ nodes {{ {pairs} }} }} }}", LIMIT, "overlaps")


def _aliases() -> Iterator[Hostile]:
    for count in (201, 400, 1600):
        inner = " ".join(f"a{number}: id" for number in range(count))
        yield asked(f"{count} aliases of a column", f"{{ courses {{ nodes {{ {inner} }} }} }}", LIMIT, "aliases")
    for count in (51, 100, 200):
        inner = " ".join(f"a{number}: courses {{ totalCount }}" for number in range(count))
        yield asked(f"{count} aliases of a list", f"{{ {inner} }}", LIMIT, "rootFields")
    for count in (201, 600):
        inner = " ".join(f"a{number}: courses {{ totalCount }}" for number in range(count))
        yield asked(f"{count} aliases of a list", f"{{ {inner} }}", LIMIT, "aliases")
    for count in (20, 100):
        figures = " ".join(f"a{number}: results {{ totalCount aggregate {{ count }} }}" for number in range(count))
        inner = f"contents(first: 40) {{ nodes {{ {figures} }} }}"
        name = f"{count} figures for each of 20,000 rows"
        yield asked(name, f"{{ courses(first: 500) {{ nodes {{ {inner} }} }} }}", LIMIT, "cost")


def _fragments() -> Iterator[Hostile]:
    for levels in (9, 20, 100, 140):
        bodies = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
        yield asked(
            f"fragments that double {levels} times",
            f"{{ ...F0 }} {bodies} fragment F{levels} on Query {{ __typename }}",
            LIMIT,
            "spreads",
        )
    for levels in (10, 60, 290):
        bodies = " ".join(
            f"fragment F{n} on Course {{ courseFamily {{ courses {{ nodes {{ ...F{n + 1} }} }} }} }}"
            for n in range(levels)
        )
        yield asked(
            f"a chain of {levels} fragments that go deeper",
            f"{{ courses {{ nodes {{ ...F0 }} }} }} {bodies} fragment F{levels} on Course {{ id }}",
            LIMIT,
            "depth",
        )
    for count in (301, 900, 1600):
        yield asked(
            f"a fragment spread {count} times",
            "{" + " ...F" * count + "} fragment F on Query { __typename }",
            LIMIT,
            "spreads",
        )
    for count in (301, 500):
        bodies = " ".join(f"fragment F{n} on Query {{ __typename }}" for n in range(count))
        spreads = " ".join(f"...F{n}" for n in range(count))
        yield asked(f"{count} fragments", f"{{ {spreads} }} {bodies}", LIMIT, "spreads")
    for length in (1, 2, 50, 250):
        bodies = " ".join(f"fragment F{n} on Query {{ ...F{(n + 1) % length} }}" for n in range(length))
        yield asked(f"a circle of {length} fragments", f"{{ ...F0 }} {bodies}", INVALID)
    for count in (100, 1500):
        yield asked(
            f"a circle of fragments with {count} fields",
            "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F courses { nodes { "
            + "id " * count
            + "} } }",
            INVALID,
        )
    for count in (1, 250):
        bodies = " ".join(f"fragment F{n} on Course {{ id }}" for n in range(count))
        yield asked(f"{count} fragments that are not used", f"{{ __typename }} {bodies}", INVALID)
    yield asked(
        "an unused fragment with 1500 fields", "{ __typename } fragment F on Course {" + " id" * 1500 + "}", INVALID
    )
    yield asked(
        "two fragments of one name",
        "{ ...F } fragment F on Query { " + "__typename " * 1500 + "} fragment F on Query { __typename }",
        INVALID,
    )
    yield asked("a fragment that is not there", "{ ...F }", INVALID)
    for count in (110, 140):
        bodies = " ".join(f"fragment F{n} on Course {{ id title path createdAt }}" for n in range(count))
        spreads = " ".join(f"...F{n}" for n in range(count))
        name = f"{count} fragments of the same fields"
        yield asked(name, f"{{ courses {{ nodes {{ {spreads} }} }} }} {bodies}", LIMIT, "overlaps")


def _directives() -> Iterator[Hostile]:
    for count in (201, 1000, 1600):
        yield asked(f"{count} unknown directives", "{ __typename " + "@a " * count + "}", LIMIT, "directives")
    for count in (201, 700):
        yield asked(
            f"{count} directives on a field", "{ __typename " + "@skip(if: false) " * count + "}", LIMIT, "directives"
        )
        yield asked(
            f"{count} directives on an operation", "query " + "@a " * count + "{ __typename }", LIMIT, "directives"
        )
    for count in (2, 150):
        yield asked(f"{count} times the same directive", "{ __typename " + "@skip(if: false) " * count + "}", INVALID)
        yield asked(f"{count} unknown directives", "{ __typename " + "@a " * count + "}", INVALID)


def _operations() -> Iterator[Hostile]:
    for count in (51, 200, 900):
        yield asked(
            f"{count} operations", " ".join(f"query A{n} {{ __typename }}" for n in range(count)), LIMIT, "operations"
        )
    for count in (2, 40):
        yield asked(f"{count} operations of one name", "query A { __typename } " * count, INVALID)
        yield asked(f"{count} operations without a name", "{ __typename } " * count, INVALID)
    for count in (100, 1200):
        definitions = " ".join(f"$a{n}: Int" for n in range(count))
        yield asked(f"{count} variables that are not used", f"query ({definitions}) {{ __typename }}", INVALID)
    yield asked("a subscription", "subscription { courses }", INVALID)
    yield asked("a type", "type A { a: Int }", INVALID)
    yield asked("several operations, none named", "query A { __typename } query B { __typename }", BAD)


def _pages() -> Iterator[Hostile]:
    for size in (501, 100_000, 2**31 - 1):
        code, limit = (LIMIT, "nodes") if size > 500_000 else (INPUT, None)
        yield asked(f"a page of {size}", f"{{ courses(first: {size}) {{ nodes {{ id }} }} }}", code, limit)
    for size in (-1, -(2**31)):
        yield asked(f"a page of {size}", f"{{ courses(first: {size}) {{ nodes {{ id }} }} }}", INPUT)
    for sizes in ((500, 500, 500), (500, 500, 3), (100, 100, 100), (500, 100, 50)):
        courses, members, results = sizes
        inner = f"members(first: {members}) {{ nodes {{ results(first: {results}) {{ nodes {{ id }} }} }} }}"
        document = f"{{ courses(first: {courses}) {{ nodes {{ {inner} }} }} }}"
        yield asked(f"pages of {' by '.join(map(str, sizes))}", document, LIMIT, "nodes")
    inner = "members(first: $n) { nodes { results(first: $n) { nodes { id } } } }"
    sized = f"query ($n: Int) {{ courses(first: $n) {{ nodes {{ {inner} }} }} }}"
    for size in (100, 500):
        yield asked(f"pages of {size} by a variable", sized, LIMIT, "nodes", {"n": size})
    for count in (501, 2000):
        ids = [f"Course:{number}" for number in range(count)]
        yield asked(f"{count} ids", "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", INPUT, None, {"ids": ids})


def _introspection() -> Iterator[Hostile]:
    for levels in (3, 4, 6):
        inner = "fields { type { " * levels + "name" + " } }" * levels
        yield asked(f"{levels} levels of fields of fields", f"{{ __schema {{ types {{ {inner} }} }} }}", INVALID)
    inner = "fields { args { type { name } } } inputFields { type { name } } enumValues { name }"
    for count in (20, 50):
        fields = " ".join(f"a{number}: __schema {{ types {{ {inner} }} }}" for number in range(count))
        yield asked(f"the schema {count} times", f"{{ {fields} }}", LIMIT, "cost")
    for count in (51, 190):
        fields = " ".join(f"a{number}: __schema {{ types {{ name }} }}" for number in range(count))
        yield asked(f"the schema {count} times", f"{{ {fields} }}", LIMIT, "rootFields")
    of_type = "ofType { " * 31 + "name" + " }" * 31
    yield asked("31 levels of ofType", f"{{ __schema {{ types {{ {of_type} }} }} }}", LIMIT, "depth")


FAMILIES = (_deep, _broad, _aliases, _fragments, _directives, _operations, _pages, _introspection)
