"""Figures over lists: which columns they are of, what they come to in SQL, and how they go into JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Float, Integer, Text, cast, func

from backend.interface.entity import Entity, Field, Kind

if TYPE_CHECKING:
    from backend.plan.source import Source

Figure = Callable[["Source"], ColumnElement[Any]]

_NUMERIC = (Kind.INT, Kind.BIGINT, Kind.FLOAT)
_ORDERED = (*_NUMERIC, Kind.DATETIME)
# By function: the kinds that it takes, and the kind that it gives where that is not the same.
FUNCTIONS: Mapping[str, tuple[tuple[Kind, ...], Mapping[Kind, Kind]]] = {
    "min": (_ORDERED, {}),
    "max": (_ORDERED, {}),
    "avg": (_NUMERIC, {Kind.INT: Kind.FLOAT, Kind.BIGINT: Kind.FLOAT}),
    "sum": (_NUMERIC, {Kind.INT: Kind.BIGINT}),
}


def aggregated_fields(entity: Entity, function: str) -> dict[str, Kind]:
    """The fields that the function takes, with the kinds that it gives."""
    takes, gives = FUNCTIONS[function]
    return {
        field.name: gives.get(field.kind, field.kind)
        for field in entity.fields.values()
        if field.in_sql and field.kind in takes
    }


def count(_: Source) -> ColumnElement[Any]:
    """How many rows."""
    return cast(func.count(), Integer)


def aggregate(function: str, field: Field, kind: Kind) -> Figure:
    """The function over the field, as it goes into JSON."""

    def build(source: Source) -> ColumnElement[Any]:
        value = source[field.attribute]
        figure = getattr(func, function)(value)
        if kind is Kind.BIGINT:
            return cast(figure, Text)
        return cast(figure, Float) if kind is Kind.FLOAT else figure

    return build
