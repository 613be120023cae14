"""Commands as an operator gives them, and gateways as processes of their own, which can be stopped and ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from tests.support.gateway import RunningGateway

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COMPUTOR = Path(sys.executable).with_name("computor")


def computor(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the database."""
    return subprocess.run(
        [COMPUTOR, *arguments],
        env={**os.environ, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )


@dataclass(frozen=True)
class Serving:
    """A server that has said where it is; `log` is its standard error, as a file."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    def workers(self) -> list[psutil.Process]:
        """The processes that answer."""
        return [
            each for each in psutil.Process(self.process.pid).children() if "spawn_main" in " ".join(each.cmdline())
        ]


@contextmanager
def serving(log: Path, environment: Mapping[str, str], *options: str) -> Iterator[Serving]:
    """A server on a free port, ended by SIGTERM when the block ends."""
    with log.open("w") as error:
        process = subprocess.Popen(
            [COMPUTOR, "serve", "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=error,
            text=True,
            env={**os.environ, **environment},
        )
        try:
            yield Serving(process, _announced(process, log), log)
        finally:
            process.terminate()
            process.communicate(timeout=40)


def _announced(process: subprocess.Popen[str], log: Path) -> str:
    for line in process.stdout or ():
        if found := re.search(r"http://127\.0\.0\.1:\d+/graphql", line):
            return found.group()
    pytest.fail(log.read_text())


@dataclass(frozen=True)
class GatewayProcess(RunningGateway):
    """A gateway that answers, in a process of its own."""

    process: subprocess.Popen[str]

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It does nothing while the block runs."""
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)


@contextmanager
def gateway_process(
    database_url: str, tokens: Mapping[str, str], redis_url: str | None, **environment: str
) -> Iterator[GatewayProcess]:
    """Serves on a free port until the block ends."""
    given = {"DATABASE_URL": database_url, "REDIS_URL": redis_url or "", "COST_PER_MINUTE": "0", **environment}
    with serving(Path(os.devnull), given) as served, httpx.Client(timeout=60) as client:
        url = served.url.removesuffix("/graphql")
        yield GatewayProcess(url, database_url, tokens, client, served.process)
