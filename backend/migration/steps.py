"""Upgrade, downgrade and check a database.

A database URL is what libpq takes: `postgresql://user@host/name`, `postgresql:///name?host=/directory/of/a/socket`, or
a string of `key=value` pairs.
"""

from __future__ import annotations

from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING

from sqlalchemy import text

from alembic import command
from backend.migration.adoption import ensure_adoptable, is_of_computor
from backend.migration.environment import FIRST_REVISION, config_of, connect, current_revision, head
from backend.migration.rule import add_where_kept
from backend.migration.rules import not_in_force
from backend.migration.triggers import (
    all_statements,
    drop_triggers,
    make_triggers,
    missing_statements,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import psycopg
    from sqlalchemy import Connection


def upgrade(database_url: str, revision: str = "head") -> list[str]:
    """Run all revisions up to `revision`, in one transaction; several processes may call it at once.

    Adopts a database that Computor's own migrations made, or raises NotAdoptableError. Gives a sentence for each rule
    that was left off because rows break it; a later upgrade tries again.
    """
    with connect(database_url) as connection, _warnings(connection) as warnings:
        if revision == "head" and current_revision(connection) == head():
            for rule in not_in_force(connection):
                connection.execute(text(add_where_kept(rule)))
        else:
            if is_of_computor(connection):
                ensure_adoptable(connection)
                command.stamp(config_of(connection), FIRST_REVISION)
            command.upgrade(config_of(connection), revision)
        if current_revision(connection) == head():
            make_triggers(connection)
    return warnings


def upgrade_statements(database_url: str) -> str:
    """What `upgrade` would run, as SQL for psql. Raises NotAdoptableError like it."""
    output = StringIO()
    offline = config_of(None, output)
    with connect(database_url) as connection:
        start = current_revision(connection)
        if start == head():
            rules = [add_where_kept(rule) for rule in not_in_force(connection)]
            return _printed([*rules, *missing_statements(connection)])
        triggers = _printed(all_statements(connection))
        if is_of_computor(connection):
            ensure_adoptable(connection)
            start = FIRST_REVISION
            command.stamp(offline, start, sql=True)
    command.upgrade(offline, f"{start or 'base'}:head", sql=True)
    # Alembic's own statements end with a COMMIT.
    return f"{output.getvalue()}BEGIN;\n{triggers}COMMIT;\n"


def _printed(statements: Iterable[str]) -> str:
    return "".join(f"{statement.strip()};\n" for statement in statements)


def downgrade(database_url: str, revision: str) -> None:
    """Undo all revisions after `revision`, in one transaction; "base" undoes all."""
    with connect(database_url) as connection:
        drop_triggers(connection)
        command.downgrade(config_of(connection), revision)


@contextmanager
def _warnings(connection: Connection) -> Iterator[list[str]]:
    """Fills with what the server warns of meanwhile."""
    found: list[str] = []

    def add(notice: psycopg.errors.Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            found.append(notice.message_primary or "")

    driver: psycopg.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    driver.add_notice_handler(add)
    try:
        yield found
    finally:
        driver.remove_notice_handler(add)
