"""The columns of a table in a statement, by their names in the model; for policies across relations, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, inspect, select

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapper, RelationshipProperty

    from backend.model import Base


class Columns(Mapping[str, ColumnElement[Any]]):
    """The columns of one occurrence of a table in a statement, by their names in the model."""

    def __init__(self, model: type[Base], source: FromClause) -> None:
        self.mapper: Mapper[Any] = inspect(model)
        self.source = source

    def __getitem__(self, attribute: str) -> ColumnElement[Any]:
        """The column of the attribute; KeyError where the model has none."""
        return self.source.c[self.mapper.columns[attribute].key]

    def __iter__(self) -> Iterator[str]:
        """The names of the attributes."""
        return iter(self.mapper.columns.keys())

    def __len__(self) -> int:
        """How many columns there are."""
        return len(self.mapper.columns)


class PolicyRow(Columns):
    """What a policy's condition on a row may look at: its columns and, across dots, those of relations to one.

    Nobody is asked whether they may see these, for it is the policy that says so.
    """

    def __getitem__(self, attribute: str) -> ColumnElement[Any]:
        """The column; KeyError where there is none."""
        relation, dot, rest = attribute.partition(".")
        if not dot:
            return super().__getitem__(attribute)
        relationship = relationship_of(self.mapper.class_, relation)
        local, remote = key_pair(relationship)
        model = relationship.mapper.class_
        table = model.__table__.alias()
        found = select(PolicyRow(model, table)[rest]).where(table.c[remote] == self.source.c[local])
        return found.correlate_except(table).scalar_subquery()


def relationship_of(model: type[Base], name: str) -> RelationshipProperty[Any]:
    """The relationship of that name; KeyError where the model has none."""
    return inspect(model).relationships[name]


def key_pair(relationship: RelationshipProperty[Any]) -> tuple[str, str]:
    """The names of the one column on each side that the relationship joins."""
    ((local, remote),) = relationship.local_remote_pairs
    return str(local.key), str(remote.key)
