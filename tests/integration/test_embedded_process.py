"""What becomes of embedded servers when the process that started them ends, in any way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from backend import embedded
from backend.embedded.place import everyone_may_pass
from tests.support.data_directory import cluster
from tests.support.database import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_AS_ROOT = os.geteuid() == 0
_PROJECT = Path(__file__).parents[2]
_PACKAGES = Path(psutil.__file__).parents[1]
_NOBODY = 65534

# Starts, says so, and waits to be ended.
_PROGRAM = """
import sys, time
from pathlib import Path
from backend import embedded

print("imported", flush=True)
try:
    with embedded.services(Path(sys.argv[1])):
        print("up", flush=True)
        time.sleep(120)
except embedded.DataDirectoryError as error:
    sys.exit(str(error))
"""


@dataclass
class Started:
    """A process that runs embedded servers."""

    process: subprocess.Popen[str]
    data_dir: Path
    servers: list[psutil.Process]

    def wait_for(self, line: str) -> None:
        """Read what it prints until this line comes."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"{line}\n", self.errors()

    def errors(self) -> str:
        """All that it says on stderr until it ends."""
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def services(self) -> embedded.Services:
        """Where its servers are."""
        return embedded.Services(**json.loads((self.data_dir / "services.json").read_text()))

    def is_up(self) -> bool:
        """Whether it runs, and its PostgreSQL answers."""
        return self.process.poll() is None and run(self.services().database_url, "SELECT 1") == [(1,)]

    def stop(self, number: int) -> int:
        """Send a signal; gives the exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def start() -> Iterator[Callable[..., Started]]:
    """Starts a process that runs the servers of a data directory, and returns once they are up."""
    all_started: list[Started] = []

    def start_one(
        data_dir: Path, *, wait: bool = True, python: str = sys.executable, user: int | None = None
    ) -> Started:
        process = subprocess.Popen(
            [python, "-c", _PROGRAM, data_dir],
            cwd=_PROJECT,
            env={"PYTHONPATH": f"{_PROJECT}:{_PACKAGES}", "PYTHONDONTWRITEBYTECODE": "1"},
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started = Started(process, data_dir, [])
        all_started.append(started)
        started.wait_for("imported")
        if wait:
            started.wait_for("up")
            started.servers = psutil.Process(process.pid).children()
        return started

    yield start_one
    for started in all_started:
        if started.process.poll() is None:
            started.stop(signal.SIGTERM)
        for server in started.servers:
            with suppress(psutil.NoSuchProcess):
                server.kill()
        started.process.communicate()


def test_second_server_on_one_data_directory_says_who_has_it(start: Callable[..., Started], data_dir: Path) -> None:
    first = start(data_dir)
    second = start(data_dir, wait=False)
    assert second.process.wait(10) == 1
    assert f"in use by process {first.process.pid}" in second.errors()
    assert first.is_up()


def test_command_finds_the_services_of_a_running_server(start: Callable[..., Started], data_dir: Path) -> None:
    first = start(data_dir)
    with embedded.services_or_running(data_dir) as services:
        assert services == first.services()
    assert first.is_up()


def test_start_after_a_kill_recovers(start: Callable[..., Started], data_dir: Path) -> None:
    first = start(data_dir)
    run(first.services().database_url, "CREATE TABLE kept AS SELECT 7 AS value")
    first.process.kill()
    first.process.wait()
    left = first.servers
    assert left
    assert _alive(left) == left

    second = start(data_dir)
    assert not _alive(left)
    assert run(second.services().database_url, "SELECT value FROM kept") == [(7,)]


def test_start_after_everything_was_killed_recovers(start: Callable[..., Started], data_dir: Path) -> None:
    first = start(data_dir)
    run(first.services().database_url, "CREATE TABLE kept AS SELECT 7 AS value")
    first.process.kill()
    for server in first.servers:
        server.kill()
    first.process.wait()
    assert run(start(data_dir).services().database_url, "SELECT value FROM kept") == [(7,)]


def test_start_ends_no_process_that_has_the_dead_servers_number(start: Callable[..., Started], data_dir: Path) -> None:
    first = start(data_dir)
    (lock_file,) = cluster(data_dir).glob("postmaster.pid")
    content = lock_file.read_text()
    first.stop(signal.SIGTERM)
    with subprocess.Popen(["sleep", "60"]) as innocent:
        try:
            lock_file.write_text(content.replace(content.split("\n", 1)[0], str(innocent.pid), 1))
            assert start(data_dir).is_up()
            assert innocent.poll() is None
        finally:
            innocent.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_stops_redis_then_postgres(start: Callable[..., Started], data_dir: Path, number: int) -> None:
    started = start(data_dir)
    has_redis = started.services().redis_url is not None
    assert started.stop(number) != 0
    assert not _alive(started.servers)
    # Each log's last change is its server's end.
    redis_log, postgres_log = data_dir / "redis.log", data_dir / "postgres.log"
    assert "database system is shut down" in postgres_log.read_text()
    if has_redis:
        assert redis_log.stat().st_mtime_ns < postgres_log.stat().st_mtime_ns


def test_second_signal_leaves_no_server(start: Callable[..., Started], data_dir: Path) -> None:
    started = start(data_dir)
    started.process.send_signal(signal.SIGTERM)
    started.process.send_signal(signal.SIGINT)
    started.process.send_signal(signal.SIGTERM)
    started.process.wait(20)
    assert not _alive(started.servers)


# The first start makes a cluster and takes longer, a second one is quick: signals fall into every step of both.
@pytest.mark.parametrize("after", [0.02, 0.3, 0.8])
@pytest.mark.parametrize("warm", [False, True], ids=["first", "second"])
def test_signal_while_starting_leaves_no_server(
    start: Callable[..., Started], data_dir: Path, after: float, *, warm: bool
) -> None:
    if warm:
        start(data_dir).stop(signal.SIGTERM)
    started = start(data_dir, wait=False)
    time.sleep(after / 8 if warm else after)
    started.process.send_signal(signal.SIGTERM)
    started.process.wait(20)
    assert not _processes_of(data_dir)
    with embedded.services(data_dir, durable=False) as services:
        assert run(services.database_url, "SELECT 1") == [(1,)]


@pytest.mark.skipif(not _AS_ROOT, reason="Only root may become another user.")
def test_ordinary_user_needs_nothing_of_root(start: Callable[..., Started]) -> None:
    python = _python_of_everyone()
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, _NOBODY, _NOBODY)
        started = start(Path(home) / "data", python=python, user=_NOBODY)
        assert {server.uids().real for server in started.servers} == {_NOBODY}
        assert run(started.services().database_url, "SELECT 1") == [(1,)]
        started.stop(signal.SIGTERM)
        assert not _alive(started.servers)


def _python_of_everyone() -> str:
    """A Python that every user may run, packages and all."""
    if not everyone_may_pass(_PROJECT) or not everyone_may_pass(_PACKAGES):
        pytest.skip("Other users cannot reach this environment.")
    if everyone_may_pass(Path(sys.base_prefix)):
        return sys.executable
    if shutil.which("/usr/bin/python3") is None:
        pytest.skip("Other users cannot reach this Python.")
    return "/usr/bin/python3"


def _alive(servers: list[psutil.Process]) -> list[psutil.Process]:
    """Those that run, without those whose end nobody has taken note of."""
    return [server for server in servers if server.is_running() and server.status() != psutil.STATUS_ZOMBIE]


def _processes_of(data_dir: Path) -> list[psutil.Process]:
    """Whatever runs with a path of the data directory's in its arguments."""
    home = (data_dir / "home").read_text() if (data_dir / "home").exists() else str(data_dir)
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if any(path in argument for argument in process.cmdline() for path in (home, str(data_dir))):
                found.append(process)
    return found
