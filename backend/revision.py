"""Whether a database has the newest schema, without loading what migrates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from backend.errors import GatewayError

if TYPE_CHECKING:
    from psycopg import AsyncConnection

VERSION_TABLE = "gateway_alembic_version"
_VERSIONS = Path(__file__).resolve().parents[1] / "alembic" / "versions"
_IS_THERE = f"SELECT to_regclass('{VERSION_TABLE}') IS NOT NULL"
_FOUND = f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608 - of a constant


class NewerDatabaseError(GatewayError):
    """The database is at a revision that this code does not have."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database is newer than this code, which does not know its revision {revision}: update the code, or"
            " take another database (--data-dir, or DATABASE_URL)."
        )


def needs_upgrade(database_url: str) -> bool:
    """Whether `backend.migration.upgrade` has something to do.

    Raises psycopg.OperationalError without a database, NewerDatabaseError where that is of newer code.
    """
    with psycopg.connect(database_url) as connection:
        is_there = connection.execute(_IS_THERE).fetchone() == (True,)
        found = [revision for (revision,) in connection.execute(_FOUND)] if is_there else []
    for revision in found:
        ensure_known(revision)
    return found != [newest()]


def ensure_upgraded(database_url: str) -> None:
    """Raise GatewayError where `needs_upgrade`."""
    if needs_upgrade(database_url):
        raise GatewayError("The database does not have the newest schema: run `computor db upgrade`.")


def ensure_known(revision: str) -> None:
    """Raise NewerDatabaseError for a revision that is none of this code's."""
    if revision not in _names():
        raise NewerDatabaseError(revision)


async def is_newest(connection: AsyncConnection[Any]) -> bool:
    """The same of a connection: whether there is nothing to do."""
    is_there = await (await connection.execute(_IS_THERE)).fetchone() == (True,)
    return is_there and await (await connection.execute(_FOUND)).fetchall() == [(newest(),)]


def newest() -> str:
    """The newest revision: each is named after its file, and the names begin with a number that counts up."""
    return max(_names())


def _names() -> set[str]:
    return {path.stem for path in _VERSIONS.glob("[0-9]*.py")}
