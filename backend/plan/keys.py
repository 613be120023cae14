"""Keys of rows, of one part or of several, as conditions that bind them as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ARRAY, ColumnElement, any_, bindparam, cast, func, select, tuple_

from backend.plan.value import array_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.interface.entity import Entity
    from backend.plan.source import Source

KEYS = "keys"
Key = tuple[str, ...]


def is_among(entity: Entity, source: Source) -> ColumnElement[bool]:
    """That a row's key is among those that `bound_keys` binds."""
    columns = [source.raw[part] for part in entity.key]
    arrays = [bindparam(f"{KEYS}_{part}", type_=ARRAY(column.type)) for part, column in enumerate(columns)]
    if len(columns) == 1:
        return columns[0] == any_(arrays[0])
    given = func.unnest(*(cast(array, array.type) for array in arrays)).table_valued(*entity.key).render_derived()
    return tuple_(*columns).in_(select(*(given.c[part] for part in entity.key)))


def bound_keys(entity: Entity, keys: Sequence[Key]) -> dict[str, object]:
    """What `is_among` needs."""
    return {f"{KEYS}_{part}": values for part, values in enumerate(array_parts(keys, len(entity.key)))}
