"""The large data in a PostgreSQL of the benchmark's own, and tokens of those who ask."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.access.credentials import create_token
from backend.embedded import services
from backend.embedded.postgres import remove_abandoned
from backend.migration import upgrade
from backend.seed import is_empty, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

READERS = ("admin", "lecturer_spread", "lecturer_old", "student")


@dataclass(frozen=True)
class Database:
    """A database with the large data, and a Redis where there is one. `tokens` are by the names of users."""

    url: str
    tokens: Mapping[str, str]
    redis_url: str | None


@contextmanager
def large_database(data_dir: Path) -> Iterator[Database]:
    """Runs PostgreSQL on the data directory until the block ends; what it holds from an earlier run is used again."""
    with services(data_dir) as running:
        url = running.database_url
        upgrade(url)
        if is_empty(url):
            load(url, "large")
        tokens = {user: create_token(url, user=user, name="benchmark") for user in READERS}
        yield Database(url, tokens, running.redis_url)


def remove_data(data_dir: Path) -> None:
    """Removes what an earlier run left, wherever PostgreSQL keeps it."""
    shutil.rmtree(data_dir, ignore_errors=True)
    # Root's clusters lie elsewhere, where the user that PostgreSQL runs as can reach them.
    remove_abandoned(data_dir.resolve())
