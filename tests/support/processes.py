"""Gateways as processes of their own, which can be stopped and ended without those that test them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from tests.support.gateway import RunningGateway

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COMPUTOR = Path(sys.executable).with_name("computor")


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
    process = subprocess.Popen(
        [_COMPUTOR, "serve", "--port", "0"],
        env={**os.environ, **given},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"(http://\S+)/graphql", line):
                break
        else:
            raise RuntimeError("the gateway did not start")
        with httpx.Client(timeout=60) as client:
            running = GatewayProcess(found[1], database_url, tokens, None, client)  # type: ignore[arg-type]
            object.__setattr__(running, "process", process)
            yield running
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
