"""What an answer rests on and what a change takes away, derived from the policies alone. Rules: docs/caching.md.

A reader who sees a row through a grant does so for a key that they hold, which the grant's path leads to. So a change
concerns whoever holds a key that the paths from the changed row lead to, and whoever sees rows without any path.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, inspect
from sqlalchemy.sql import visitors

from backend.access.columns import Columns, key_pair, relationship_of
from backend.access.policy import Action, claimed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement

    from backend.access.policy import Condition, Grant, Policies, Values
    from backend.access.principal import Principal
    from backend.model import Base

ANY = "any"
"""The scope that every change of a table touches."""
UNSCOPED = "unscoped"
"""The scope that only those changes touch of which nobody knows whom they concern."""
STAMPS_KEPT = 64


@dataclass(frozen=True, order=True)
class Scope:
    """A key that readers hold, such as that of a course; `universe` is the table that it belongs to."""

    universe: str
    key: str

    def __str__(self) -> str:
        return f"{self.universe}:{self.key}"


@dataclass(frozen=True, order=True)
class Stamp:
    """What entries rest on and changes delete: a scope of a table, as text."""

    table: str
    scope: str

    def __str__(self) -> str:
        return f"{self.table}/{self.scope}"


ALL_CLAIMS = Stamp("claims", ANY)
"""What every principal rests on, besides their own `claims_of`."""


def claims_of(user_id: str) -> Stamp:
    """What a principal rests on: changes of what the user holds, whatever it is, delete it."""
    return Stamp("claims", f"user:{user_id}")


@dataclass(frozen=True, order=True)
class Hop:
    """From rows to those of another table whose `remote` column equals their `local` one; names are the database's."""

    local: str
    table: str
    remote: str


@dataclass(frozen=True, order=True)
class ScopePath:
    """The way from a row over `hops` to a column that holds keys of `universe`."""

    hops: tuple[Hop, ...]
    column: str
    universe: str

    @property
    def start(self) -> str:
        """The column of the row that the way begins with."""
        return self.hops[0].local if self.hops else self.column

    def __str__(self) -> str:
        steps = [f"{hop.local} → {hop.table}.{hop.remote}" for hop in self.hops]
        return ", ".join([*steps, self.column])


class Scopes:
    """What the policies come to, read once."""

    def __init__(self, policies: Policies) -> None:
        self._paths: defaultdict[str, set[ScopePath]] = defaultdict(set)
        self._held: defaultdict[str, set[Values]] = defaultdict(set)
        self._open: defaultdict[str, set[Values | None]] = defaultdict(set)
        self._conditions: defaultdict[str, list[Condition]] = defaultdict(list)
        self._tables = {model.__tablename__ for model in policies}
        for model, policy in policies.items():
            for grant in policy.grants(Action.READ):
                self._take(model, grant)

    def bumped_paths(self, table: str) -> tuple[ScopePath, ...]:
        """The ways from a row of the table to the keys for which somebody may see it, or rows beyond it."""
        return tuple(sorted(self._paths[table]))

    def open_conditions(self, table: str) -> tuple[Condition, ...]:
        """Conditions on the columns of a row under which everyone sees it: changes of such a row are unscoped."""
        return tuple(self._conditions[table])

    def is_open(self, table: str) -> bool:
        """Whether there is somebody besides admins and holders of claims who sees rows without a path to them."""
        return bool(self._open[table])

    def rests_on(self, tables: Iterable[str], principal: Principal, limit: int = STAMPS_KEPT) -> frozenset[Stamp]:
        """The stamps of an answer that was read from these tables, `limit` at most.

        Where there would be more, some tables' `ANY` stands in, of those with the most stamps first.
        """
        by_table = {table: self._rests_on(table, principal) for table in tables}
        total = sum(map(len, by_table.values()))
        for table in sorted(by_table, key=lambda name: (-len(by_table[name]), name)):
            if total <= limit:
                break
            total -= len(by_table[table]) - 1
            by_table[table] = frozenset({Stamp(table, ANY)})
        return frozenset[Stamp]().union(*by_table.values())

    def _rests_on(self, table: str, principal: Principal) -> frozenset[Stamp]:
        if self._sees_unscoped(table, principal):
            return frozenset({Stamp(table, ANY)})
        held = (
            Stamp(table, str(Scope(values.universe, key)))
            for values in self._held[table]
            for key in principal.values.get(values.name, ())
        )
        return frozenset({Stamp(table, UNSCOPED), *held})

    def _sees_unscoped(self, table: str, principal: Principal) -> bool:
        """Whether the principal may meet rows of the table that no path of theirs leads from."""
        viewer = principal.viewer
        if table not in self._tables or viewer.may_all(table, Action.READ):
            return True
        if principal.values.get(claimed(table, Action.READ.claims[0]).name):
            return True
        return any(values is None or principal.values.get(values.name) for values in self._open[table])

    def _take(self, model: type[Base], grant: Grant) -> None:
        table = model.__tablename__
        if grant.path and grant.values:
            hops, column = _steps(model, grant.path)
            for index in range(len(hops) + 1):
                here = hops[index - 1].table if index else table
                self._paths[here].add(ScopePath(hops[index:], column, grant.values.universe))
                self._held[here].add(grant.values)
        condition = _Recorded.of(model, grant)
        path = tuple(grant.path.split(".")[:-1])
        for crossed in condition.crossed:
            if crossed != path[: len(crossed)]:
                hops, _ = _steps(model, ".".join((*crossed, "")))
                for hop in hops:
                    self._open[hop.table].add(None)
        for read in condition.tables:
            self._open[read].add(None)
        if not (grant.path and grant.values):
            if grant.values is None and grant.where is not None and not condition.crossed and not condition.tables:
                self._conditions[table].append(grant.where)
            else:
                self._open[table].add(grant.values)


def tables_in(statement: visitors.ExternallyTraversible) -> frozenset[str]:
    """The names of all tables that a statement, or a part of one, reads or writes."""
    return frozenset(str(part.name) for part in visitors.iterate(statement) if isinstance(part, Table))


class _Recorded(Columns):
    """A row that notes what a condition on it reads besides its own columns.

    `crossed` are the relations that it goes over, `tables` those of subqueries that it has of its own.
    """

    crossed: set[tuple[str, ...]]
    tables: frozenset[str]

    @classmethod
    def of(cls, model: type[Base], grant: Grant) -> _Recorded:
        row = cls(model, model.__table__)
        row.crossed = set()
        row.tables = frozenset() if grant.where is None else tables_in(grant.where(row))
        return row

    def __getitem__(self, attribute: str) -> ColumnElement[Any]:
        *relations, last = attribute.split(".")
        if not relations:
            return super().__getitem__(attribute)
        self.crossed.add(tuple(relations))
        model = self.mapper.class_
        for relation in relations:
            model = relationship_of(model, relation).mapper.class_
        return Columns(model, model.__table__)[last]


def _steps(model: type[Base], path: str) -> tuple[tuple[Hop, ...], str]:
    """The hops of a path, and the name of the column that it ends in."""
    *relations, last = path.split(".")
    hops = []
    for relation in relations:
        relationship = relationship_of(model, relation)
        local, remote = key_pair(relationship)
        model = relationship.mapper.class_
        hops.append(Hop(local, model.__tablename__, remote))
    return tuple(hops), str(inspect(model).columns[last].name) if last else ""
