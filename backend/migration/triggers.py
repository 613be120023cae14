"""The triggers that note changes, in step with the policies of the version that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from backend.access.scope import Scopes
from backend.change.install import INSTALLED, IS_KEPT_RIGHTLY, KEEP_RIGHTLY, SCHEMA, lacking, statements
from backend.change.notes import Notes
from backend.errors import GatewayError
from backend.interface.entity import policies
from backend.interface.registry import INTERFACES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from backend.change.note import Note

_UNMADE = """
SELECT name FROM unnest(CAST(:names AS text[])) AS name
WHERE NOT EXISTS (SELECT FROM pg_class WHERE relname = name AND relnamespace = current_schema()::regnamespace)
ORDER BY name
"""
_DROP = r"""
DO $$
DECLARE
    note regprocedure;
BEGIN
    FOR note IN
        SELECT oid FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'gateway\_note\_%'
    LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', note);
    END LOOP;
END
$$
"""


class NoMigrationError(GatewayError):
    """The models have tables that no revision makes."""

    def __init__(self, tables: Sequence[str]) -> None:
        super().__init__(
            f"No migration makes {'the table' if len(tables) == 1 else 'the tables'} {', '.join(tables)} of the models:"
            ' `alembic revision --autogenerate -m "What it adds" --rev-id NUMBER_NAME` writes one.'
        )


def make_triggers(connection: Connection) -> None:
    """Makes those that are missing or otherwise, on the newest revision's tables."""
    for statement in missing_statements(connection):
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def drop_triggers(connection: Connection) -> None:
    """Drops them all, with their functions: what they note is what the newest revision has."""
    connection.exec_driver_sql(_DROP, execution_options={"no_parameters": True})


def missing_statements(connection: Connection) -> list[str]:
    """What makes those that are missing or otherwise. Raises NoMigrationError where a table is."""
    unmade = connection.execute(text(_UNMADE), {"names": [note.table for note in _noted(connection)]}).scalars().all()
    if unmade:
        raise NoMigrationError(unmade)
    is_kept_rightly = connection.execute(text(IS_KEPT_RIGHTLY)).scalar_one()
    return [*([] if is_kept_rightly else [KEEP_RIGHTLY]), *statements(triggers_lacking(connection))]


def all_statements(connection: Connection) -> list[str]:
    """What makes all of them."""
    return [KEEP_RIGHTLY, *statements(_noted(connection))]


def triggers_lacking(connection: Connection) -> list[Note]:
    """What is not noted as it should be."""
    rows = connection.execute(text(INSTALLED)).all()
    return lacking(_noted(connection), ((table, events, body) for table, events, body in rows))


def _noted(connection: Connection) -> list[Note]:
    return Notes(Scopes(policies(INTERFACES))).noted(str(connection.execute(text(SCHEMA)).scalar_one()))
