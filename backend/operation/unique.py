"""Unique keys of a table, as its inputs name them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, UniqueConstraint, inspect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Table

    from backend.interface.entity import Entity


@dataclass(frozen=True)
class UniqueKey:
    """The attributes of a unique key, and whether it holds for all rows and for the attributes as they are."""

    fields: tuple[str, ...]
    is_plain: bool


@cache
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
            found[str(index.name)] = (index.columns or index.expressions, is_plain)
    found[f"{table.name}_pkey"] = (table.primary_key.columns, True)
    return {
        name: UniqueKey(tuple(named for part in parts for named in _named(entity, part)), is_plain)
        for name, (parts, is_plain) in sorted(found.items())
    }


def _named(entity: Entity, part: Any) -> Sequence[str]:
    return [attribute_of(entity, part.name)] if isinstance(part, Column) else named_attributes(entity, str(part))


def named_attributes(entity: Entity, text: str) -> list[str]:
    """The attributes whose columns a piece of SQL names, in its order."""
    names = {column.name for column in inspect(entity.model).columns}
    return [attribute_of(entity, word) for word in re.findall(r"\w+", text) if word in names]


def attribute_of(entity: Entity, column: str) -> str:
    """The attribute of a column of the table."""
    mapper = inspect(entity.model)
    return str(mapper.get_property_by_column(mapper.local_table.c[column]).key)
