"""Servers under measurement, each a process of its own, and what they and PostgreSQL use of the processor."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
import redis
from client import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_HERE = Path(__file__).resolve().parent
_BIN = Path(sys.executable).parent
# The gateway's, which sends head and body in one piece.
_OURS = "backend.process.protocol:PatientProtocol"
_SECONDS_TO_START = 60


class Server:
    """A server that answers on `port`."""

    def __init__(self, process: psutil.Process, port: int) -> None:
        self.port = port
        self._process = process

    @property
    def pid(self) -> int:
        """Its process, or that which looks after the others."""
        return int(self._process.pid)

    def used(self) -> float:
        """Seconds of processor time that it has used so far: in nanoseconds where Linux tells, else in ticks."""
        try:
            threads = list(Path(f"/proc/{self._process.pid}/task").iterdir())
            return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
        except (OSError, IndexError):
            pass
        times = self._process.cpu_times()
        return float(times.user + times.system)


class Postgres:
    """The PostgreSQL behind a database."""

    def __init__(self, database_url: str) -> None:
        with psycopg.connect(database_url) as connection:
            self._postmaster = psutil.Process(connection.info.backend_pid).parent()

    def used(self) -> float:
        """Seconds of processor time that its processes have used so far, those that ended included."""
        if self._postmaster is None:
            return 0.0
        times = self._postmaster.cpu_times()
        used = times.user + times.system + times.children_user + times.children_system
        for child in self._postmaster.children():
            try:
                of_child = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            used += of_child.user + of_child.system
        return float(used)


class Redis:
    """The Redis at an address."""

    def __init__(self, url: str) -> None:
        with redis.Redis.from_url(url) as client:
            self._process = psutil.Process(client.info("server")["process_id"])

    def used(self) -> float:
        """Seconds of processor time that it has used so far."""
        times = self._process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def running_gateway(
    database_url: str, options: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """The gateway as `computor serve` starts it, until the block ends; as its peers it logs no requests."""
    # Nor does anybody who measures how fast it answers keep to what users may cost in a minute.
    fast = {"LOG_REQUESTS": "false", "SLOW_SECONDS": "0", "COST_PER_MINUTE": "0"}
    with _running([str(_BIN / "computor"), "serve", *options], database_url, {**fast, **(environment or {})}) as server:
        yield server


@contextmanager
def running_starlette(database_url: str, answer: Path | None = None) -> Iterator[Server]:
    """A bare route on the gateway's server, until the block ends; it gives the bytes of the file, if one is named."""
    environment = {} if answer is None else {"ANSWER_FILE": str(answer)}
    with _running(_served("starlette_served:app", _OURS), database_url, environment) as server:
        yield server


@contextmanager
def running_usual_way(database_url: str) -> Iterator[Server]:
    """The peer, on uvicorn as it comes, until the block ends."""
    with _running(_served("usual_way:app", "httptools"), database_url) as server:
        yield server


@contextmanager
def running_floor(database_url: str) -> Iterator[Server]:
    """The floor behind HTTP, on the gateway's server, until the block ends."""
    with _running(_served("floor_served:app", _OURS), database_url) as server:
        yield server


def _served(app: str, protocol: str) -> list[str]:
    options = ["--no-access-log", "--loop", "uvloop", "--http", protocol, "--log-level", "warning"]
    return [str(_BIN / "uvicorn"), app, "--app-dir", str(_HERE), *options]


@contextmanager
def _running(command: list[str], database_url: str, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    port = _free_port()
    process = psutil.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        env={**os.environ, "DATABASE_URL": database_url, **(environment or {})},
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_listens(process, port)
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_until_it_listens(process: psutil.Popen, port: int) -> None:
    until = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < until:
        if process.poll() is not None:
            raise BenchmarkError(f"{process.args[0]} ended with code {process.returncode}.")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise BenchmarkError(f"{process.args[0]} does not listen after {_SECONDS_TO_START} s.")
