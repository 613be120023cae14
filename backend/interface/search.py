"""Conditions that many search functions add."""

import re
from collections.abc import Iterable
from typing import Any

from pydantic import Field
from sqlalchemy import Select, cast, func
from sqlalchemy.orm import InstrumentedAttribute

from backend.interface.base import EntityInterface, ListQuery
from backend.interface.rules import DottedPath
from backend.model import Base
from backend.model.base import Ltree


class TreeQuery(ListQuery):
    """Search in a tree of paths."""

    path: DottedPath | None = Field(None, description="Path, exactly.")
    descendants: DottedPath | None = Field(None, description="Strictly below this path.")
    ascendants: DottedPath | None = Field(None, description="Strictly above this path.")
    nlevel: int | None = Field(None, description="With so many labels.")


def equalities(statement: Select[Any], model: type[Base], query: ListQuery, attributes: Iterable[str]) -> Select[Any]:
    """Rows whose attributes equal what the query gives under the same names."""
    for attribute in attributes:
        value = getattr(query, attribute)
        if value is not None:
            statement = statement.where(getattr(model, attribute) == value)
    return statement


def search(interface: type[EntityInterface], statement: Select[Any], query: ListQuery) -> Select[Any]:
    """Rows that agree with the query, as the interface says; where it does not, by equality."""
    if interface.search is not None:
        return interface.search(statement, query)
    return equalities(statement, interface.model, query, equal_attributes(interface))


def equal_attributes(interface: type[EntityInterface]) -> list[str]:
    """The parameters of the query that the rows are to equal, where no function says what they mean."""
    if interface.search is not None or interface.query is None:
        return []
    return [name for name in interface.query.model_fields if name not in interface.modifiers]


def escaped(text: str) -> str:
    """The text as a part of a LIKE pattern that stands for itself."""
    return re.sub(r"([%_\\])", r"\\\1", text)


def along_tree(statement: Select[Any], path: InstrumentedAttribute[str], query: TreeQuery) -> Select[Any]:
    """Rows whose path lies where the query says."""
    if query.path is not None:
        statement = statement.where(path == query.path)
    if query.descendants is not None:
        above = cast(query.descendants, Ltree)
        statement = statement.where(path.op("<@")(above), path != above)
    if query.ascendants is not None:
        below = cast(query.ascendants, Ltree)
        statement = statement.where(path.op("@>")(below), path != below)
    if query.nlevel is not None:
        statement = statement.where(func.nlevel(path) == query.nlevel)
    return statement
