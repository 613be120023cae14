"""Bodies that are no requests, and such as are larger than they look."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import brotli  # type: ignore[import-untyped]
import orjson
import zstandard

from tests.support.hostile.request import BAD, LIMIT, VALUE, Hostile

if TYPE_CHECKING:
    from collections.abc import Iterator


def _bodies() -> Iterator[Hostile]:
    good = b'{"query": "{ __typename }"}'
    for name, body in (
        ("nothing", b""),
        ("half of it", good[:10]),
        ("two of them", good + good),
        ("a text", b'"{ __typename }"'),
        ("a number", b"1"),
        ("null", b"null"),
        ("an object without a query", b"{}"),
        ("a list for a query", b'{"query": ["{ __typename }"]}'),
        ("a list for variables", b'{"query": "{ __typename }", "variables": []}'),
        ("a text for extensions", b'{"query": "{ __typename }", "extensions": "{}"}'),
        ("a number for a name", b'{"query": "{ __typename }", "operationName": 1}'),
        ("a name that is not there", b'{"query": "{ __typename }", "operationName": "A"}'),
        (
            "a wrong hash",
            b'{"query": "{ __typename }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "ab"}}}',
        ),
        ("a query and a documentId", b'{"query": "{ __typename }", "documentId": "a"}'),
        ("a byte order mark", b"\xef\xbb\xbf" + good),
        ("UTF-16", good.decode().encode("utf-16")),
        ("UTF-32", good.decode().encode("utf-32")),
        ("Latin-1", b'{"query": "{ __typename }", "variables": {"a": "\xe4"}}'),
        ("overlong UTF-8", b'{"query": "{ __typename }", "variables": {"a": "\xc0\xaf"}}'),
        ("half a surrogate", b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}'),
        ("900,000 quotes", b'"' * 900_000),
        ("900,000 zeros", b"0" * 900_000),
        ("900,000 spaces", b" " * 900_000),
    ):
        yield Hostile(f"a body of {name}", body, BAD)
    yield Hostile("a body of 900,000 brackets", b"[" * 900_000, LIMIT, "variableValues")
    for size in (1_048_577, 5_000_000):
        yield Hostile(f"a body of {size} bytes", b'{"query": "' + b" " * (size - 13) + b'"}', LIMIT, "body")
    for kind in (
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "",
    ):
        yield Hostile(f"a body of the type {kind!r}", good, BAD, headers={"content-type": kind})
    yield Hostile("an answer as a picture", good, BAD, headers={"accept": "image/png"})


def _codings() -> Iterator[Hostile]:
    pack = {
        "gzip": lambda body: gzip.compress(body, 9),
        "br": lambda body: brotli.compress(body, quality=5),
        "zstd": zstandard.ZstdCompressor(3).compress,
    }
    good = b'{"query": "{ __typename }"}'
    for coding, packed in pack.items():
        for size in (2_000_000, 10_000_000, 30_000_000):
            yield Hostile(
                f"{size} spaces as {coding}", packed(b" " * size), LIMIT, "body", {"content-encoding": coding}
            )
        yield Hostile(f"{coding} within {coding}", packed(packed(good)), BAD, headers={"content-encoding": coding})
        yield Hostile(f"{coding} twice", packed(packed(good)), BAD, headers={"content-encoding": f"{coding}, {coding}"})
        yield Hostile(f"half of {coding}", packed(good)[:-6], BAD, headers={"content-encoding": coding})
        yield Hostile(f"what is no {coding}", b"\x00\xff" * 5_000, BAD, headers={"content-encoding": coding})
    for coding in ("deflate", "compress", "snappy", "*", "gzip;q=1"):
        yield Hostile(f"the coding {coding}", good, BAD, headers={"content-encoding": coding})


def _batches() -> Iterator[Hostile]:
    good = b'{"query": "{ __typename }"}'
    for count in (0, 1, 2, 100, 20_000):
        yield Hostile(f"a batch of {count}", b"[" + b",".join([good] * count) + b"]", BAD)
    yield Hostile("a batch within a batch", b"[[" + good + b"]]", BAD)


def _rows() -> Iterator[Hostile]:
    """Rows to create over REST."""
    for name, scopes in (("wrong", [*range(50_000)]), ("empty", [""] * 50_000), ("many", ["a"] * 50_000)):
        yield _row(f"50,000 {name} scopes", {"name": "a", "scopes": scopes}, "/api-tokens")
    yield _row("11,000 scopes", {"name": "a", "scopes": ["a"] * 11_000}, "/api-tokens")
    yield _row("50,000 properties", {"properties": {f"a{number}": number for number in range(50_000)}})
    yield _row("50,000 fields that are not there", {f"a{number}": number for number in range(50_000)})
    for count, code, limit in ((1_001, VALUE, None), (9_999, VALUE, None), (50_000, LIMIT, "variableObjects")):
        yield _row(f"{count} rows", [{}] * count, "/courses/bulk", code, limit)
    wrong = {f"a{number}": number for number in range(60)}
    yield _row("1,000 rows of 60 fields that are not there", [wrong] * 1_000, "/courses/bulk")
    yield _row(
        "110,000 values",
        {"a": [*range(40_000)], "b": [*range(40_000)], "c": [*range(30_000)]},
        code=LIMIT,
        limit="variableValues",
    )
    rows: tuple[Any, ...] = ([1], "a", 7, None, [[]])
    yield from (_row(f"a row of {row!r}", row) for row in rows)


def _row(name: str, content: Any, path: str = "/courses", code: str = VALUE, limit: str | None = None) -> Hostile:
    return Hostile(f"REST: {name}", orjson.dumps(content), code, limit, path=path)


FAMILIES = (_bodies, _codings, _batches, _rows)
