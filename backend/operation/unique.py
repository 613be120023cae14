"""Unique keys of a table, as its inputs name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import UniqueConstraint, inspect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Table

    from backend.interface.entity import Entity


@dataclass(frozen=True)
class UniqueKey:
    """The attributes of a unique key, and whether it holds for all rows and for the attributes as they are."""

    fields: tuple[str, ...]
    is_plain: bool


def unique_keys(entity: Entity) -> Mapping[str, UniqueKey]:
    """The unique keys of the table by the names of their constraints or indexes, the primary one too."""
    table: Table = entity.model.__table__  # type: ignore[assignment]  # a mapped class has a table
    found: dict[str, tuple[Any, bool]] = {
        str(constraint.name): (constraint.columns, True)
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    }
    for index in table.indexes:
        if index.unique:
            is_plain = index.dialect_options["postgresql"]["where"] is None and len(index.columns) > 0
            found[str(index.name)] = (index.columns, is_plain)
    found[f"{table.name}_pkey"] = (table.primary_key.columns, True)
    return {
        name: UniqueKey(tuple(attribute_of(entity, column.name) for column in columns), is_plain)
        for name, (columns, is_plain) in sorted(found.items())
    }


def attribute_of(entity: Entity, column: str) -> str:
    """The attribute of a column of the table."""
    mapper = inspect(entity.model)
    return str(mapper.get_property_by_column(mapper.local_table.c[column]).key)
