"""The statements of a connection, at the root or for each of many parents. Each is built once for each shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    select,
)
from sqlalchemy import false as sql_false
from sqlalchemy import true as sql_true
from sqlalchemy.dialects.postgresql import distinct_on

from backend.access.visibility import Access, has_index
from backend.plan.filter_conditions import build_filter
from backend.plan.grouping import GroupsRequest, build_groups
from backend.plan.keys import KEYS
from backend.plan.order import Order, beyond, order_clauses
from backend.plan.request import AFTER, BEFORE, LIMIT, ListRequest, Position
from backend.plan.search import seen_conditions
from backend.plan.source import Scope, Source
from backend.plan.template import Template, labelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.interface.base import Newest
    from backend.interface.entity import Entity, Relation
    from backend.plan.aggregate import Figure


@dataclass(frozen=True)
class Listing:
    """One list of an entity: all that its statements have in common. `relation` is None at the root."""

    scope: Scope
    entity: Entity
    relation: Relation | None
    request: ListRequest

    def page(self, templates: Sequence[Template], *, with_cursors: bool) -> Select[Any]:
        """Rows of the page and one more; backwards when the page is counted from the end."""
        request = self.request
        order = _reversed(request.order) if request.backward else request.order
        walked = self._is_walked(order)
        source, parents = self._start(Access.WALK if walked else Access.SCAN)
        source.reach(term.attribute for term in order)
        columns = [column for template in templates for column in template.columns(source)]
        if with_cursors:
            columns += [cast(source[term.attribute], Text) for term in request.order]
        rows = (
            select(*labelled(columns or [literal_column("1")]))
            .select_from(source.origin)
            .where(*self._conditions(source, parents), *self._range(source), *(_first(source, order) if walked else ()))
            .order_by(*order_clauses(source, order))
            .limit(bindparam(LIMIT, type_=Integer))
        )
        return self._for_each(parents, rows)

    def figures(self, figures: Sequence[Figure]) -> Select[Any]:
        """One row of figures over the whole list."""
        source, parents = self._start()
        rows = (
            select(*labelled([figure.of(source) for figure in figures]))
            .select_from(source.table)
            .where(*self._conditions(source, parents))
        )
        return self._for_each(parents, rows)

    def groups(self, request: GroupsRequest, figures: Sequence[Figure]) -> Select[Any]:
        """One row for each group of the whole list."""
        source, parents = self._start()

        def rows(select_keys: Select[Any]) -> Select[Any]:
            kept = select_keys.select_from(source.origin).where(*self._conditions(source, parents))
            return kept if parents is None else kept.correlate(parents.keys, *parents.tables)

        return self._for_each(parents, build_groups(request, figures, source, rows))

    def count_up_to(self, bind: str) -> Select[Any]:
        """How many rows there are, counting no further than the value bound as `bind`."""
        source, parents = self._start()
        some: Select[Any] = (
            select(literal_column("1"))
            .select_from(source.table)
            .where(*self._conditions(source, parents))
            .limit(bindparam(bind, type_=Integer))
        )
        if parents is not None:
            some = some.correlate(parents.keys, *parents.tables)
        return self._for_each(parents, select(cast(func.count(), Integer).label("c0")).select_from(some.subquery()))

    def outside(self, *, before: bool, behind: bool) -> Select[Any]:
        """Whether rows lie at or before `after`, and whether rows lie at or behind `before`."""
        source, parents = self._start()
        conditions = self._conditions(source, parents)
        order = self.request.order
        sides = (
            (self.request.after if before else None, order, AFTER),
            (self.request.before if behind else None, _reversed(order), BEFORE),
        )
        flags = [
            exists()
            .select_from(source.table)
            .where(*conditions, beyond(source, way, prefix, position.nulls).is_not(sql_true()))
            if position
            else sql_false()
            for position, way, prefix in sides
        ]
        return self._for_each(parents, select(*labelled(flags)))

    def _start(self, access: Access = Access.SCAN) -> tuple[Source, Parents | None]:
        """A new occurrence of the entity, and of the parents; `access` is how it is reached where there are none."""
        if self.relation is None:
            return Source(self.scope, self.entity.model, access), None
        return Source(self.scope, self.entity.model), Parents.of(self.scope, self.relation, self.entity)

    def _is_walked(self, order: Order) -> bool:
        """Whether a page at the root is read along an index, as far as it goes."""
        source = Source(self.scope, self.entity.model)
        attribute = order[0].attribute
        return (
            self.relation is None
            and attribute in source.raw
            and not source.may_be_null(attribute)
            and has_index(self.entity.model, str(source.raw[attribute].key))
        )

    def _conditions(self, source: Source, parents: Parents | None) -> list[ColumnElement[bool]]:
        """The rows of the list, whatever the page."""
        conditions = self._passing(source, parents)
        newest = self.request.newest
        if newest is not None:
            some = Source(self.scope, self.entity.model, source.access)
            conditions.append(_is_newest(self.entity, newest, source, some, self._passing(some, parents)))
        return conditions

    def _passing(self, source: Source, parents: Parents | None) -> list[ColumnElement[bool]]:
        request = self.request
        conditions = source.visible()
        if parents is not None:
            conditions.append(parents.joined(source))
        if request.filter is not None:
            conditions.append(build_filter(request.filter, source, self.entity))
        conditions += seen_conditions(source, request.conditions)
        if self.entity.archivable and request.archived != "INCLUDE":
            archived = source["archived_at"]
            conditions.append(archived.is_not(None) if request.archived == "ONLY" else archived.is_(None))
        return conditions

    def _range(self, source: Source) -> list[ColumnElement[bool]]:
        order = self.request.order
        sides: tuple[tuple[Position | None, Order, str], ...] = (
            (self.request.after, order, AFTER),
            (self.request.before, _reversed(order), BEFORE),
        )
        return [beyond(source, way, prefix, position.nulls) for position, way, prefix in sides if position]

    def _for_each(self, parents: Parents | None, rows: Select[Any]) -> Select[Any]:
        """The rows for each parent, whose number (from 1) comes as the last column."""
        if parents is None:
            return rows
        each = rows.lateral()
        return select(*each.c, parents.keys.c.ord).select_from(parents.origin.join(each, sql_true()))


@dataclass(frozen=True)
class Parents:
    """The keys of the parents as a table, numbered, and for a tree also the parents' own rows."""

    relation: Relation
    keys: Any
    start: Source | None

    @classmethod
    def of(cls, scope: Scope, relation: Relation, entity: Entity) -> Parents:
        """The parents of a relation that leads to `entity`."""
        start = Source(scope, entity.model) if relation.tree is not None else None
        key_type = Source(scope, entity.model)[relation.remote].type
        array = cast(bindparam(KEYS, type_=ARRAY(key_type)), ARRAY(key_type))
        keys = func.unnest(array).table_valued("key", with_ordinality="ord").render_derived(name="parent")
        return cls(relation, keys, start)

    @property
    def tables(self) -> list[Any]:
        """Besides the keys, what a row may be joined to."""
        return [self.start.table] if self.start is not None else []

    @property
    def origin(self) -> Any:
        """What the lists hang on."""
        if self.start is None:
            return self.keys
        return self.keys.join(self.start.table, self.start.raw[self.relation.local] == self.keys.c.key)

    def joined(self, source: Source) -> ColumnElement[bool]:
        """That a row of `source` belongs to the parent."""
        tree = self.relation.tree
        if self.start is None or tree is None:
            belongs: ColumnElement[bool] = source[self.relation.remote] == self.keys.c.key
            return belongs
        same = [source.raw[attribute] == self.start.raw[attribute] for attribute in tree.within]
        return and_(*same, tree.on(self.start.raw, source.raw))


def _first(source: Source, order: Order) -> list[ColumnElement[bool]]:
    """That the walk begins with what may be seen."""
    term = order[0]
    first = source.scope.visibility.first(source.model, source.table, term.attribute, descending=term.descending)
    return [] if first is None else [first]


def _reversed(order: Order) -> Order:
    return tuple(term.reversed() for term in order)


def _is_newest(
    entity: Entity, newest: Newest, source: Source, some: Source, passing: list[ColumnElement[bool]]
) -> ColumnElement[bool]:
    """That a row is the first of its group among the rows that pass all else."""
    per = [some[attribute] for attribute in newest.per]
    order = [some[name.removeprefix("-")].desc() if name.startswith("-") else some[name].asc() for name in newest.order]
    key = some.raw[entity.key[0]]
    first = select(key).ext(distinct_on(*per)).select_from(some.table).where(*passing).order_by(*per, *order)
    return source.raw[entity.key[0]].in_(first)
