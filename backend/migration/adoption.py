"""A database that Computor's own migrations made: whether the gateway can work with it.

Their version table is theirs: it is neither read nor written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from backend.errors import GatewayError
from backend.migration.catalogue import read
from backend.migration.comparison import Difference, compare
from backend.migration.environment import FIRST_REVISION, current_revision, scripts
from backend.migration.expectation import expectation

if TYPE_CHECKING:
    from sqlalchemy import Connection

# What the gateway reads and writes by name. Other keys, indexes and rules may be otherwise: `db check` tells of them.
_NEEDED = frozenset(
    ("table", "column", "nullability", "primary key", "unique key", "function", "enum", "sequence", "trigger", "row")
)


class NotAdoptableError(GatewayError):
    """The database is neither empty nor one that the gateway can work with; the text says why, line by line."""


def is_of_computor(connection: Connection) -> bool:
    """Whether there are tables with the names of Computor's that no revision of the gateway made."""
    if current_revision(connection) is not None:
        return False
    first = scripts().get_revision(FIRST_REVISION)
    found = connection.execute(
        text("SELECT count(*) FROM unnest(CAST(:names AS text[])) AS name WHERE to_regclass(name) IS NOT NULL"),
        {"names": [f'"{table}"' for table in first.module.TABLES]},
    )
    return bool(found.scalar_one())


def ensure_adoptable(connection: Connection) -> None:
    """Raise NotAdoptableError if something is missing, or is so that the gateway cannot work with it."""
    actual, expected = read(connection), expectation(connection).of_computor
    obstacles = [difference for difference in compare(actual, expected) if _is_obstacle(difference)]
    if obstacles:
        lines = "\n".join(f"  {obstacle}" for obstacle in obstacles)
        raise NotAdoptableError(
            "This database is not one of Computor's as of September 2025, with which the gateway works."
            f" Nothing was changed.\n{lines}"
        )


def _is_obstacle(difference: Difference) -> bool:
    if not difference.is_ours:
        return False
    if difference.part.kind in {"default", "unique index"}:
        # One default may stand for another; without any, a value that nobody writes would be missing.
        return difference.actual is None
    return difference.part.kind in _NEEDED
