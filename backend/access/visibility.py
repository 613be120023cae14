"""Grants become SQL: which rows a viewer sees, and which of their columns. The forms: docs/permissions.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, ColumnElement, FromClause, and_, any_, bindparam, case, exists, func, inspect, or_, select
from sqlalchemy import true as sql_true

from backend.access.policy import ADMIN_ONLY, Grant, Policies, Policy, Values, claimed

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapper, RelationshipProperty

    from backend.access.principal import Viewer
    from backend.model import Base

# Up to about so many rows a statement is driven from the principal's own keys; beyond, the rows are walked in their
# order and tested against a hash table. Measured: docs/benchmark.md.
FEW_ROWS = 5000
PRINCIPAL_BIND = "principal__"


class Access(Enum):
    """How a statement reaches the rows of a table."""

    KEYED = "by key or by parent: few rows, each tested by itself"
    SCAN = "without keys: the principal's keys lead to the rows, or all rows are tested against them"


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


class Statistics:
    """About how many rows each table holds, as the planner knows it."""

    def __init__(self, rows: Mapping[str, int]) -> None:
        self._rows = rows

    def rows(self, table: str) -> int:
        """At least 1; a table that was never analyzed counts as small."""
        return max(1, self._rows.get(table, 1))

    def digest(self) -> int:
        """Changes when a table has grown or shrunk so far that another form may be the better one."""
        return hash(frozenset((table, rows.bit_length()) for table, rows in self._rows.items()))


class Visibility:
    """What one kind of viewer sees of each table.

    Every use of a table in a statement goes through `rows` for its rows and `column` for its columns.
    """

    def __init__(self, policies: Policies, viewer: Viewer, statistics: Statistics) -> None:
        self._policies = policies
        self.viewer = viewer
        self._statistics = statistics

    def rows(self, model: type[Base], source: FromClause, access: Access) -> ColumnElement[bool] | None:
        """The condition on the rows of `source`; None where all may be seen."""
        grants = self._grants(model)
        if grants is None:
            return None
        return self._any(model, source, grants, access)

    def column(self, model: type[Base], source: FromClause, attribute: str, access: Access) -> ColumnElement[Any]:
        """The column, or, where not every grant opens it, NULL for the rows that only the others let pass."""
        column = Columns(model, source)[attribute]
        grants = self._grants(model)
        if grants is None:
            return column
        opening = [grant for grant in grants if attribute not in grant.hides]
        if len(opening) == len(grants):
            return column
        return case((self._any(model, source, opening, access), column), else_=None)

    def is_masked(self, model: type[Base], attribute: str) -> bool:
        """Whether the viewer may meet rows of which this column is hidden."""
        return any(attribute in grant.hides for grant in self._grants(model) or ())

    def _grants(self, model: type[Base]) -> list[Grant] | None:
        """The grants that can hold for the viewer at all; None where none is needed."""
        table = model.__tablename__
        if self.viewer.may_read_all(table):
            return None
        if not self.viewer.in_scope(table):
            return []
        policy: Policy = self._policies.get(model, ADMIN_ONLY)
        rows: Grant = Grant("id", claimed(table, "get"))
        grants = (*policy.read, rows) if "id" in inspect(model).columns else policy.read
        return [grant for grant in grants if grant.values is None or self.viewer.size(grant.values.name)]

    def _any(self, model: type[Base], source: FromClause, grants: list[Grant], access: Access) -> ColumnElement[bool]:
        driven = access is Access.SCAN and self._estimate(model, grants) <= FEW_ROWS
        conditions = [self._grant(model, source, grant, access, driven=driven) for grant in grants]
        return or_(*conditions) if conditions else ~sql_true()

    def _estimate(self, model: type[Base], grants: list[Grant]) -> float:
        """About how many rows the grants let pass together."""
        rows = self._statistics.rows(model.__tablename__)
        shares = (
            min(1.0, self.viewer.size(grant.values.name) / self._statistics.rows(grant.values.universe))
            if grant.values and grant.path
            else 1.0
            for grant in grants
        )
        return rows * min(1.0, sum(shares))

    def _grant(
        self, model: type[Base], source: FromClause, grant: Grant, access: Access, *, driven: bool
    ) -> ColumnElement[bool]:
        conditions: list[ColumnElement[bool]] = []
        if grant.path and grant.values:
            *hops, last = grant.path.split(".")
            if hops:
                conditions.append(self._hops(model, source, hops, last, grant.values, access, driven=driven))
            else:
                conditions.append(_held(Columns(model, source)[last], grant.values))
        if grant.where is not None:
            conditions.append(grant.where(Columns(model, source)))
        return and_(*conditions) if conditions else sql_true()

    def _hops(
        self,
        model: type[Base],
        source: FromClause,
        hops: list[str],
        last: str,
        values: Values,
        access: Access,
        *,
        driven: bool,
    ) -> ColumnElement[bool]:
        first = relationship_of(model, hops[0])
        local, remote = key_pair(first)
        target: type[Base] = first.mapper.class_
        start = target.__table__.alias()
        joined: FromClause = start
        here: FromClause = start
        for hop in hops[1:]:
            relationship = relationship_of(target, hop)
            near, far = key_pair(relationship)
            target = relationship.mapper.class_
            step = target.__table__.alias()
            joined = joined.join(step, here.c[near] == step.c[far])
            here = step
        holds = _held(Columns(target, here)[last], values)
        if access is Access.KEYED:
            return exists().select_from(joined).where(start.c[remote] == source.c[local], holds)
        reachable = select(start.c[remote]).select_from(joined).where(holds)
        if driven:
            return source.c[local] == any_(func.array(reachable.scalar_subquery(), type_=ARRAY(source.c[local].type)))
        # IS TRUE keeps the planner from making a join of it, whose generic plan can be a thousand times slower.
        return source.c[local].in_(reachable).is_(sql_true())


def relationship_of(model: type[Base], name: str) -> RelationshipProperty[Any]:
    """The relationship of that name; KeyError where the model has none."""
    return inspect(model).relationships[name]


def key_pair(relationship: RelationshipProperty[Any]) -> tuple[str, str]:
    """The names of the one column on each side that the relationship joins."""
    ((local, remote),) = relationship.local_remote_pairs
    return str(local.key), str(remote.key)


def _held(column: ColumnElement[Any], values: Values) -> ColumnElement[bool]:
    return column == any_(bindparam(PRINCIPAL_BIND + values.name, type_=ARRAY(column.type)))
