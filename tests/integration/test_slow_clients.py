"""Clients that are slow, or go away: they hold nothing up."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.caching import eventually
from tests.serving import Serving, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateway import RunningGateway

_HEAD = b"POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n"


@pytest.fixture(scope="module")
def served(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    log = tmp_path_factory.mktemp("slow") / "log"
    times = {"HEAD_SECONDS": "1", "MAX_BODY_SECONDS": "1", "KEEP_ALIVE_SECONDS": "60"}
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


def test_body_that_does_not_come_is_not_waited_for(served: Serving) -> None:
    with _connected(served) as connection:
        connection.sendall(_HEAD % (100, b"") + b'{"query": ')
        assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")


def test_body_for_rest_that_does_not_come_is_not_waited_for(served: Serving) -> None:
    with _connected(served) as connection:
        connection.sendall(_HEAD.replace(b"/graphql", b"/courses") % (100, b"") + b'{"title": ')
        assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")


def test_connection_may_lie_idle_and_ask_again(served: Serving) -> None:
    body = b'{"query": "{ __typename }"}'
    with _connected(served) as connection:
        for _ in range(2):
            connection.sendall(_HEAD % (len(body), b"") + body)
            assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
            # Longer than a head may take.
            time.sleep(1.2)


def test_client_that_goes_away_stops_its_statement(served: Serving, gateway: RunningGateway) -> None:
    token = gateway.tokens["admin"].encode()
    # The lock has the statement wait for as long as this test likes.
    with (
        psycopg.connect(gateway.database_url) as locking,
        psycopg.connect(gateway.database_url, autocommit=True) as looking,
    ):
        locking.execute("LOCK TABLE course_family IN ACCESS EXCLUSIVE MODE")

        def waiting() -> bool:
            row = looking.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%course_family%'"
                " AND datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchone()
            return row is not None and row[0] > 0

        body = b'{"query": "{ courseFamilies { nodes { title } } }"}'
        with _connected(served) as connection:
            connection.sendall(_HEAD % (len(body), b"Authorization: Bearer " + token + b"\r\n") + body)
            eventually(waiting)
        eventually(lambda: not waiting())
