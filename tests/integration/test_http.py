"""GraphQL over HTTP: methods, media types, codings, pages of other sites, batches, tags, and ids of requests."""

from __future__ import annotations

import gzip
import logging
import re
from typing import TYPE_CHECKING, Any

import brotli  # type: ignore[import-untyped]
import orjson
import psycopg
import pytest
import zstandard

from tests.support.gateway import running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.support.gateway import GatewayHere, RunningGateway

JSON, GRAPHQL = "application/json", "application/graphql-response+json"
TYPENAME = {"data": {"__typename": "Query"}}
NOT_SIMPLE = {"GraphQL-Require-Preflight": "1"}
ORIGIN = "https://app.example.org"


@pytest.fixture(scope="module")
def open_minded(world_gateway: RunningGateway) -> Iterator[RunningGateway]:
    """A gateway that answers batches, and pages of one other site."""
    settings: dict[str, Any] = {"max_batch": 3, "cors_origins": ORIGIN}
    with running_gateway(world_gateway.database_url, world_gateway.tokens, **settings) as running:
        yield running


def _get(gateway: RunningGateway, user: str | None = "tom", method: str = "GET", **asked: Any) -> httpx.Response:
    headers = {**NOT_SIMPLE, **asked.pop("headers", {})}
    if user is not None:
        headers["Authorization"] = f"Bearer {gateway.tokens[user]}"
    return gateway.client.request(method, f"{gateway.url}/graphql", params=asked, headers=headers)


def _post(gateway: RunningGateway, content: Any, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {"content-type": JSON, "authorization": f"Bearer {gateway.tokens['tom']}", **named}
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return gateway.client.post(f"{gateway.url}/graphql", content=body, headers=given)


def _code(response: httpx.Response) -> tuple[int, str]:
    error = response.json()["errors"][0]
    return response.status_code, error["extensions"]["code"]


# GET


def test_get_is_answered(world_gateway: RunningGateway) -> None:
    query = "query A($first: Int) { courses(first: $first) { totalCount } } query B { __typename }"
    asked = {"query": query, "operationName": "A", "variables": '{"first": 0}'}
    assert _get(world_gateway, **asked).json() == {"data": {"courses": {"totalCount": 1}}}
    assert _get(world_gateway, query=query, operationName="B", variables="", extensions="{}").json() == TYPENAME


@pytest.mark.parametrize("name", ["apollo-require-preflight", "x-apollo-operation-name", "graphql-require-preflight"])
def test_get_runs_with_a_header_that_no_form_sends(world_gateway: RunningGateway, name: str) -> None:
    client = world_gateway.client
    headers = {"Authorization": f"Bearer {world_gateway.tokens['tom']}", name: "x"}
    response = client.get(f"{world_gateway.url}/graphql", params={"query": "{ __typename }"}, headers=headers)
    assert response.json() == TYPENAME


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"accept": GRAPHQL},
        {"apollo-require-preflight": ""},
        {"accept": "text/html"},
    ],
)
def test_get_that_any_page_could_send_runs_nothing(world_gateway: RunningGateway, headers: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {world_gateway.tokens['tom']}", **headers}
    params = {"query": "{ __typename }"}
    response = world_gateway.client.get(f"{world_gateway.url}/graphql", params=params, headers=headers)
    assert _code(response) == (400, "BAD_REQUEST")
    assert "A page of any site" in response.text


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_post_that_a_form_could_send_runs_nothing(world_gateway: RunningGateway, kind: str) -> None:
    response = _post(world_gateway, {"query": "{ __typename }"}, content_type=kind)
    assert _code(response) == (415, "BAD_REQUEST")


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
def test_mutation_on_get_is_refused(world_gateway: RunningGateway, accept: str) -> None:
    query = 'mutation { deleteMessage(id: "x") { deletedMessageId } }'
    response = _get(world_gateway, query=query, headers={"accept": accept})
    assert _code(response) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    "query_string",
    ["query={a}&query={b}", "query=%ff", "query={a}&variables={", "query={a}&variables=[]", "query=", "documentId="],
)
def test_query_string_that_is_no_request_is_refused(world_gateway: RunningGateway, query_string: str) -> None:
    headers = {"Authorization": f"Bearer {world_gateway.tokens['tom']}", **NOT_SIMPLE}
    response = world_gateway.client.get(f"{world_gateway.url}/graphql?{query_string}", headers=headers)
    assert _code(response) == (400, "BAD_REQUEST")


def test_head_is_answered_without_a_body(world_gateway: RunningGateway) -> None:
    response = _get(world_gateway, method="HEAD", query="{ __typename }")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-length"] == str(len(b'{"data":{"__typename":"Query"}}'))


def test_get_has_a_tag_of_its_own_for_each_caller(world_gateway: RunningGateway) -> None:
    first = _get(world_gateway, query="{ courses { totalCount } }")
    assert first.headers["cache-control"] == "private, no-cache"
    assert set(first.headers["vary"].split(", ")) >= {"Authorization", "Cookie", "Accept", "Accept-Encoding"}
    tag = first.headers["etag"]
    again = _get(world_gateway, query="{ courses { totalCount } }", headers={"if-none-match": f'"x", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = _get(world_gateway, "ada", query="{ courses { totalCount } }", headers={"if-none-match": tag})
    assert other.headers["etag"] != tag
    assert other.status_code == 200
    nobody = _get(world_gateway, None, query="{ courses { totalCount } }", headers={"if-none-match": "*"})
    assert nobody.status_code == 401


# Media types


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON),
        (f"{JSON}, {GRAPHQL}", JSON),
        ("application/*", JSON),
        (f"text/html;q=0.1, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8", GRAPHQL),
        (f"{GRAPHQL}; charset=latin-1, */*;q=0.1", JSON),
        (f"{GRAPHQL};q=0, */*;q=0.1", JSON),
    ],
)
def test_media_type_is_the_one_that_the_client_likes_best(
    world_gateway: RunningGateway, accept: str, kind: str
) -> None:
    response = _post(world_gateway, {"query": "{ __typename }"}, accept=accept)
    assert response.json() == TYPENAME
    assert response.headers["content-type"] == f"{kind}; charset=utf-8"


@pytest.mark.parametrize("accept", ["text/html", "image/png", f"{JSON};q=0", f"{JSON}; charset=latin-1"])
def test_client_that_takes_no_json_is_refused(world_gateway: RunningGateway, accept: str) -> None:
    assert _code(_post(world_gateway, {"query": "{ __typename }"}, accept=accept)) == (406, "BAD_REQUEST")


# Codings

CODINGS = {
    "gzip": gzip.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "identity": lambda body: body,
}
QUERY = {"query": "{ courses { totalCount } __schema { types { name description } } }"}


@pytest.mark.parametrize("coding", CODINGS)
def test_body_may_come_coded(world_gateway: RunningGateway, coding: str) -> None:
    body = CODINGS[coding](b'{"query": "{ __typename }"}')
    assert _post(world_gateway, body, content_encoding=coding).json() == TYPENAME


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_body_that_is_larger_than_it_looks_is_refused(world_gateway: RunningGateway, coding: str) -> None:
    bomb = CODINGS[coding](b" " * 50_000_000)
    assert len(bomb) < 1_000_000
    response = _post(world_gateway, bomb, content_encoding=coding)
    assert _code(response) == (413, "LIMIT_EXCEEDED")
    assert response.json()["errors"][0]["extensions"]["limit"] == "body"


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize("spoil", [lambda body: body[:-5], lambda _: b"", lambda _: b"\x00\xff" * 20])
def test_body_that_is_not_coded_as_it_says_is_refused(world_gateway: RunningGateway, coding: str, spoil: Any) -> None:
    body = spoil(CODINGS[coding](b'{"query": "{ __typename }"}'))
    assert _code(_post(world_gateway, body, content_encoding=coding)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("coding", ["compress", "gzip, gzip", "deflate"])
def test_coding_that_is_not_read_is_refused(world_gateway: RunningGateway, coding: str) -> None:
    response = _post(world_gateway, gzip.compress(b"{}"), content_encoding=coding)
    assert _code(response) == (415, "BAD_REQUEST")
    assert response.headers["accept-encoding"] == "gzip, br, zstd"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("gzip, br, zstd", "zstd"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("*", "zstd"),
        ("zstd;q=0, *;q=0.5", "br"),
        ("identity", None),
        ("gzip;q=0", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("compress", None),
    ],
)
def test_answer_goes_in_the_coding_that_the_client_likes_best(
    world_gateway: RunningGateway, accepted: str, coding: str | None
) -> None:
    response = _post(world_gateway, QUERY, accept_encoding=accepted)
    assert response.headers.get("content-encoding") == coding
    assert response.json()["data"]["courses"] == {"totalCount": 1}


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_very_long_answer_is_coded_too(world_gateway: RunningGateway, coding: str) -> None:
    query = {"query": "{ __schema { types { name fields { name description } } } }"}
    plain, coded = (_post(world_gateway, query, accept_encoding=accepted) for accepted in ("identity", coding))
    assert len(plain.content) > 200_000
    assert coded.headers["content-encoding"] == coding
    assert int(coded.headers["content-length"]) < len(plain.content) / 3
    assert coded.content == plain.content


def test_short_answer_goes_as_it_is(world_gateway: RunningGateway) -> None:
    response = _post(world_gateway, {"query": "{ __typename }"}, accept_encoding="gzip, br, zstd")
    assert "content-encoding" not in response.headers


# Pages of other sites


def _preflight(gateway: RunningGateway, origin: str) -> httpx.Response:
    headers = {"origin": origin, "access-control-request-method": "POST"}
    return gateway.client.options(f"{gateway.url}/graphql", headers=headers)


def test_page_of_a_named_origin_may_ask(open_minded: RunningGateway) -> None:
    response = _preflight(open_minded, ORIGIN)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == ORIGIN
    sent = {name.strip().lower() for name in response.headers["access-control-allow-headers"].split(",")}
    assert sent >= {"authorization", "graphql-cost", "graphql-cache", "x-explain"}
    assert "access-control-allow-credentials" not in response.headers
    answer = _post(open_minded, {"query": "{ __typename }"}, origin=ORIGIN)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "Origin" in answer.headers.get_list("vary", split_commas=True)
    assert "ETag" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{ORIGIN}.evil.example", "http://app.example.org"])
def test_page_of_another_origin_may_not(open_minded: RunningGateway, origin: str) -> None:
    for response in (_preflight(open_minded, origin), _post(open_minded, {"query": "{ __typename }"}, origin=origin)):
        assert not any(name.startswith("access-control-") for name in response.headers)


def test_no_page_may_where_none_is_named(world_gateway: RunningGateway) -> None:
    assert _code(_preflight(world_gateway, ORIGIN)) == (405, "METHOD_NOT_ALLOWED")
    answer = _post(world_gateway, {"query": "{ __typename }"}, origin=ORIGIN)
    assert not any(name.startswith("access-control-") for name in answer.headers)


# Batches


def test_batch_is_answered_in_its_order(open_minded: RunningGateway) -> None:
    asked = [{"query": "{ __typename }"}, {"query": "{"}, {"query": "{ courses { totalCount } }"}]
    first, second, third = _post(open_minded, asked).json()
    assert first == TYPENAME
    assert second["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    assert third == {"data": {"courses": {"totalCount": 1}}}


def test_batch_that_is_too_long_is_refused(open_minded: RunningGateway) -> None:
    response = _post(open_minded, [{"query": "{ __typename }"}] * 4)
    assert _code(response) == (413, "LIMIT_EXCEEDED")
    assert _code(_post(open_minded, [])) == (400, "BAD_REQUEST")


# Ids of requests


@pytest.mark.parametrize("given", ["abc-123", "a" * 128, "1/2:3=4+5_6.7"])
def test_id_of_a_request_comes_back(world_gateway: RunningGateway, given: str) -> None:
    assert _post(world_gateway, {"query": "{ __typename }"}, x_request_id=given).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "a" * 129, "a b", "ä", '"', "a;b", "a\tb"])
def test_id_that_could_break_a_log_is_replaced(world_gateway: RunningGateway, given: str) -> None:
    headers = {b"x-request-id": given.encode("latin-1"), b"content-type": JSON.encode()}
    response = world_gateway.client.post(f"{world_gateway.url}/graphql", content=b"{}", headers=headers)
    assert re.fullmatch("[0-9a-f]{32}", response.headers["x-request-id"])


def test_error_that_nobody_expected_says_the_id_alone(
    world_gateway: GatewayHere, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(type(world_gateway.app.engine), "_document", broken)
    with caplog.at_level(logging.ERROR, "computor"):
        response = _post(world_gateway, {"query": "{ __typename } # never asked before"}, x_request_id="my-own")
    assert response.status_code == 500
    assert response.json() == {
        "errors": [
            {
                "message": "Internal error. Tell the operators this mark: my-own.",
                "extensions": {"code": "INTERNAL_SERVER_ERROR", "correlationId": "my-own"},
            }
        ]
    }
    assert any("my-own" in record.getMessage() for record in caplog.records)


# Health


def test_gateway_that_can_answer_is_ready(world_gateway: RunningGateway) -> None:
    live = world_gateway.client.get(f"{world_gateway.url}/health/live")
    assert (live.status_code, live.json()) == (200, {"status": "ok"})
    ready = world_gateway.client.get(f"{world_gateway.url}/health/ready")
    assert ready.status_code == 200
    assert ready.json() == {"status": "ok", "postgresql": "ok", "migrations": "ok", "redis": "none"}


def test_gateway_with_redis_says_so(world_gateway: RunningGateway, redis_url: str) -> None:
    with running_gateway(world_gateway.database_url, {}, redis_url=redis_url) as running:
        assert running.client.get(f"{running.url}/health/ready").json()["redis"] == "ok"
    with running_gateway(world_gateway.database_url, {}, redis_url="redis://127.0.0.1:1") as running:
        ready = running.client.get(f"{running.url}/health/ready")
        assert (ready.status_code, ready.json()["redis"]) == (200, "unavailable")


def test_gateway_over_an_old_schema_is_not_ready(migrated_database: str) -> None:
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        connection.execute("UPDATE gateway_alembic_version SET version_num = '0000_old'")
    with running_gateway(migrated_database, {}) as running:
        ready = running.client.get(f"{running.url}/health/ready")
        assert (ready.status_code, ready.json()["migrations"]) == (503, "missing")
        assert running.client.get(f"{running.url}/health/nothing").status_code == 404
        assert running.client.post(f"{running.url}/health/ready").status_code == 405
