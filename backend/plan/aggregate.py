"""Figures over lists: which columns they are of, what they come to in SQL, and how they go into JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Float, Integer, Text, case, cast, func, literal_column
from sqlalchemy import true as sql_true

from backend.interface.entity import Entity, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMERIC = (Kind.INT, Kind.BIGINT, Kind.FLOAT)
_ADDING = ("avg", "sum")
# PostgreSQL adds squares up for an average, too.
_LARGEST: ColumnElement[float] = literal_column("1e140::float8")
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


@dataclass(frozen=True)
class Figure:
    """A function over an attribute, which gives values of a kind."""

    function: str
    attribute: str
    kind: Kind

    def of(self, columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[Any]:
        """The figure over rows that have these columns, as it goes into JSON."""
        if self == COUNT:
            return cast(func.count(), Integer)
        column = columns[self.attribute]
        figure: ColumnElement[Any] = getattr(func, self.function)(column)
        if self.kind is Kind.BIGINT:
            return cast(figure, Text)
        if self.kind is not Kind.FLOAT:
            return figure
        if self.function in _ADDING and isinstance(column.type, Float):
            # An overflow would fail the whole statement, so what is too large is never added.
            adds = func.abs(column) <= _LARGEST
            added = getattr(func, self.function)(column).filter(adds)
            figure = case((func.bool_and(func.coalesce(adds, sql_true())), added), else_=None)
        return cast(figure, Float)


COUNT = Figure("count", "", Kind.INT)
