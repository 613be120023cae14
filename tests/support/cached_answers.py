"""Gateways with a cache, a Redis that tests may hurt, and what answers say of where they came from."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import redis

from backend.embedded.redis import find_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.gateway import RunningGateway

SECONDS = 20


@dataclass(frozen=True)
class Told:
    """An answer: its data, and by root field whether that was a hit or a miss."""

    data: dict[str, Any]
    cache: dict[str, str]


def told(gateway: RunningGateway, user: str, query: str, **variables: Any) -> Told:
    """The answer, which must be without errors, and what it says of the cache."""
    response = gateway.client.post(
        f"{gateway.url}/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": f"Bearer {gateway.tokens[user]}", "GraphQL-Cache": "report"},
    )
    answer = response.json()
    assert "errors" not in answer, answer["errors"]
    report = answer.get("extensions", {}).get("cache", {})
    return Told(answer["data"], {name: of["status"] for name, of in report.items()})


def kept(gateway: RunningGateway, user: str, query: str, **variables: Any) -> dict[str, Any]:
    """The data, once all of it comes from the cache."""
    found: list[Told] = []

    def all_hit() -> bool:
        found.append(told(gateway, user, query, **variables))
        statuses = found[-1].cache.values()
        return bool(statuses) and set(statuses) == {"hit"}

    eventually(all_hit)
    return found[-1].data


def eventually(holds: Callable[[], bool]) -> None:
    """Returns when it holds; fails where it does not for long."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


class RedisServer:
    """A Redis or Valkey of a test's own, on a socket in a directory of its own."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.directory = directory
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"unix://{quote(str(self.directory / 'redis.sock'))}"

    @property
    def client(self) -> redis.Redis:
        """A client."""
        return redis.Redis.from_url(self.url)

    def start(self) -> None:
        """Starts it, with what was saved in its directory."""
        program = find_program()
        assert program is not None
        given = ["--port", "0", "--unixsocket", str(self.directory / "redis.sock"), "--dir", str(self.directory)]
        given += ["--save", "", "--daemonize", "no", *self._options]
        self._process = subprocess.Popen([str(program), *given], stdout=subprocess.DEVNULL)
        eventually(self._answers)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def kill(self) -> None:
        """Ends it at once; nothing is saved."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It answers nothing while the block runs."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)


@contextmanager
def redis_server(*options: str) -> Iterator[RedisServer]:
    """A Redis that runs until the block ends, with these options of its command line."""
    directory = Path(tempfile.mkdtemp(prefix="redis-"))
    server = RedisServer(directory, *options)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(directory)
