"""Bring a database to the schema of the models, and say whether it has it.

A database URL is what libpq takes: `postgresql://user@host/name`, `postgresql:///name?host=/directory/of/a/socket`, or
a string of `key=value` pairs.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.operations.ops import CreateTableOp, ExecuteSQLOp
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, NullPool, create_engine, text
from sqlalchemy.dialects.postgresql.base import ischema_names

from alembic import command, context
from backend.model import Base
from backend.model.base import Ltree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.operations.ops import MigrationScript
    from sqlalchemy import Connection
    from sqlalchemy.sql.schema import SchemaItem

_SCRIPTS = Path(__file__).resolve().parents[1] / "alembic"
# Computor's own backend keeps its revision in alembic_version, and may live in the same database.
_VERSION_TABLE = "gateway_alembic_version"
_ADVISORY_LOCK = 0x67617465

# Reflection knows no ltree by itself.
ischema_names.setdefault("ltree", Ltree)


def upgrade(database_url: str, revision: str = "head") -> None:
    """Run all revisions up to `revision`, in one transaction; several processes may call it at once."""
    with connect(database_url) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(database_url: str, revision: str) -> None:
    """Undo all revisions after `revision`, in one transaction; "base" undoes all."""
    with connect(database_url) as connection:
        command.downgrade(_config(connection), revision)


def is_current(database_url: str) -> bool:
    """Whether the newest revision has been run."""
    with connect(database_url) as connection:
        return current_revision(connection) == ScriptDirectory(str(_SCRIPTS)).get_current_head()


def current_revision(connection: Connection) -> str | None:
    """The last revision that was run."""
    return MigrationContext.configure(connection, opts={"version_table": _VERSION_TABLE}).get_current_revision()


def differences(database_url: str) -> list[str]:
    """What would have to change for the database to agree with the models, one sentence each."""
    with connect(database_url) as connection:
        options = {"version_table": _VERSION_TABLE, "include_object": _is_ours, "compare_server_default": True}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)
        return [str(difference) for difference in found]


@contextmanager
def connect(database_url: str) -> Iterator[Connection]:
    """A connection in a transaction that no other migration shares; committed unless there is an exception."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database_url), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        yield connection


def configure(connection: Connection) -> None:
    """Tell Alembic's environment what to migrate, and how to compare."""
    context.configure(
        connection,
        target_metadata=Base.metadata,
        version_table=_VERSION_TABLE,
        include_object=_is_ours,
        compare_server_default=True,
        process_revision_directives=_add_audit,
    )


def _add_audit(_: object, __: object, directives: list[MigrationScript]) -> None:
    """Has a table that a written revision creates keep its version, times and authors, as all others do."""
    for directive in directives:
        operations = directive.upgrade_ops.ops if directive.upgrade_ops else []
        created = [operation for operation in operations if isinstance(operation, CreateTableOp)]
        for operation in created:
            columns = {column.name for column in operation.columns if isinstance(column, Column)}
            updated = "updatable" if "updated_by" in columns else "written once"
            if "created_by" in columns:
                operations.append(_trigger(operation.table_name, "insert", "insert", updated))
            if "updated_at" in columns:
                versioned = "versioned" if "version" in columns else "unversioned"
                function = "update" if "updated_by" in columns else "update_unauthored"
                operations.append(_trigger(operation.table_name, "update", function, versioned))


def _trigger(table: str, event: str, function: str, argument: str) -> ExecuteSQLOp:
    return ExecuteSQLOp(
        f'CREATE TRIGGER gateway_audit_{event} BEFORE {event.upper()} ON "{table}"'
        f" FOR EACH ROW EXECUTE FUNCTION gateway_audit_{function}('{argument}')"
    )


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _is_ours(_: SchemaItem, name: str | None, kind: str, __: bool, ___: SchemaItem | None) -> bool:  # noqa: FBT001 - Alembic's signature
    return not (kind == "table" and name == "alembic_version")
