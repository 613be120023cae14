"""Commands as an operator gives them, and statements as other programs send them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import LiteralString

import psycopg

_COMPUTOR = Path(sys.executable).with_name("computor")


def computor(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the database."""
    return subprocess.run(
        [_COMPUTOR, *arguments],
        env={**os.environ, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )


def run(database_url: str, *statements: LiteralString) -> list[tuple[object, ...]]:
    """Run statements; gives the rows of the last."""
    with psycopg.connect(database_url) as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []
