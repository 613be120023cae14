"""How large the tables are: it decides which form of a statement is the better one (docs/permissions.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import AsyncConnection

_READ = """
SELECT relname, reltuples::bigint FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
"""


class Statistics:
    """About how many rows each table holds, as the planner knows it."""

    def __init__(self, rows: Mapping[str, int]) -> None:
        self._rows = rows

    def rows(self, table: str) -> int:
        """At least 1; a table that was never analyzed counts as small."""
        return max(1, self._rows.get(table, 1))

    def digest(self) -> int:
        """Changes when a table has grown or shrunk so far that another form may be the better one."""
        return hash(frozenset((table, rows.bit_length()) for table, rows in self._rows.items()))


async def read_statistics(connection: AsyncConnection[Any]) -> Statistics:
    """The statistics as they are now."""
    found = await connection.execute(_READ)
    return Statistics({str(table): int(rows) for table, rows in await found.fetchall()})
