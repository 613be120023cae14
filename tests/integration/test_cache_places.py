"""Redis as a cluster, and behind sentinels; and what the command line says of the cache."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis
from pydantic import SecretStr

from backend.access.credentials import create_token
from backend.cache.address import client_of, resolve
from backend.change import OUTLASTED
from backend.embedded.redis import find_program
from backend.errors import GatewayError
from tests.support.cached_answers import kept
from tests.support.gateway import running_gateway
from tests.support.processes import computor
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway import RunningGateway
    from tests.support.world import World

QUERY = "{ courses { nodes { title } } }"
UPDATE = "mutation ($id: ID!, $title: String) { updateCourse(id: $id, input: {title: $title}) { errors { message } } }"


@pytest.fixture(scope="module")
def tokens(own_world: World) -> dict[str, str]:
    """A lecturer's."""
    own_world.course("algebra").lecturer("lea")
    return {"lea": create_token(own_world.database_url, user="lea", scopes=["*"])}


@contextmanager
def _server(*options: str, sentinel_of: int | None = None) -> Iterator[int]:
    """A server on a port; a sentinel that watches the server on another, if that is given."""
    directory = Path(tempfile.mkdtemp(prefix="redis-"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    lines = [f"port {port}", "bind 127.0.0.1", f"dir {directory}", 'save ""', *options]
    if sentinel_of is not None:
        lines += [
            f"sentinel monitor ours 127.0.0.1 {sentinel_of} 1",
            "sentinel down-after-milliseconds ours 300",
            "sentinel failover-timeout ours 3000",
        ]
    file = directory / "server.conf"
    file.write_text("\n".join(lines) + "\n")
    command = [str(find_program()), str(file), *(["--sentinel"] if sentinel_of is not None else [])]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port) as client:
            eventually(lambda: _answers(client))
        yield port
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(directory)


def _answers(client: redis.Redis) -> bool:
    with contextlib.suppress(redis.RedisError):
        return bool(client.ping())
    return False


@pytest.fixture
def cluster() -> Iterator[list[int]]:
    """The ports of a cluster's three nodes, among which the slots are divided."""
    with ExitStack() as stack:
        # The bus is elsewhere by default: where ports need not exist.
        ports = []
        for _ in range(3):
            with socket.create_server(("127.0.0.1", 0)) as listener:
                bus = listener.getsockname()[1]
            options = ("cluster-enabled yes", f"cluster-port {bus}", "cluster-node-timeout 2000")
            ports.append((stack.enter_context(_server(*options)), bus))
        clients = [redis.Redis(port=port) for port, _ in ports]
        for number, client in enumerate(clients):
            first, last = number * 5462, min((number + 1) * 5462, 16384) - 1
            _told(client, "CLUSTER", "ADDSLOTSRANGE", first, last)
            _told(client, "CLUSTER", "MEET", "127.0.0.1", *ports[0])
        eventually(lambda: all("ok" in _told(client, "CLUSTER", "INFO")[:40] for client in clients))
        yield [port for port, _ in ports]
        for client in clients:
            client.close()


def _told(client: redis.Redis, *command: object) -> str:
    return str(client.execute_command(*command))  # type: ignore[no-untyped-call]  # not annotated there


def _persisted(running: RunningGateway, sent: dict[str, str]) -> str | None:
    """The code of the error with which a query is refused that is named by its hash, and perhaps sent."""
    named = {"persistedQuery": {"version": 1, "sha256Hash": sha256(QUERY.encode()).hexdigest()}}
    headers = {"Authorization": f"Bearer {running.tokens['lea']}"}
    response = running.client.post(f"{running.url}/graphql", json={**sent, "extensions": named}, headers=headers)
    errors = response.json().get("errors")
    return str(errors[0]["extensions"]["code"]) if errors else None


def test_the_node_of_a_cluster_that_holds_our_keys_is_found(
    cluster: list[int], own_world: World, tokens: dict[str, str]
) -> None:
    url = "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in cluster)
    with running_gateway(own_world.database_url, tokens, redis_url=SecretStr(url)) as running:
        kept(running, "lea", QUERY)
        own_world.connection.execute("UPDATE course SET title = 'Clustered'")
        eventually(lambda: "Clustered" in str(running.data("lea", QUERY)))
        kept(running, "lea", QUERY)
        assert _persisted(running, {"query": QUERY}) is None
        with running_gateway(own_world.database_url, tokens, redis_url=SecretStr(url)) as other:
            assert _persisted(other, {}) is None
            assert other.client.get(f"{other.url}/health/ready").json()["redis"] == "ok"
    # Any key has one place among the three.
    places = {asyncio.run(resolve(url, f"key {number}".encode(), 5)).port for number in range(30)}
    assert places == set(cluster)


def test_the_server_that_sentinels_name_is_found() -> None:
    with _server() as port, _server(sentinel_of=port) as sentinel:
        assert asyncio.run(resolve(f"redis+sentinel://127.0.0.1:{sentinel}/ours", b"key", 5)).port == port


@contextmanager
def _watched() -> Iterator[tuple[redis.Redis, redis.Redis, redis.Redis]]:
    """A master, its replica, and a sentinel that knows both."""
    with ExitStack() as stack:
        port = stack.enter_context(_server("repl-diskless-sync-delay 0"))
        master = stack.enter_context(redis.Redis(port=port))
        replica = stack.enter_context(redis.Redis(port=stack.enter_context(_server(f"replicaof 127.0.0.1 {port}"))))
        eventually(lambda: replica.info("replication")["master_link_status"] == "up")
        sentinel = stack.enter_context(redis.Redis(port=stack.enter_context(_server(sentinel_of=port))))
        eventually(lambda: "flags" in _told(sentinel, "SENTINEL", "REPLICAS", "ours"))
        yield master, replica, sentinel


def _port(server: redis.Redis) -> int:
    return int(server.info("server")["tcp_port"])


def _title(data: dict[str, Any]) -> str:
    title: str = data["courses"]["nodes"][0]["title"]
    return title


def _write(running: RunningGateway, world: World, title: str) -> None:
    done = running.data("lea", UPDATE, id=world.id("course", "algebra"), title=title)
    assert done["updateCourse"]["errors"] == []


def test_what_was_kept_by_a_master_is_not_taken_from_the_replica_that_is_promoted(
    own_world: World, tokens: dict[str, str]
) -> None:
    """It has answers and stamps, but not heard of the last change before the master ended."""
    with _watched() as (master, replica, sentinel):
        url = SecretStr(f"redis+sentinel://127.0.0.1:{_port(sentinel)}/ours")
        with running_gateway(own_world.database_url, tokens, redis_url=url) as running:
            _write(running, own_world, "Before")
            assert _title(kept(running, "lea", QUERY)) == "Before"
            eventually(lambda: any(b"Before" in (replica.get(key) or b"") for key in replica.keys("course:list:*")))
            # It does not hear its master any more.
            replica.replicaof("127.0.0.1", "1")
            _write(running, own_world, "Missed")
            # And what was told there once is told nobody again.
            notes = "SELECT count(*) FROM gateway_change"
            eventually(lambda: own_world.connection.execute(notes).fetchall() == [(0,)])
            os.kill(int(master.info("server")["process_id"]), signal.SIGKILL)
            eventually(lambda: replica.info("replication")["role"] == "master")
            assert _title(kept(running, "lea", QUERY)) == "Missed"
            _write(running, own_world, "After")
            assert _title(running.data("lea", QUERY)) == "After"
            own_world.connection.execute("UPDATE course SET title = 'Long after'")
            eventually(lambda: _title(kept(running, "lea", QUERY)) == "Long after")
            # It is the promoted one that keeps them.
            assert replica.keys("course:list:*")


def test_a_master_that_was_a_replica_for_a_moment_begins_anew(own_world: World, tokens: dict[str, str]) -> None:
    """Its run id is the same, and what it has is its master's, who had not heard of the last change."""
    with ExitStack() as stack:
        at_once = "repl-diskless-sync-delay 0"
        port = stack.enter_context(_server(at_once))
        master = stack.enter_context(redis.Redis(port=port))
        lagging = stack.enter_context(_server(f"replicaof 127.0.0.1 {port}", at_once))
        replica = stack.enter_context(redis.Redis(port=lagging))
        eventually(lambda: replica.info("replication")["master_link_status"] == "up")
        url = SecretStr(f"redis://127.0.0.1:{port}")
        running = stack.enter_context(running_gateway(own_world.database_url, tokens, redis_url=url))
        _write(running, own_world, "Before")
        assert _title(kept(running, "lea", QUERY)) == "Before"
        eventually(lambda: any(b"Before" in (replica.get(key) or b"") for key in replica.keys("course:list:*")))
        replica.replicaof("NO", "ONE")
        own_world.connection.execute("UPDATE course SET title = 'Missed'")
        eventually(lambda: _title(kept(running, "lea", QUERY)) == "Missed")
        # The last lease that it has heard of.
        eventually(lambda: not replica.keys("computor:lease:*"))
        master.replicaof("127.0.0.1", str(lagging))
        eventually(lambda: master.info("replication").get("master_link_status") == "up")
        master.replicaof("NO", "ONE")
        # Until then everything is a miss, and written over.
        eventually(lambda: bool(master.keys("computor:lease:*")))
        time.sleep(OUTLASTED)
        assert _title(running.data("lea", QUERY)) == "Missed"
        assert _title(kept(running, "lea", QUERY)) == "Missed"


def test_writers_see_their_writes_while_sentinels_have_another_take_over(
    own_world: World, tokens: dict[str, str]
) -> None:
    with _watched() as (_, replica, sentinel):
        url = SecretStr(f"redis+sentinel://127.0.0.1:{_port(sentinel)}/ours")
        with running_gateway(own_world.database_url, tokens, redis_url=url) as running:
            kept(running, "lea", QUERY)
            assert "OK" in _told(sentinel, "SENTINEL", "FAILOVER", "ours")
            is_over = False
            for number in itertools.count():
                _write(running, own_world, f"Written {number}")
                assert _title(running.data("lea", QUERY)) == f"Written {number}"
                if is_over:
                    break
                is_over = replica.info("replication")["role"] == "master"
            assert _title(kept(running, "lea", QUERY)) == f"Written {number}"


@pytest.mark.parametrize("url", ["redis+cluster://127.0.0.1:1", "redis+sentinel://127.0.0.1:1/ours"])
def test_without_any_that_knows_redis_answers_are_the_same(own_world: World, tokens: dict[str, str], url: str) -> None:
    settings: dict[str, Any] = {"redis_url": SecretStr(url), "persisted_query_seconds": 100}
    with running_gateway(own_world.database_url, tokens, **settings) as running:
        assert len(running.data("lea", QUERY)["courses"]["nodes"]) == 1
        assert _persisted(running, {}) == "PERSISTED_QUERY_NOT_FOUND"
        ready = running.client.get(f"{running.url}/health/ready")
        assert (ready.status_code, ready.json()["redis"]) == (200, "unavailable")


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://127.0.0.1:1",
        "redis+cluster://",
        "redis+cluster://one:1,,two:2",
        "redis+cluster://one:port",
        "redis+cluster://one:99999",
        "redis+cluster://[::1",
        "redis://one:port",
        "http://one",
    ],
)
def test_what_is_no_address_of_redis_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(GatewayError, match="REDIS_URL"):
        client_of(url, 1)


def test_the_command_line_says_what_is_kept_and_clears_it(
    own_world: World, tokens: dict[str, str], redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    url = own_world.database_url
    assert "in use: no" in computor(url, "cache", "stats").stdout
    with running_gateway(url, tokens, redis_url=SecretStr(redis_url)) as running:
        kept(running, "lea", QUERY)
        said = computor(url, "cache", "stats").stdout.splitlines()
        assert "in use: yes" in said
        assert "answers: 1" in said
        assert "  course list: 1" in said
        assert _persisted(running, {"query": QUERY}) is None
        assert computor(url, "cache", "clear").stdout == "Removed 1 answers.\n"
        assert "answers: 0" in computor(url, "cache", "stats").stdout
        # Queries are no answers: another process finds them all the same.
        with running_gateway(url, tokens, redis_url=SecretStr(redis_url)) as other:
            assert _persisted(other, {}) is None
        kept(running, "lea", QUERY)
    monkeypatch.setenv("REDIS_URL", "")
    assert "REDIS_URL" in computor(url, "cache", "stats").stderr
