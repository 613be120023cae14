"""Bodies of requests without a token: what they are answered is certain before they come, so that nobody keeps them."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack
from http.client import HTTPResponse
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil
import pytest

from tests.support.gateway import running_gateway
from tests.support.processes import gateway_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway import RunningGateway

NEXT = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = 1_048_576
REQUESTS = ("POST /graphql", "POST /courses", "POST /courses/bulk", "PATCH /courses/x", "GET /courses")


@pytest.fixture(scope="module")
def hasty(world_gateway: RunningGateway) -> Iterator[RunningGateway]:
    """A gateway whose connections do not lie idle for long."""
    with running_gateway(world_gateway.database_url, {}, keep_alive_seconds=1) as running:
        yield running


def _connected(gateway: RunningGateway) -> socket.socket:
    place = urlsplit(gateway.url)
    return socket.create_connection((place.hostname or "", place.port or 0), timeout=20)


def _head(request: str, length: int, *further: str) -> bytes:
    lines = (f"{request} HTTP/1.1", "Host: x", "Content-Type: application/json", f"Content-Length: {length}", *further)
    return "\r\n".join((*lines, "", "")).encode()


def _answer(connection: socket.socket) -> tuple[int, str]:
    """Status and code of the next answer, of which nothing is left then."""
    with HTTPResponse(connection) as response:
        response.begin()
        answer = json.loads(response.read())
        code = answer["errors"][0]["extensions"]["code"] if "errors" in answer else answer.get("code", "")
        return response.status, code


@pytest.mark.parametrize("begun", [1, 400_000])
@pytest.mark.parametrize("request_", REQUESTS)
def test_nobody_is_answered_before_their_body_has_come(
    world_gateway: RunningGateway, request_: str, begun: int
) -> None:
    with _connected(world_gateway) as connection:
        connection.sendall(_head(request_, LARGE) + b" " * begun)
        assert _answer(connection) == (401, "UNAUTHENTICATED")
        # They may still send it, and it is no request.
        connection.sendall(b" " * (LARGE - begun) + NEXT)
        assert _answer(connection)[0] == 200


def test_nobody_is_asked_for_their_body(world_gateway: RunningGateway) -> None:
    with _connected(world_gateway) as connection:
        connection.sendall(_head("POST /graphql", 2, "Expect: 100-continue"))
        assert connection.recv(100).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    ("request_", "answer"), [("POST /nowhere", (404, "NOT_FOUND")), ("PUT /courses", (405, "METHOD_NOT_ALLOWED"))]
)
def test_nobody_is_told_what_there_is_before_their_body_has_come(
    world_gateway: RunningGateway, request_: str, answer: tuple[int, str]
) -> None:
    with _connected(world_gateway) as connection:
        connection.sendall(_head(request_, LARGE))
        assert _answer(connection) == answer


def test_description_needs_no_token_and_no_body(world_gateway: RunningGateway) -> None:
    with _connected(world_gateway) as connection:
        connection.sendall(_head("GET /openapi.json", LARGE))
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


def test_nobody_may_ask_about_the_schema_where_that_is_open(world_gateway: RunningGateway) -> None:
    body = b'{"query":"{ __typename }"}'
    with (
        running_gateway(world_gateway.database_url, {}, anonymous_schema=True) as open_gateway,
        _connected(open_gateway) as connection,
    ):
        connection.sendall(_head("POST /graphql", len(body)))
        connection.sendall(body)
        assert _answer(connection) == (200, "")


def test_connection_whose_body_nobody_read_does_not_lie_idle(hasty: RunningGateway) -> None:
    with _connected(hasty) as connection:
        connection.sendall(_head("POST /graphql", 10) + b"x")
        assert _answer(connection)[0] == 401
        connection.sendall(b"x" * 9)
        assert connection.recv(100) == b""


def test_bodies_of_nobody_take_no_memory(world_gateway: RunningGateway) -> None:
    with gateway_process(world_gateway.database_url, {}, None) as running, ExitStack() as stack:
        process = psutil.Process(running.process.pid)
        before = process.memory_info().rss
        for _ in range(100):
            connection = stack.enter_context(_connected(running))
            connection.sendall(_head("POST /graphql", LARGE) + b" " * (LARGE - 1000))
            assert _answer(connection)[0] == 401
        assert process.memory_info().rss - before < 15 * LARGE
