"""Real PostgreSQL and Redis for every test that asks, and databases to use up.

A world of users and courses, and the gateway over it, are fixtures of their own: tests/support/fixtures.py. So is a
database of Computor's own: tests/support/computor_database.py.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from backend import embedded
from tests.support.data_directory import new_data_directory
from tests.support.database import drop, new_database, sibling
from tests.support.lacking import lacking

if TYPE_CHECKING:
    from collections.abc import Iterator


pytest_plugins = [
    "tests.support.fixtures",
    "tests.support.computor_database",
    "tests.support.rest",
    "tests.support.cached_answers",
]


@pytest.fixture(scope="session")
def services() -> Iterator[embedded.Services]:
    """PostgreSQL and Redis of this test process.

    Each takes the first directory that no other process has. What a killed run left there, the next one ends; and the
    cluster needs no making again.
    """
    directory = Path(tempfile.gettempdir()) / f"computor-tests-{os.geteuid()}"
    with ExitStack() as stack:
        for number in itertools.count():
            try:
                found = stack.enter_context(embedded.services(directory / str(number), durable=False))
            except embedded.DataDirectoryInUseError:
                continue
            break
        yield found


@pytest.fixture(scope="session")
def postgres_url(services: embedded.Services) -> str:
    """The maintenance database, as superuser. No test's tables belong there: `empty_database` is for them."""
    url = sibling(services.database_url, "postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        left = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'").fetchall()
    for (name,) in left:
        drop(url, name)
    return url


@pytest.fixture
def empty_database(postgres_url: str) -> Iterator[str]:
    """URL of a new database without any table; dropped afterwards, connections and all."""
    with new_database(postgres_url, "template0") as url:
        yield url


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> Iterator[str]:
    """Name of a database with all tables and no row, to clone. Nobody may be connected to it meanwhile."""
    from backend.migration import upgrade  # noqa: PLC0415 - most unit tests get by without a database

    with new_database(postgres_url, "template0") as url:
        upgrade(url)
        yield urlsplit(url).path.removeprefix("/")


@pytest.fixture
def migrated_database(postgres_url: str, migrated_template: str) -> Iterator[str]:
    """URL of a new database with all tables and no row; dropped afterwards."""
    with new_database(postgres_url, migrated_template) as url:
        yield url


@pytest.fixture
def redis_url(services: embedded.Services) -> str:
    """URL of an empty Redis."""
    if services.redis_url is None:
        lacking("REDIS", "There is neither Valkey nor Redis on this machine.")
    with redis.Redis.from_url(services.redis_url) as connection:
        connection.flushall()
    return services.redis_url


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory to be made, under a short path, and forgotten with all that belongs to it."""
    with new_data_directory() as directory:
        yield directory
