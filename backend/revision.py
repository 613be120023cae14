"""Whether a database has the newest schema, in one query and without loading what migrates."""

from __future__ import annotations

from pathlib import Path

import psycopg

_VERSIONS = Path(__file__).resolve().parents[1] / "alembic" / "versions"


def needs_upgrade(database_url: str) -> bool:
    """Whether `backend.migration.upgrade` has something to do. Raises psycopg.OperationalError without a database."""
    with psycopg.connect(database_url) as connection:
        if connection.execute("SELECT to_regclass('gateway_alembic_version')").fetchone() == (None,):
            return True
        return connection.execute("SELECT version_num FROM gateway_alembic_version").fetchall() != [(newest(),)]


def newest() -> str:
    """The newest revision: each is named after its file, and the names begin with a number that counts up."""
    return max(path.stem for path in _VERSIONS.glob("[0-9]*.py"))
