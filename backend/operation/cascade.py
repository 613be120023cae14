"""What goes with a row that is deleted, table by table, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    ForeignKeyConstraint,
    Integer,
    Text,
    and_,
    any_,
    cast,
    delete,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy import true as sql_true
from sqlalchemy.dialects.postgresql import JSONB

from backend.access.columns import key_pair, relationship_of
from backend.access.policy import Action
from backend.access.visibility import Access
from backend.plan.keys import is_among
from backend.plan.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import CTE, ColumnElement, Delete, FromClause, Select

    from backend.interface.entity import Catalog, Entity
    from backend.plan.source import Scope


@dataclass(frozen=True)
class Reference:
    """A foreign key, seen from the entity that has it."""

    child: Entity
    parent: Entity
    columns: tuple[tuple[str, str], ...]
    cascades: bool

    def refers(self, child: FromClause, parents: CTE) -> ColumnElement[bool]:
        """That a row of the child refers to one of the parents."""
        if len(self.columns) == 1:
            ((own, other),) = self.columns
            keys = select(parents.c[other]).scalar_subquery()
            # As an array, so that an index on the key leads to the rows, however many ways there are to them.
            return child.c[own] == any_(func.array(keys, type_=ARRAY(child.c[own].type)))
        pairs = (child.c[own] == parents.c[other] for own, other in self.columns)
        return select(literal_column("1")).select_from(parents).where(*pairs).correlate(child).exists()


@dataclass(frozen=True)
class Cascade:
    """What deleting rows of an entity reaches.

    `order` has the entities whose rows go, the deleted one first and each behind what it refers to; `blocking` are the
    references that would keep a row from going.
    """

    order: tuple[Entity, ...]
    going: tuple[Reference, ...]
    blocking: tuple[Reference, ...]


def cascade_of(catalog: Catalog, entity: Entity) -> Cascade:
    """What deleting rows of the entity reaches, by the actions of the foreign keys."""
    references = list(_references(catalog))
    reached = {entity.name}
    while True:
        further = {ref.child.name for ref in references if ref.cascades and ref.parent.name in reached} - reached
        if not further:
            break
        reached |= further
    inner = [ref for ref in references if ref.parent.name in reached]
    going = [ref for ref in inner if ref.cascades]
    # A row that refers to another of the same kind is no order between kinds.
    graph = {name: {r.parent.name for r in going if r.child.name == name and r.parent.name != name} for name in reached}
    blocking_within = [ref for ref in inner if not ref.cascades and ref.child.name in reached]
    for ref in blocking_within:
        if ref.child.name != ref.parent.name:
            graph[ref.child.name].add(ref.parent.name)
    order = tuple(catalog[name] for name in TopologicalSorter(graph).static_order())
    return Cascade(order, tuple(going), tuple(ref for ref in inner if not ref.cascades))


def counts(scope: Scope, cascade: Cascade, entity: Entity) -> list[Select[Any]]:
    """Statements over the bound keys of the entity.

    For each entity of `order`, how many rows go, how many of these the caller sees, and how many they may take away;
    then for each reference of `blocking`, how many rows stay and stand in the way, and how many of these the caller
    sees.
    """
    going = _going(scope, cascade, entity)
    return [
        *(_counted(scope, each, going[each.name], asked=each is not entity) for each in cascade.order),
        *(_blockers(scope, reference, going) for reference in cascade.blocking),
    ]


def departing(scope: Scope, cascade: Cascade, entity: Entity, kind: Entity) -> tuple[Select[Any], list[Select[Any]]]:
    """Statements over the bound keys of the entity, for rows of a kind that go.

    The first answers them as a JSON array; the others lock what they hang on (`locks`).
    """
    rows = _going(scope, cascade, entity)[kind.name]
    locks = []
    for relation in kind.interface.locks:
        relationship = relationship_of(kind.model, relation)
        local, remote = key_pair(relationship)
        parent = relationship.mapper.class_.__table__.alias()
        keys = list(parent.primary_key)
        held = select(*keys).where(parent.c[remote].in_(select(rows.c[local]))).order_by(*keys)
        locks.append(held.with_for_update(of=parent, key_share=True))
    none: ColumnElement[Any] = literal_column("'[]'", JSONB)
    listed = func.coalesce(func.jsonb_agg(func.to_jsonb(rows.table_valued())), none)
    return select(cast(listed, Text)), locks


def deletions(scope: Scope, cascade: Cascade, entity: Entity) -> list[Delete]:
    """Statements over the bound keys of the entity that delete all, what refers to other rows before these.

    PostgreSQL would cascade by itself, but some keys refuse a row's deletion even where the referring row goes too.
    """
    statements = []
    going = _going(scope, cascade, entity)
    for each in reversed(cascade.order):
        table: Any = each.model.__table__
        rows = going[each.name]
        same = (rows.c[column.name] == table.c[column.name] for column in table.primary_key)
        statements.append(delete(table).where(select(literal_column("1")).select_from(rows).where(*same).exists()))
    return statements


def _going(scope: Scope, cascade: Cascade, start: Entity) -> dict[str, CTE]:
    """The rows that go, by the names of their entities."""
    going: dict[str, CTE] = {}
    for entity in cascade.order:
        source = Source(scope, entity.model, Access.KEYED)
        if entity is start:
            condition = is_among(entity, source)
        else:
            ways = [ref for ref in cascade.going if ref.child is entity and ref.parent.name in going]
            condition = or_(*(ref.refers(source.table, going[ref.parent.name]) for ref in ways))
        rows = select(source.table).where(condition).cte(f"going_{entity.name}", recursive=True)
        for ref in cascade.going:
            if ref.child is entity and ref.parent is entity:
                deeper: Any = entity.model.__table__.alias()
                pairs = (deeper.c[own] == rows.c[other] for own, other in ref.columns)
                rows = rows.union(select(deeper).join(rows, and_(*pairs)))
        going[entity.name] = rows
    return going


def _counted(scope: Scope, entity: Entity, rows: CTE, *, asked: bool) -> Select[Any]:
    seen = and_(sql_true(), *_seen(scope, entity, rows))
    grants = scope.visibility.grants(entity.model, Action.DELETE)
    if not asked or not _stands_alone(entity) or grants is None:
        return _counts(seen, sql_true()).select_from(rows)
    may = or_(~sql_true(), *(scope.visibility.passes(entity.model, rows, grant) for grant in grants))
    return _counts(seen, and_(seen, may)).select_from(rows)


def _stands_alone(entity: Entity) -> bool:
    """Whether its rows are deleted by themselves; others are parts of what they belong to."""
    return Action.DELETE in entity.operations and not entity.interface.deletion


def _blockers(scope: Scope, reference: Reference, going: Mapping[str, CTE]) -> Select[Any]:
    child = reference.child
    table: Any = child.model.__table__.alias()
    conditions = [reference.refers(table, going[reference.parent.name])]
    if child.name in going:
        rows = going[child.name]
        same = (rows.c[column.name] == table.c[column.name] for column in child.model.__table__.primary_key)
        conditions.append(~select(literal_column("1")).select_from(rows).where(*same).correlate(table).exists())
    seen = and_(sql_true(), *_seen(scope, child, table))
    return _counts(seen).select_from(table).where(*conditions)


def _counts(*conditions: ColumnElement[bool]) -> Select[Any]:
    """How many there are, and of how many each condition holds."""
    columns: list[ColumnElement[Any]] = [func.count(), *(func.count().filter(each) for each in conditions)]
    counted: list[Any] = [cast(column, Integer) for column in columns]
    return select(*counted)


def _seen(scope: Scope, entity: Entity, rows: Any) -> Sequence[ColumnElement[bool]]:
    condition = scope.visibility.rows(entity.model, rows, Access.KEYED)
    return [] if condition is None else [condition]


def _references(catalog: Catalog) -> list[Reference]:
    by_table = {entity.model.__tablename__: entity for entity in catalog.values()}
    found = []
    for child in catalog.values():
        keys: set[ForeignKeyConstraint] = child.model.__table__.foreign_key_constraints  # type: ignore[attr-defined]
        for key in sorted(keys, key=lambda each: str(each.name)):
            parent = by_table.get(key.referred_table.name)
            action = (key.ondelete or "NO ACTION").upper()
            if parent is not None and action != "SET NULL":
                pairs = tuple((element.parent.name, element.column.name) for element in key.elements)
                found.append(Reference(child, parent, pairs, cascades=action == "CASCADE"))
    return found
