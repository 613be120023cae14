"""Databases to use up, and statements as other programs send them."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit
from uuid import uuid4

import psycopg
from psycopg import pq, sql

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def new_database(postgres_url: str, template: str) -> Iterator[str]:
    """URL of a database of that template, dropped when the block ends, connections and all.

    Nobody may be connected to the template meanwhile.
    """
    name = f"test_{uuid4().hex}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    yield sibling(postgres_url, name)
    drop(postgres_url, name)


def drop(postgres_url: str, name: str) -> None:
    """Drop a database, connections and all."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def sibling(url: str, database: str) -> str:
    """URL of another database of the same server."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


@contextmanager
def detour(database_url: str) -> Iterator[tuple[Path, Path, str]]:
    """The socket of the database's server, another that is to be made in front of it, and the URL that leads there."""
    parts = urlsplit(database_url)
    (directory,) = parse_qs(parts.query)["host"]
    name = f".s.PGSQL.{parts.port or 5432}"
    with TemporaryDirectory(prefix="pg-") as own:
        yield Path(directory, name), Path(own, name), parts._replace(query=f"host={quote(own, safe='')}").geturl()


def can_connect(database_url: str) -> bool:
    """Whether its server takes a connection now."""
    try:
        psycopg.connect(database_url).close()
    except psycopg.OperationalError:
        return False
    return True


def run(database_url: str, *statements: str) -> list[tuple[object, ...]]:
    """Run statements in a transaction; gives the rows of the last."""
    with psycopg.connect(database_url) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        # Rows may have no columns.
        result = cursor.pgresult
        return cursor.fetchall() if result is not None and result.status == pq.ExecStatus.TUPLES_OK else []
