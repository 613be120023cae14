"""Rows into a database, by COPY."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from psycopg import sql

from backend.seed.tables import NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Connection

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_rows(connection: Connection[Any], rows: Sequence[NamedTuple]) -> None:
    """Write rows of one table, in their order.

    One text for all of them: with `write_row`, in text or binary, it takes longer (docs of the figures: measure.md).
    """
    if not rows:
        return
    columns = rows[0]._fields
    created_at = columns.index("created_at")
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(NAMES[type(rows[0])]), sql.SQL(", ").join(map(sql.Identifier, (*columns, "updated_at")))
    )
    lines = ["\t".join(map(_field, (*row, row[created_at]))) for row in rows]
    lines.append("")
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write("\n".join(lines))


def _field(value: object) -> str:
    match value:
        case None:
            return "\\N"
        case str():
            return value.translate(_ESCAPES)
        case datetime():
            return value.isoformat()
        case dict():
            return orjson.dumps(value).decode().translate(_ESCAPES)
        case _:
            return str(value)
