"""A Redis that tests may hurt."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import redis

from backend.embedded.redis import find_program
from tests.support.lacking import lacking
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator


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
        if program is None:
            lacking("REDIS", "There is neither Valkey nor Redis on this machine.")
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
        """It answers nothing while the block runs, unless it is resumed before."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            self.resume()

    def resume(self) -> None:
        """It answers again, first what it was asked meanwhile."""
        assert self._process is not None
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
