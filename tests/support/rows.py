"""Rows of a database, as they are."""

from __future__ import annotations

import psycopg


def rows(database_url: str, statement: str) -> list[tuple[object, ...]]:
    """What a statement finds."""
    with psycopg.connect(database_url) as connection:
        return connection.execute(statement.encode()).fetchall()
