"""Who is stopped, killed or goes away while answers are kept: the reader of changes, PostgreSQL, clients.

In each of these nothing is told of a change in time, and answers are right all the same.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest
from pydantic import SecretStr

from backend import embedded
from backend.access.credentials import create_token
from backend.cache import metrics
from backend.cache.connection import Connection
from backend.change import OUTLASTED
from backend.face import incoming
from backend.migration import upgrade
from tests.support.cached_answers import kept, told
from tests.support.change_reader import hold_reader, left
from tests.support.database import can_connect
from tests.support.gateway import running_gateway
from tests.support.processes import gateway_process
from tests.support.redis_server import redis_server
from tests.support.waiting import eventually
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backend.cache.connection import Command
    from tests.support.gateway import RunningGateway

QUERY = "{ courses { nodes { title } } }"
WRITE = "UPDATE course SET title = %s WHERE path = 'algebra'"
# Whose process in PostgreSQL is killed: the one that reads changes, or one that reads for answers.
VICTIMS: dict[str, LiteralString] = {
    "the reader's": "SELECT pid FROM pg_stat_activity WHERE application_name = 'computor changes'",
    "a gateway's": (
        "SELECT pid FROM pg_stat_activity WHERE application_name <> 'computor changes' AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    ),
}


def _title(gateway: RunningGateway) -> str:
    title: str = gateway.data("lea", QUERY)["courses"]["nodes"][0]["title"]
    return title


def test_a_reader_that_is_stopped_ends_what_is_kept(own_world: World) -> None:
    """SIGSTOP, while somebody writes past the gateways: nothing kept outlasts the lease."""
    url = own_world.database_url
    own_world.course("algebra").lecturer("lea")
    tokens = {"lea": create_token(url, user="lea")}
    with redis_server() as server, gateway_process(url, tokens, server.url) as reading:
        # It reads what changed, for it was the only one.
        kept(reading, "lea", QUERY)
        with gateway_process(url, tokens, server.url) as other:
            kept(other, "lea", QUERY)
            with reading.paused(), psycopg.connect(url, autocommit=True) as psql:
                psql.execute(WRITE, ["Written"])
                time.sleep(OUTLASTED)
                for _ in range(30):
                    found = told(other, "lea", QUERY)
                    assert found.data["courses"]["nodes"][0]["title"] == "Written"
                    assert "hit" not in found.cache.values()
                    # And what the process remembers.
                    assert _title(other) == "Written"
            for gateway in (reading, other):
                assert kept(gateway, "lea", QUERY)["courses"]["nodes"][0]["title"] == "Written"
            own_world.connection.execute(WRITE, ["Algebra"])
            for gateway in (reading, other):
                eventually(lambda gateway=gateway: _title(gateway) == "Algebra")  # type: ignore[misc]  # called before the next


@pytest.mark.parametrize("victim", VICTIMS)
def test_postgresql_of_which_a_process_is_killed_ends_what_is_kept(
    data_dir: Path, victim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL: PostgreSQL restarts, and has lost the note of a change that nobody has read yet."""
    held = hold_reader(monkeypatch)
    with embedded.services(data_dir, redis=False, durable=False) as services, redis_server() as server:
        url = services.database_url
        upgrade(url)
        with psycopg.connect(url, autocommit=True) as connection:
            world = World(connection, url)
            world.course("algebra").lecturer("lea")
            tokens = {"lea": create_token(url, user="lea")}
            with running_gateway(url, tokens, redis_url=SecretStr(server.url)) as gateway:
                kept(gateway, "lea", QUERY)
                held.append(True)
                # It must not be lost itself.
                connection.execute("SET synchronous_commit = on")
                connection.execute(WRITE, ["Lost"])
                ((pid,), *_) = connection.execute(VICTIMS[victim]).fetchall()
                os.kill(pid, signal.SIGKILL)
                # All are cut off, and then it comes back.
                eventually(lambda: not _answers(connection))
                eventually(lambda: can_connect(url))
                assert left(url) == 0
                # Nothing outlasts the lease that there was.
                time.sleep(OUTLASTED)
                held.clear()
                assert _kept_again(gateway) == "Lost"
                with psycopg.connect(url, autocommit=True) as psql:
                    psql.execute(WRITE, ["Found"])
                eventually(lambda: _kept_again(gateway) == "Found")


def _answers(connection: psycopg.Connection[Any]) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _kept_again(gateway: RunningGateway) -> str:
    """The title, once it is kept; that PostgreSQL is not there for a moment may be said before."""
    found: list[str] = []

    def is_kept() -> bool:
        headers = {"Authorization": f"Bearer {gateway.tokens['lea']}", "GraphQL-Cache": "report"}
        response = gateway.client.post(f"{gateway.url}/graphql", json={"query": QUERY}, headers=headers)
        if response.status_code == 503:
            return False
        answer = response.json()
        found.append(answer["data"]["courses"]["nodes"][0]["title"])
        return bool(answer["extensions"]["cache"].get("courses", {}).get("status") == "hit")

    eventually(is_kept)
    # None of the answers that came since is older than the last one.
    assert len(set(found)) == 1
    return found[-1]


def test_clients_that_go_away_do_not_shift_the_answers_of_others(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their requests are cancelled between the command to Redis and its reply, on the connection that all share."""
    users = [f"user {number}" for number in range(12)]
    for user in users:
        own_world.user(user)
    tokens = {user: create_token(own_world.database_url, user=user) for user in users}
    query = "{ me { username } }"
    asking = _counted(monkeypatch)
    monkeypatch.setattr(incoming, "WATCHED_AFTER", 0.01)
    monkeypatch.setattr("backend.cache.link.BUDGET", 30)
    with (
        redis_server() as server,
        running_gateway(own_world.database_url, tokens, redis_url=SecretStr(server.url)) as all_of,
    ):
        for user in users:
            kept(all_of, user, query)
        mismatches = metrics.TROUBLES.labels("mismatch")._value.get()  # noqa: SLF001 - as its tests do
        for _ in range(3):
            with server.paused():
                asking.update(begun=0, cancelled=0)
                with _asked(all_of, users[::2], query) as gone:
                    eventually(lambda gone=gone: asking["begun"] >= len(gone))  # type: ignore[misc]
                # They are closed now.
                eventually(lambda: asking["cancelled"] >= len(users[::2]))
                with _asked(all_of, users[1::2], query) as waiting:
                    eventually(lambda: asking["begun"] >= len(users))
                    # Redis goes on, and owes replies to those who left first.
                    server.resume()
                    for user, client in zip(users[1::2], waiting, strict=True):
                        assert _answer(client) == {"data": {"me": {"username": user}}}
            for user in users:
                assert kept(all_of, user, query) == {"me": {"username": user}}
        # Nor was there any that had to be told from another's.
        assert metrics.TROUBLES.labels("mismatch")._value.get() == mismatches  # noqa: SLF001


def _counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many commands of requests were sent, and how many of those requests were cancelled before the reply."""
    counts = {"begun": 0, "cancelled": 0}
    ask = Connection.ask

    async def counting(connection: Connection, commands: list[Command], seconds: float) -> list[Any]:
        is_request = commands[0][0] == "MGET"
        counts["begun"] += is_request
        try:
            return await ask(connection, commands, seconds)
        except asyncio.CancelledError:
            counts["cancelled"] += is_request
            raise

    monkeypatch.setattr(Connection, "ask", counting)
    return counts


@contextmanager
def _asked(gateway: RunningGateway, users: list[str], query: str) -> Iterator[list[socket.socket]]:
    """Connections on which each of them has asked; they are closed when the block ends."""
    host, port = gateway.url.removeprefix("http://").split(":")
    clients = []
    try:
        for user in users:
            client = socket.create_connection((host, int(port)), timeout=30)
            clients.append(client)
            body = json.dumps({"query": query}).encode()
            head = (
                f"POST /graphql HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
                f"Authorization: Bearer {gateway.tokens[user]}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            client.sendall(head.encode() + body)
        yield clients
    finally:
        for client in clients:
            client.close()


def _answer(client: socket.socket) -> Any:
    """The body of the response, as JSON."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += client.recv(65536)
    return json.loads(body)
