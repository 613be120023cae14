"""What Alembic works with here: connections, the version table, and how models and databases are compared."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.operations.ops import CreateTableOp, ExecuteSQLOp
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, NullPool, Text, create_engine, text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.exc import DBAPIError

from alembic import context
from backend.model import Base
from backend.model.base import Ltree
from backend.revision import VERSION_TABLE, ensure_known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.operations.ops import MigrationScript
    from sqlalchemy import Connection
    from sqlalchemy.sql.schema import SchemaItem

_SCRIPTS = Path(__file__).resolve().parents[2] / "alembic"
FIRST_REVISION = "0001_s25_schema"
"""What makes the schema of Computor's own backend, in its generation of September 2025 (S25)."""
_ADVISORY_LOCK = 0x67617465

# Computor's own version table, where changes are noted and who reads that, and what nobody may know.
_WITHOUT_A_MODEL = frozenset(("alembic_version", "gateway_change", "gateway_reader", "gateway_secret"))

# What reflection does not know by itself.
ischema_names.setdefault("ltree", Ltree)
ischema_names.setdefault("xid8", Text)


def scripts() -> ScriptDirectory:
    """The revisions."""
    return ScriptDirectory(str(_SCRIPTS))


def head() -> str:
    """The newest revision."""
    return str(scripts().get_current_head())


def current_revision(connection: Connection) -> str | None:
    """The last revision that was run. Raises NewerDatabaseError where it is of newer code."""
    revision = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
    if revision is not None:
        ensure_known(revision)
    return revision


def differences(database_url: str) -> list[str]:
    """What would have to change for the database to agree with the models, one sentence each."""
    with connect(database_url) as connection:
        options = {"version_table": VERSION_TABLE, "include_object": _is_ours, "compare_server_default": True}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)
        return [str(difference) for difference in found]


@contextmanager
def connect(database_url: str) -> Iterator[Connection]:
    """A connection in a transaction that no other migration shares; committed unless there is an exception.

    What the server refuses is raised as psycopg's error, as elsewhere.
    """
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database_url), poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            yield connection
    except DBAPIError as error:
        if error.orig is None:
            raise
        raise error.orig from error


def configure(connection: Connection | None) -> None:
    """Tell Alembic's environment what to migrate, and how to compare. Without a connection, statements are printed."""
    context.configure(
        connection,
        dialect_name="postgresql",
        # Of printed statements: a percent sign is one.
        dialect_opts={"paramstyle": "named"},
        literal_binds=connection is None,
        target_metadata=Base.metadata,
        version_table=VERSION_TABLE,
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


def config_of(connection: Connection | None, output: TextIO | None = None) -> Config:
    """How Alembic's commands find the revisions and, unless they print to `output`, the database."""
    config = Config(output_buffer=output)
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _is_ours(_: SchemaItem, name: str | None, kind: str, __: bool, ___: SchemaItem | None) -> bool:  # noqa: FBT001 - Alembic's signature
    return not (kind == "table" and name in _WITHOUT_A_MODEL)
