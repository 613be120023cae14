"""`computor serve` as a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COMPUTOR = Path(sys.executable).with_name("computor")


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
            [_COMPUTOR, "serve", "--port", "0", *options],
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
