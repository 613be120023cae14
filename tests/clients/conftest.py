"""Projects of frontend teams, each with the generator that it is known for, in front of the real gateway."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from backend.access.credentials import create_token
from tests.support import university
from tests.support.gateway import running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.world import World

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_BIN = Path(sys.executable).parent
# Node.js is on the PATH, or came as a wheel.
_PATH = os.pathsep.join([str(HERE / "node_modules" / ".bin"), str(_BIN), os.environ["PATH"]])
PYTHON = _BIN.parent / "clients" / "bin"


def run(directory: Path, *command: object, environment: Mapping[str, str] | None = None) -> str:
    """What a command prints; the test fails where it does, with all that it said."""
    environment = {**os.environ, "PATH": _PATH, "NO_COLOR": "1", **(environment or {})}
    done = subprocess.run(
        list(map(str, command)), cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.fail(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}", pytrace=False)
    return done.stdout


def said(output: str) -> dict[str, Any]:
    """The JSON that a client prints."""
    told: dict[str, Any] = json.loads(output)
    return told


@pytest.fixture(scope="module")
def asked(own_world: World) -> Iterator[dict[str, str]]:
    """The environment of a client: the gateway, a lecturer who may write, and their course of nine members."""
    university.build_university(own_world)
    token = create_token(own_world.database_url, user="lea", name="client", scopes=["*"])
    with running_gateway(own_world.database_url, {}) as gateway:
        yield {
            "GATEWAY_URL": f"{gateway.url}/graphql",
            "GATEWAY_TOKEN": token,
            "COURSE_ID": f"Course:{own_world.id('course', 'algebra')}",
        }
