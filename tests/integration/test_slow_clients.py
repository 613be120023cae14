"""Clients that are slow, go away, or never come to an end: they hold nothing up."""

from __future__ import annotations

import socket
import time
from http.client import HTTPResponse
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.support.processes import Serving, serving
from tests.support.waiting import blocked, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway import RunningGateway

_HEAD = b"POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n"
# Whose body is read: whether there is such a token is asked later.
_SOMEBODY = b"Authorization: Bearer x\r\n"


@pytest.fixture(scope="module")
def served(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    log = tmp_path_factory.mktemp("slow") / "log"
    times = {"HEAD_SECONDS": "1", "MAX_BODY_SECONDS": "1", "KEEP_ALIVE_SECONDS": "60", "LOCK_TIMEOUT": "60"}
    with serving(log, {"DATABASE_URL": gateway.database_url, **times}) as running:
        yield running


def _connected(served: Serving) -> socket.socket:
    address = urlsplit(served.url)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=20)


def _rest(connection: socket.socket) -> bytes:
    """What comes until the server closes the connection."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def _status(connection: socket.socket) -> int:
    """The status of the next answer, of which nothing is left then."""
    with HTTPResponse(connection) as response:
        response.begin()
        response.read()
        return response.status


def _send_slowly(connection: socket.socket, head: bytes) -> None:
    for byte in head + b"x" * 10_000:
        connection.sendall(bytes((byte,)))
        time.sleep(0.02)


def test_connection_that_asks_nothing_is_closed(served: Serving) -> None:
    with _connected(served) as connection:
        assert _rest(connection).startswith(b"HTTP/1.1 408 ")


def test_head_that_comes_byte_by_byte_is_not_waited_for(served: Serving) -> None:
    # The whole head has its time: else a byte now and then would keep the connection.
    with _connected(served) as connection, pytest.raises((BrokenPipeError, ConnectionResetError)):
        _send_slowly(connection, b"GET / HTTP/1.1\r\nX-Long: ")


# Each is as long as is just too much, so that all of it has been read when the answer comes.
_BEGUN = b"GET /graphql HTTP/1.1\r\nHost: gateway\r\n"
LARGE_HEADS = {
    "a header without end": _BEGUN + b"X: " + b"x" * (65_537 - len(_BEGUN) - 3),
    "a request's line without end": b"GET /" + b"x" * (65_537 - 5),
    "a whole header": _BEGUN + b"X: " + b"x" * 65_530 + b"\r\n\r\n",
    "several headers": _BEGUN + b"X: %s\r\n" % (b"x" * 10_000) * 7 + b"\r\n",
    "101 headers": _BEGUN + b"X: x\r\n" * 100 + b"\r\n",
}


@pytest.mark.parametrize("head", LARGE_HEADS.values(), ids=LARGE_HEADS)
def test_large_head_is_refused(served: Serving, head: bytes) -> None:
    with _connected(served) as connection:
        connection.sendall(head)
        assert _rest(connection).startswith(b"HTTP/1.1 431 ")


def test_trailers_without_end_are_not_read(served: Serving) -> None:
    head = _HEAD.replace(b"Content-Length: %d", b"Transfer-Encoding: chunked") % b""
    with _connected(served) as connection:
        connection.sendall(head + b"0\r\nX: ")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            connection.sendall(b"x" * 50_000_000)


def test_heads_that_are_not_too_large_are_read(served: Serving) -> None:
    head = b"GET /health/live HTTP/1.1\r\nHost: gateway\r\n" + b"X: %s\r\n" % (b"x" * 600) * 99 + b"\r\n"
    body = b'{"query": "{ __typename }"}' + b" " * 200_000
    with _connected(served) as connection:
        for request in (head, _HEAD % (len(body), b"") + body, head):
            connection.sendall(request)
            assert _status(connection) in (200, 401)


def test_body_that_does_not_come_is_not_waited_for(served: Serving) -> None:
    with _connected(served) as connection:
        connection.sendall(_HEAD % (100, _SOMEBODY) + b'{"query": ')
        assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")


def test_body_for_rest_that_does_not_come_is_not_waited_for(served: Serving) -> None:
    with _connected(served) as connection:
        connection.sendall(_HEAD.replace(b"/graphql", b"/courses") % (100, _SOMEBODY) + b'{"title": ')
        assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")


def test_connection_may_lie_idle_and_ask_again(served: Serving) -> None:
    body = b'{"query": "{ __typename }"}'
    with _connected(served) as connection:
        for _ in range(2):
            connection.sendall(_HEAD % (len(body), b"") + body)
            assert _status(connection) == 401
            # Longer than a head may take.
            time.sleep(1.2)


@pytest.mark.parametrize("behind", [0, 1, 4])
@pytest.mark.parametrize("at_once", [True, False])
def test_client_that_goes_away_stops_its_statement(
    served: Serving, gateway: RunningGateway, behind: int, *, at_once: bool
) -> None:
    token = gateway.tokens["admin"].encode()
    # The lock has the statement wait for as long as this test likes.
    with (
        psycopg.connect(gateway.database_url) as locking,
        psycopg.connect(gateway.database_url, autocommit=True) as looking,
    ):
        locking.execute("LOCK TABLE course_family IN ACCESS EXCLUSIVE MODE")
        body = b'{"query": "{ courseFamilies { nodes { title } } }"}'
        request = _HEAD % (len(body), b"Authorization: Bearer " + token + b"\r\n") + body
        with _connected(served) as connection:
            connection.sendall(request * (1 + behind * at_once))
            eventually(lambda: blocked(looking) != [])
            for _ in range(behind * (not at_once)):
                connection.sendall(request)
                # Until it has come by itself.
                time.sleep(0.05)
        eventually(lambda: blocked(looking) == [])


def test_client_that_waits_to_be_asked_for_its_body_is_asked(served: Serving) -> None:
    with _connected(served) as connection:
        connection.sendall(_HEAD % (2, _SOMEBODY + b"Expect: 100-continue\r\n"))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert _status(connection) == 400


def test_what_is_no_request_is_not_answered_in_place_of_one(served: Serving) -> None:
    with _connected(served) as connection:
        connection.sendall(b"GET /health/ready HTTP/1.1\r\nHost: gateway\r\n\r\nNONSENSE\r\n\r\n")
        assert b" 400 " not in _rest(connection)


def test_body_that_nobody_reads_is_not_waited_for(served: Serving) -> None:
    with _connected(served) as connection:
        connection.sendall(b"POST /nowhere HTTP/1.1\r\nHost: gateway\r\nContent-Length: 10000\r\n\r\nx")
        answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 4")
        # Whatever comes, the connection does not lie idle.
        connection.sendall(b"x")
        _rest(connection)


def test_body_that_nobody_reads_may_be_followed_by_a_request(served: Serving) -> None:
    with _connected(served) as connection:
        connection.sendall(b"POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: text/plain\r\n")
        connection.sendall(b"Content-Length: 10\r\n\r\nx")
        assert _status(connection) == 415
        connection.sendall(b"x" * 9)
        time.sleep(2)
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: gateway\r\n\r\n")
        assert _status(connection) == 200
