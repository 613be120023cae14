"""What the caller holds, in SQL: sets of keys that are filled in for each caller (`backend.access.policy.Values`)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, BindParameter, ColumnElement, any_, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import UUID

from backend.access.policy import Values, user

PRINCIPAL_BIND = "principal__"


def is_held(column: ColumnElement[Any], values: Values) -> ColumnElement[bool]:
    """That the column is one of the keys that the caller holds; the keys are filled in for each caller."""
    return column == any_(held_keys(column, values))


def caller() -> ColumnElement[Any]:
    """The key of the user who asks."""
    keys: BindParameter[Any] = bindparam(PRINCIPAL_BIND + user().name, type_=ARRAY(UUID))
    return select(func.unnest(cast(keys, ARRAY(UUID)), type_=UUID).label("key")).scalar_subquery()


def held_keys(column: ColumnElement[Any], values: Values) -> BindParameter[Any]:
    """The keys that the caller holds, as an array of the column's type."""
    return bindparam(PRINCIPAL_BIND + values.name, type_=ARRAY(column.type))
