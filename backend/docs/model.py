"""docs/model.md: the tables and the keys between them, as diagrams in Mermaid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.dialects import postgresql

from backend.interface.areas import areas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, ForeignKeyConstraint, Table
    from sqlalchemy.types import TypeEngine

    from backend.interface.entity import Catalog

_AUDIT = ("version", "created_at", "updated_at", "created_by", "updated_by")
_HEAD = f"""# Which tables are there?

`computor docs` writes this page from `backend/model/`; a test fails when it is out of date.

Names are those of the database. The gateway says `submissionGroup` where a column or table begins with
`course_submission_group`; else GraphQL has the same names in camel case. `PK`, `FK` and `UK` are primary, foreign and
unique keys; several columns of a table that are unique together are marked nowhere. A box without columns is a table of
another diagram.

Left out everywhere, as far as a table has them: {", ".join(f"`{name}`" for name in _AUDIT)}.
The database keeps these audit columns; the two last lead to `user`.
"""
_SHORT = {
    "timestamp with time zone": "timestamptz",
    "double precision": "double",
}


def model_page(catalog: Catalog) -> str:
    """The page, with a line end at its end."""
    sections = (
        f"\n## {title}\n\n```mermaid\n{_diagram([_table(entity.model) for entity in entities])}\n```\n"
        for title, entities in areas(catalog)
    )
    return _HEAD + "".join(sections)


def _table(model: object) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined] # of each model
    return table


def _diagram(tables: list[Table]) -> str:
    lines = ["erDiagram"]
    for table in tables:
        lines += [f"  {table.name} {{", *(f"    {_column(table, column)}" for column in _columns(table)), "  }"]
    for table in tables:
        lines += [f"  {line}" for line in _keys(table)]
    return "\n".join(lines)


def _columns(table: Table) -> Iterator[Column[object]]:
    """Keys first, then in the order of the table."""
    shown = [column for column in table.columns if column.name not in _AUDIT]
    return iter(sorted(shown, key=lambda column: not column.primary_key))


def _column(table: Table, column: Column[object]) -> str:
    marks = [
        mark
        for mark, holds in (
            ("PK", column.primary_key),
            ("FK", bool(column.foreign_keys)),
            ("UK", _is_unique(table, column) and not column.primary_key),
        )
        if holds
    ]
    said = ' "may be null"' if column.nullable else ""
    return f"{_type(column.type)} {column.name}{' ' if marks else ''}{', '.join(marks)}{said}"


def _type(sql_type: TypeEngine[object]) -> str:
    """The type in SQL, in one word that Mermaid reads."""
    text = sql_type.compile(postgresql.dialect()).lower()  # type: ignore[no-untyped-call] # untyped in SQLAlchemy
    text = _SHORT.get(text.partition(" collate")[0], text.partition(" collate")[0])
    return text.replace(" ", "_")


def _keys(table: Table) -> Iterator[str]:
    # Keys of several columns repeat one of a single column, and hold it to the same course.
    single = [key for key in table.foreign_key_constraints if len(key.columns) == 1]
    for key in sorted(single, key=lambda key: list(table.columns).index(_only(key))):
        column = _only(key)
        if column.name in _AUDIT:
            continue
        one = "|o" if column.nullable else "||"
        many = "o|" if _is_unique(table, column) else "o{"
        yield f"{key.referred_table.name} {one}--{many} {table.name} : {column.name}"


def _only(key: ForeignKeyConstraint) -> Column[object]:
    (column,) = key.columns
    return column


def _is_unique(table: Table, column: Column[object]) -> bool:
    """Whether no two rows share a value of the column."""
    keys = [
        list(constraint.columns)
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint | PrimaryKeyConstraint)
    ]
    keys += [list(index.columns) for index in table.indexes if index.unique]
    return [column] in keys
