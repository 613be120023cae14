"""HTTP requests that are no GraphQL requests, or carry no token that holds: each with its exact answer."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.support.gateway import running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.support.gateway import RunningGateway

JSON, GRAPHQL = "application/json", "application/graphql-response+json"
GOOD = b'{"query":"{ __typename }"}'


@pytest.fixture(autouse=True)
def _lives_on(world_gateway: RunningGateway) -> Iterator[None]:
    yield
    assert world_gateway.data("tom", "{ courses { totalCount } }") == {"courses": {"totalCount": 1}}


def _send(gateway: RunningGateway, body: Any = GOOD, method: str = "POST", **headers: str) -> httpx.Response:
    given = {"content-type": JSON, "authorization": f"Bearer {gateway.tokens['tom']}"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return gateway.client.request(method, f"{gateway.url}/graphql", content=body, headers={**given, **named})


def _problem(response: httpx.Response) -> tuple[int, str, str]:
    answer = response.json()
    assert answer.keys() == {"errors"}
    assert response.headers["content-type"].endswith("json; charset=utf-8")
    (error,) = answer["errors"]
    return response.status_code, error["extensions"]["code"], error["message"]


QUERY = "`query` is missing: it must be a text, the GraphQL document."
OBJECT = "The body must be a JSON object with a `query`."
UTF_8 = "The body is no JSON: str is not valid UTF-8: surrogates not allowed."
DEPTH = "The body is no JSON: depth limit exceeded."
BODIES = (
    (b"", "The body is no JSON: Input is a zero-length, empty document."),
    (b"{", "The body is no JSON: unexpected end of data."),
    (b"{} {}", "The body is no JSON: unexpected content after document."),
    (b"\xff\xfe", UTF_8),
    (b'{"query":"\xff"}', UTF_8),
    (b'{"query":"{ __typename }","variables":{"a":"\\ud800"}}', "The body is no JSON: no low surrogate in string."),
    (b"\xef\xbb\xbf" + GOOD, "The body is no JSON: UTF-8 byte order mark (BOM) is not supported."),
    (
        b'{"query":"{ __typename }","variables":{"a":1e999}}',
        "The body is no JSON: number is infinity when parsed as double.",
    ),
    (
        b'{"query":"{ __typename }","variables":{"a":NaN}}',
        "The body is no JSON: unexpected character, expected a JSON value.",
    ),
    (b"[" * 5000 + b"]" * 5000, DEPTH),
    (b'{"query":"{ __typename }","variables":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}", DEPTH),
    (b"[]", OBJECT),
    (b"1", OBJECT),
    (b"null", OBJECT),
    (b"[" + GOOD + b"]", OBJECT),
    (b"{}", QUERY),
    (b'{"query":5}', QUERY),
    (b'{"query":null}', QUERY),
    (b'{"query":""}', QUERY),
    (b'{"query":["{ __typename }"]}', QUERY),
    (b'{"query":"{ __typename }","variables":[]}', "`variables` must be a JSON object."),
    (b'{"query":"{ __typename }","variables":"{}"}', "`variables` must be a JSON object."),
    (b'{"query":"{ __typename }","operationName":5}', "`operationName` must be a text."),
    (
        b'{"query":"query A { __typename } query B { __typename }"}',
        "The document has several operations: name one as operationName.",
    ),
    (b'{"query":"query A { __typename }","operationName":"C"}', "The document has no operation 'C'."),
)


@pytest.mark.parametrize(("body", "message"), BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("accept", [JSON, GRAPHQL, "*/*", ""])
def test_body_that_is_no_request_is_refused(
    world_gateway: RunningGateway, body: bytes, message: str, accept: str
) -> None:
    assert _problem(_send(world_gateway, body, accept=accept)) == (400, "BAD_REQUEST", message)


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
        "application/jsonx",
        "",
    ],
)
def test_other_content_type_is_refused(world_gateway: RunningGateway, kind: str) -> None:
    message = "The Content-Type must be application/json."
    assert _problem(_send(world_gateway, content_type=kind)) == (415, "BAD_REQUEST", message)


@pytest.mark.parametrize("kind", ["APPLICATION/JSON ; CHARSET=UTF-8", 'application/json;charset="utf-8"', JSON])
def test_json_by_any_spelling_is_read(world_gateway: RunningGateway, kind: str) -> None:
    assert _send(world_gateway, content_type=kind).json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_method_is_refused(world_gateway: RunningGateway, method: str) -> None:
    response = _send(world_gateway, method=method)
    assert _problem(response) == (405, "METHOD_NOT_ALLOWED", "GraphQL requests are sent with POST or GET.")
    assert response.headers["allow"] == "GET, POST"


def test_long_body_is_refused(world_gateway: RunningGateway) -> None:
    long = b'{"query":"' + b" " * 1_048_576 + b'"}'
    response = _send(world_gateway, long)
    assert _problem(response) == (413, "LIMIT_EXCEEDED", "The body is longer than 1048576 bytes.")
    (error,) = response.json()["errors"]
    assert error["extensions"] == {
        "code": "LIMIT_EXCEEDED",
        "limit": "body",
        "allowed": 1_048_576,
        "found": len(long),
    }


def test_long_body_without_a_length_is_refused(world_gateway: RunningGateway) -> None:
    chunks = (b" " * 100_000 for _ in range(11))
    message = "The body is longer than 1048576 bytes."
    assert _problem(_send(world_gateway, chunks)) == (413, "LIMIT_EXCEEDED", message)


def test_long_list_in_a_short_enough_body_is_answered(world_gateway: RunningGateway) -> None:
    ids = [f"00000000-0000-4000-8000-{number:012}" for number in range(20_000)]
    query = "query ($ids: [ID!]) { courses(filter: { id: { in: $ids } }) { totalCount } }"
    assert world_gateway.data("tom", query, ids=ids) == {"courses": {"totalCount": 0}}


def test_body_of_too_many_values_is_refused_before_it_is_parsed(world_gateway: RunningGateway) -> None:
    body = b",".join([b"[]"] * 349_000)
    headers = {"Authorization": "Bearer ctp_nobody", "Content-Type": "application/json"}
    for path in ("/graphql", "/courses"):
        # It is no JSON, which is not what it is refused for.
        response = world_gateway.client.post(f"{world_gateway.url}{path}", content=body, headers=headers)
        assert response.status_code == 413
        assert '"limit":"variableValues"' in response.text


def test_body_that_ends_early_harms_nobody(world_gateway: RunningGateway) -> None:
    port = urlsplit(world_gateway.url).port
    with socket.create_connection(("127.0.0.1", port or 0)) as client:
        client.sendall(b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
        client.sendall(b"Content-Length: 100\r\n\r\n{")
    assert _send(world_gateway).json() == {"data": {"__typename": "Query"}}


NO_TOKEN = (
    "This request has no token. Send the header `Authorization: Bearer <token>`; "
    "`computor token create --user NAME` makes a token."
)
BAD_TOKEN = (
    "This token does not hold: it is unknown, revoked or expired, or its user is archived. "
    "`computor token create --user NAME` makes a new one."
)


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
@pytest.mark.parametrize(
    "query", ["{ courses { totalCount } }", "{ __schema { queryType { name } } }", "{", "{ nope }"]
)
def test_without_a_token_nothing_is_answered(world_gateway: RunningGateway, accept: str, query: str) -> None:
    response = world_gateway.client.post(
        f"{world_gateway.url}/graphql", json={"query": query}, headers={"accept": accept}
    )
    assert _problem(response) == (401, "UNAUTHENTICATED", NO_TOKEN)
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"


@pytest.mark.parametrize(
    "credential",
    [
        "Bearer",
        "Bearer nobody",
        "Bearer \u00fc\u00ff",
        "Basic dG9tOnRvbQ==",
        "Basic",
        "Bearertoken",
        "Bearer " + "x" * 10_000,
        "Bearer a b",
    ],
)
def test_credential_that_does_not_hold_is_refused(world_gateway: RunningGateway, credential: str) -> None:
    response = world_gateway.client.post(
        f"{world_gateway.url}/graphql",
        json={"query": "{ __typename }"},
        headers={b"authorization": credential.encode("latin-1")},
    )
    assert _problem(response) == (401, "UNAUTHENTICATED", BAD_TOKEN)


def test_other_scheme_with_a_good_token_is_refused(world_gateway: RunningGateway) -> None:
    response = _send(world_gateway, authorization=f"Token {world_gateway.tokens['tom']}")
    assert _problem(response) == (401, "UNAUTHENTICATED", BAD_TOKEN)


@pytest.mark.parametrize("form", ["bearer {}", "BEARER {}", "Bearer   {}"])
def test_scheme_is_read_in_any_case(world_gateway: RunningGateway, form: str) -> None:
    response = _send(world_gateway, authorization=form.format(world_gateway.tokens["tom"]))
    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("order", [("tom", ""), ("", "tom")])
def test_two_credentials_are_refused(world_gateway: RunningGateway, order: tuple[str, str]) -> None:
    headers = [("authorization", f"Bearer {world_gateway.tokens.get(name, 'nobody')}") for name in order]
    response = world_gateway.client.post(
        f"{world_gateway.url}/graphql", content=GOOD, headers=[("content-type", JSON), *headers]
    )
    assert response.status_code == 401


INTROSPECTION = '{ __schema { queryType { name } } __type(name: "Course") { name } __typename }'


def test_anonymous_schema_opens_the_schema_and_nothing_else(world_gateway: RunningGateway) -> None:
    with running_gateway(world_gateway.database_url, {}, anonymous_schema=True) as open_gateway:

        def ask(query: str, **headers: str) -> httpx.Response:
            return open_gateway.client.post(f"{open_gateway.url}/graphql", json={"query": query}, headers=headers)

        opened = {"__schema": {"queryType": {"name": "Query"}}, "__type": {"name": "Course"}, "__typename": "Query"}
        assert ask(INTROSPECTION).json() == {"data": opened}
        assert ask("{ nope }").json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        for query in (
            "{ me { id } }",
            "{ __typename courses { totalCount } }",
            "{ ...F } fragment F on Query { ... { courses { totalCount } } }",
            "{ activeCourses { totalCount } }",
            "query A { __typename courses @skip(if: true) { totalCount } }",
        ):
            assert _problem(ask(query)) == (401, "UNAUTHENTICATED", NO_TOKEN), query
        refused = ask(INTROSPECTION, authorization="Bearer nobody")
        assert _problem(refused) == (401, "UNAUTHENTICATED", BAD_TOKEN)
