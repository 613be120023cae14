"""What the revisions make, on the server that it is compared with.

They run in a schema of their own, which is rolled back: nothing to keep in step with them by hand, one way in which
definitions are written, and no right needed but to create in the database.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from alembic import command
from backend.migration.catalogue import Catalogue, read
from backend.migration.environment import FIRST_REVISION, config_of
from backend.migration.triggers import make_triggers
from backend.revision import VERSION_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

_SCHEMA = "gateway_expectation"


class Expectation(NamedTuple):
    """What Computor's own backend has, and what the newest revision has."""

    of_computor: Catalogue
    newest: Catalogue


def expectation(connection: Connection) -> Expectation:
    """Run the revisions aside and read what they make. Needs the right to create schemas in the database."""
    with _aside(connection):
        command.upgrade(config_of(connection), FIRST_REVISION)
        of_computor = read(connection)
        command.upgrade(config_of(connection), "head")
        make_triggers(connection)
        return Expectation(of_computor, read(connection))


@contextmanager
def _aside(connection: Connection) -> Iterator[None]:
    savepoint = connection.begin_nested()
    try:
        connection.execute(text(f"CREATE SCHEMA {_SCHEMA}"))
        # Extensions are where they were.
        connection.execute(
            text("SELECT set_config('search_path', :schema || ', ' || current_setting('search_path'), true)"),
            {"schema": _SCHEMA},
        )
        # Else the database's own would be found.
        connection.execute(text(f"CREATE TABLE {VERSION_TABLE} (version_num varchar(32) PRIMARY KEY)"))
        yield
    finally:
        savepoint.rollback()
