"""Whether a database has the newest schema, without loading what migrates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from psycopg import AsyncConnection

VERSION_TABLE = "gateway_alembic_version"
_VERSIONS = Path(__file__).resolve().parents[1] / "alembic" / "versions"
_IS_THERE = f"SELECT to_regclass('{VERSION_TABLE}') IS NOT NULL"
_FOUND = f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608 - of a constant


def needs_upgrade(database_url: str) -> bool:
    """Whether `backend.migration.upgrade` has something to do. Raises psycopg.OperationalError without a database."""
    with psycopg.connect(database_url) as connection:
        is_there = connection.execute(_IS_THERE).fetchone() == (True,)
        return not is_there or connection.execute(_FOUND).fetchall() != [(newest(),)]


async def is_newest(connection: AsyncConnection[Any]) -> bool:
    """The same of a connection: whether there is nothing to do."""
    is_there = await (await connection.execute(_IS_THERE)).fetchone() == (True,)
    return is_there and await (await connection.execute(_FOUND)).fetchall() == [(newest(),)]


def newest() -> str:
    """The newest revision: each is named after its file, and the names begin with a number that counts up."""
    return max(path.stem for path in _VERSIONS.glob("[0-9]*.py"))
