"""Rows as they are going to be, as SQL: grants and checks look at them before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Computed, Integer, Text, bindparam, cast, column, func, inspect, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB

from backend.access.columns import PolicyRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Column, ColumnElement, FromClause, Subquery

    from backend.interface.entity import Entity
    from backend.operation.input import Values
    from backend.plan.source import Source

ROWS = "rows"
ORDINAL = "ordinal"


def columns_of(entity: Entity) -> Mapping[str, Column[Any]]:
    """The columns that can be written, by attribute."""
    return {
        attribute: column
        for attribute, column in inspect(entity.model).columns.items()
        if not isinstance(column.server_default, Computed)
    }


def as_json(entity: Entity, rows: Sequence[Values]) -> list[dict[str, Any]]:
    """Rows by the names of their columns."""
    names = {attribute: str(column.name) for attribute, column in columns_of(entity).items()}
    return [{names[attribute]: value for attribute, value in row.items() if attribute in names} for row in rows]


def rows_to_create(entity: Entity) -> Subquery:
    """The rows bound as `ROWS` (a JSON array), numbered from 0, with what the server derives and by default."""
    table = entity.model.__table__
    given = func.jsonb_populate_recordset(_no_row(entity), _bound()).table_valued(
        *(column(each.name, each.type) for each in table.c), with_ordinality="ordinality", name="given"
    )
    row = PolicyRow(entity.model, given)
    derived = entity.interface.derived
    values = []
    for attribute, own in columns_of(entity).items():
        value: ColumnElement[Any] = given.c[own.name]
        if attribute in derived:
            value = func.coalesce(value, derived[attribute](row), type_=own.type)
        default: Any = getattr(own.server_default, "arg", None)
        if default is not None and attribute not in entity.key:
            value = func.coalesce(value, default, type_=own.type)
        values.append(value.label(str(own.key)))
    numbered = cast(given.c.ordinality - 1, Integer).label(ORDINAL)
    return select(numbered, *values).subquery("candidate")


def row_to_update(source: Source, keyed: ColumnElement[bool]) -> Subquery:
    """The row of the source that the condition finds, with the changes bound as `ROWS` (a JSON object)."""
    table = source.model.__table__
    changed = func.jsonb_populate_record(source.table.table_valued(), _bound()).table_valued(
        *(column(each.name, each.type) for each in table.c), name="changed"
    )
    values = [changed.c[each.name].label(str(each.key)) for each in table.c]
    number = literal_column("0", Integer).label(ORDINAL)
    return select(number, *values).select_from(source.table, changed).where(keyed).subquery("candidate")


def rows_gone(entity: Entity) -> FromClause:
    """The rows bound as `ROWS` (a JSON array), as they were."""
    return func.jsonb_populate_recordset(_no_row(entity), _bound()).table_valued(
        *(column(each.name, each.type) for each in entity.model.__table__.c), name="gone"
    )


def changes(entity: Entity) -> FromClause:
    """One row with the changes bound as `ROWS` (a JSON object); what is absent is NULL in it."""
    table = entity.model.__table__
    return func.jsonb_populate_record(_no_row(entity), _bound()).table_valued(
        *(column(each.name, each.type) for each in table.c), name="changed"
    )


def _bound() -> ColumnElement[Any]:
    return cast(bindparam(ROWS, type_=Text), JSONB)


def _no_row(entity: Entity) -> ColumnElement[Any]:
    return literal_column(f'NULL::"{entity.model.__tablename__}"')
