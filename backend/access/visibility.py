"""Grants become SQL: which rows a viewer sees, and which of their columns. The forms: docs/permissions.md."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Select,
    and_,
    any_,
    case,
    cast,
    func,
    inspect,
    or_,
    select,
)
from sqlalchemy import true as sql_true

from backend.access.columns import Columns, PolicyRow, key_pair, relationship_of
from backend.access.held import held_keys, is_held
from backend.access.policy import ADMIN_ONLY, Action, Grant, Policies, Values, claimed

if TYPE_CHECKING:
    from backend.access.principal import Viewer
    from backend.access.statistics import Statistics
    from backend.model import Base

# Up to about so many rows, and where all of them are read up to such a share of the table, the principal's own keys
# lead to the rows; beyond, rows are tested against a hash table. Measured: docs/benchmark.md.
FEW_ROWS = 5000
LARGE_SHARE = 0.5


class Access(Enum):
    """How a statement reaches the rows of a table."""

    KEYED = "by key or by parent: few rows, each tested by itself"
    SCAN = "without keys, all rows that pass"
    WALK = "without keys, along an index, until there are enough"


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
        grants = self.grants(model)
        if grants is None:
            return None
        return self._any(model, source, grants, access, driven=self._is_driven(model, grants, access))

    def first(
        self, model: type[Base], source: FromClause, attribute: str, *, descending: bool
    ) -> ColumnElement[bool] | None:
        """That a row does not come before all that may be seen, in the order of a column.

        It hides nothing; a walk along the column's index starts from there, and not from rows of which none may be
        seen. None where that is not worth it, or would take more than a look into an index for each key.
        """
        grants = self.grants(model)
        if not grants or self._is_driven(model, grants, Access.WALK):
            return None
        # Of most rows, some lie near either end.
        if not self._is_driven(model, grants, Access.SCAN):
            return None
        rows = model.__table__.alias()
        edges = [self._edge(model, rows, grant, attribute, descending=descending) for grant in grants]
        found = [edge for edge in edges if edge is not None]
        if len(found) < len(edges):
            return None
        column = Columns(model, source)[attribute]
        # GREATEST and LEAST pass over NULL, which is the edge of no row; if all are, no row passes, as none may.
        return column <= func.greatest(*found) if descending else column >= func.least(*found)

    def column(self, model: type[Base], source: FromClause, attribute: str, access: Access) -> ColumnElement[Any]:
        """The column, or, where not every grant opens it, NULL for the rows that only the others let pass."""
        column = Columns(model, source)[attribute]
        grants = self.grants(model)
        if grants is None:
            return column
        opening = [grant for grant in grants if attribute not in grant.hides]
        if len(opening) == len(grants):
            return column
        # The rows are found already; each is tested for itself, which a hash table does best.
        return case((self._any(model, source, opening, access, driven=False), column), else_=None)

    def is_masked(self, model: type[Base], attribute: str) -> bool:
        """Whether the viewer may meet rows of which this column is hidden."""
        return any(attribute in grant.hides for grant in self.grants(model) or ())

    def grants(self, model: type[Base], action: Action = Action.READ) -> list[Grant] | None:
        """The grants of an action that can hold for the viewer at all; None where none is needed."""
        table = model.__tablename__
        if self.viewer.may_all(table, action):
            return None
        if not self.viewer.in_scope(table, action):
            return []
        declared = self._policies.get(model, ADMIN_ONLY).grants(action)
        rows: Grant = Grant("id", claimed(table, action.claims[0]))
        all_grants = (*declared, rows) if "id" in inspect(model).columns else declared
        return [grant for grant in all_grants if self.may_hold(grant)]

    def may_hold(self, grant: Grant) -> bool:
        """Whether a grant can hold for the viewer at all: for no row does it where they hold none of its keys."""
        return grant.values is None or self.viewer.size(grant.values.name) > 0

    def passes(self, model: type[Base], source: FromClause, grant: Grant) -> ColumnElement[bool]:
        """That a grant holds for a row of `source`, whose columns are those of the model's table."""
        return self._grant(model, source, grant, Access.KEYED, driven=False)

    def _any(
        self, model: type[Base], source: FromClause, grants: list[Grant], access: Access, *, driven: bool
    ) -> ColumnElement[bool]:
        conditions = [self._grant(model, source, grant, access, driven=driven) for grant in grants]
        return or_(*conditions) if conditions else ~sql_true()

    def _is_driven(self, model: type[Base], grants: list[Grant], access: Access) -> bool:
        """Whether the principal's keys lead to the rows."""
        if access is Access.KEYED:
            return False
        share = LARGE_SHARE if access is Access.SCAN else 0
        return self._estimate(model, grants) <= max(FEW_ROWS, share * self._statistics.rows(model.__tablename__))

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
                conditions.append(is_held(Columns(model, source)[last], grant.values))
        if grant.where is not None:
            conditions.append(grant.where(PolicyRow(model, source)))
        if grant.sees:
            conditions.append(self._sees(model, source, grant.sees))
        return and_(*conditions) if conditions else sql_true()

    def _sees(self, model: type[Base], source: FromClause, relation: str) -> ColumnElement[bool]:
        """That the viewer sees what a relation to one leads to."""
        relationship = relationship_of(model, relation)
        local, remote = key_pair(relationship)
        target = relationship.mapper.class_.__table__.alias()
        seen = self.rows(relationship.mapper.class_, target, Access.KEYED)
        found = select(target.c[remote]).where(target.c[remote] == source.c[local], *([] if seen is None else [seen]))
        return found.correlate_except(target).exists()

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
        local, reachable = _reachable(model, hops, last, values)
        if access is Access.KEYED:
            return reachable.where(reachable.selected_columns[0] == source.c[local]).correlate(source).exists()
        if driven:
            return source.c[local] == any_(func.array(reachable.scalar_subquery(), type_=ARRAY(source.c[local].type)))
        # IS TRUE keeps the planner from making a join of it, whose generic plan can be a thousand times slower.
        return source.c[local].in_(reachable).is_(sql_true())

    def _edge(
        self, model: type[Base], rows: FromClause, grant: Grant, attribute: str, *, descending: bool
    ) -> ColumnElement[Any] | None:
        """The last value of the column among the rows that the grant's keys lead to; unless `descending`, the first.

        `rows` is an occurrence of the table; None where no index leads from the keys to the value.
        """
        if not (grant.path and grant.values):
            return None
        *hops, last = grant.path.split(".")
        if hops:
            local, reachable = _reachable(model, hops, last, grant.values)
            keys: FromClause = reachable.subquery()
            key = keys.c[0]
        else:
            held = Columns(model, model.__table__)[last]
            local = str(held.key)
            array = cast(held_keys(held, grant.values), ARRAY(held.type))
            keys = func.unnest(array).table_valued("key").render_derived()
            key = keys.c.key
        if not has_index(model, local, attribute):
            return None
        # Not MAX and MIN: not all types have them.
        value = Columns(model, rows)[attribute].label("value")
        of_key = select(value).where(rows.c[local] == key).order_by(_toward(value, descending)).limit(1).lateral()
        edges = select(of_key.c.value).select_from(keys.join(of_key, sql_true()))
        return edges.order_by(_toward(of_key.c.value, descending)).limit(1).scalar_subquery()


def has_index(model: type[Base], *columns: str) -> bool:
    """Whether an index over all rows begins with these columns."""
    return any(
        [column.name for column in index.columns][: len(columns)] == list(columns)
        for index in model.__table__.indexes  # type: ignore[attr-defined]
        if index.dialect_options["postgresql"]["where"] is None and not index.dialect_options["postgresql"]["using"]
    )


def _reachable(model: type[Base], hops: list[str], last: str, values: Values) -> tuple[str, Select[Any]]:
    """Of the first hop of a path: the column on this side, and the values of it that lead to what is held."""
    local, remote = key_pair(relationship_of(model, hops[0]))
    target: type[Base] = relationship_of(model, hops[0]).mapper.class_
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
    return local, select(start.c[remote]).select_from(joined).where(is_held(Columns(target, here)[last], values))


def _toward(value: ColumnElement[Any], descending: bool) -> ColumnElement[Any]:  # noqa: FBT001 - read as one phrase
    return value.desc() if descending else value.asc()
