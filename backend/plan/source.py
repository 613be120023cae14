"""An entity's occurrence in a statement, seen through the viewer's eyes: the only way of the engine to a column."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from typing import cast as cast_type

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    and_,
    case,
    cast,
    func,
    inspect,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy import Enum as SqlEnum
from sqlalchemy import true as sql_true
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.types import NullType

from backend.access.columns import Columns, key_pair, relationship_of
from backend.access.visibility import Access, Visibility
from backend.interface.base import Batch, Expression, Related
from backend.interface.entity import Catalog, Entity, Field, Kind

if TYPE_CHECKING:
    from enum import Enum

    from backend.interface.base import Row
    from backend.model import Base
    from backend.plan.cursor import Seal


@dataclass(frozen=True)
class Scope:
    """All entities, what one kind of viewer sees of them, and what cursors are sealed with."""

    catalog: Catalog
    visibility: Visibility
    seal: Seal

    def entity_of(self, model: type[Base]) -> Entity | None:
        """The entity of a model, where it has an interface."""
        return self.catalog.get(model.__name__)


class Source(Mapping[str, ColumnElement[Any]]):
    """One occurrence of a model's table, under an alias of its own.

    As a mapping it gives attributes as the viewer may see them: columns, SQL computed fields, and, across dots, those
    of relations to one, which are NULL where the viewer may not see the target.
    """

    def __init__(self, scope: Scope, model: type[Base], access: Access = Access.KEYED) -> None:
        self.scope = scope
        self.model = model
        self.access = access
        self.table = model.__table__.alias()
        self.raw = Columns(model, self.table)
        self._mapper = inspect(model)
        self._entity = scope.entity_of(model)
        self._reached: dict[str, ColumnElement[Any]] = {}
        self.origin: FromClause = self.table

    def reach(self, attributes: Iterable[str]) -> None:
        """Has those of the attributes that lie across a relation read once for each row, however often they are used.

        Whoever selects them selects from `origin`, in which the relations are joined.
        """
        across = [attribute for attribute in dict.fromkeys(attributes) if "." in attribute]
        for relation in dict.fromkeys(attribute.partition(".")[0] for attribute in across):
            target, joined = self.hop(relation)
            of_relation = [attribute for attribute in across if attribute.partition(".")[0] == relation]
            values = [target[attribute.partition(".")[2]] for attribute in of_relation]
            labelled = [value.label(f"v{index}") for index, value in enumerate(values)]
            # There is one row at most; that it is said so keeps the planner from reading the whole other table.
            one = select(*labelled).where(joined, *target.visible()).limit(literal_column("1")).lateral()
            self.origin = self.origin.outerjoin(one, sql_true())
            self._reached.update(zip(of_relation, one.c, strict=True))

    def __getitem__(self, attribute: str) -> ColumnElement[Any]:
        """The attribute as the viewer may see it; KeyError where there is none."""
        name, dot, rest = attribute.partition(".")
        if attribute in self._reached:
            return self._reached[attribute]
        if dot:
            target, joined = self.hop(name)
            found = select(target[rest]).where(joined, *target.visible())
            return found.correlate_except(target.table).scalar_subquery()
        computed = self._expression(name)
        if computed is None:
            return self._column(name)
        value = self._related(computed) if isinstance(computed, Related) else self._computed(name, computed)
        if self._entity is None or not isinstance(value.type, NullType):
            return value
        return type_coerce(value, self._entity.sql_type(self._entity.by_attribute[name]))

    def _expression(self, name: str) -> Expression | Related | None:
        computed = self._entity.interface.computed.get(name) if self._entity else None
        return None if isinstance(computed, Batch) else computed

    def _computed(self, name: str, expression: Expression) -> ColumnElement[Any]:
        """The value of an expression. One of a column's own name reads the column, and stands for it all over."""
        row: Row = self
        if name in self.raw:
            row = ChainMap({name: self._column(name)}, cast_type("dict[str, ColumnElement[Any]]", self))
        return expression.build(row)

    def _related(self, related: Related) -> ColumnElement[Any]:
        """The value over the rows that the relation leads to."""
        target, joined = self.hop(related.relation)
        conditions = [joined, *target.visible(), *target.not_archived()]
        if related.where is not None:
            conditions.append(related.where(target))
        found = select(related.value(target)).select_from(target.table).where(*conditions)
        if related.order:
            columns = [(target[name.removeprefix("-")], name.startswith("-")) for name in related.order]
            found = found.order_by(*(column.desc() if falls else column.asc() for column, falls in columns)).limit(1)
        return found.correlate_except(target.table).scalar_subquery()

    def _column(self, name: str) -> ColumnElement[Any]:
        """The column as the viewer may see it; KeyError where there is none."""
        column = self.scope.visibility.column(self.model, self.table, name, self.access)
        if unchecked := self._unchecked(name):
            known = [literal_value(member.value) for member in unchecked]
            column = case((column.in_(known), column), else_=None)
        reads = self._entity.interface.null_reads if self._entity else {}
        return (
            func.coalesce(column, literal_value(reads[name]), type_=column.type) if self._reads(name, reads) else column
        )

    def __iter__(self) -> Iterator[str]:
        """The names of the columns."""
        return iter(self.raw)

    def __len__(self) -> int:
        """How many columns there are."""
        return len(self.raw)

    def visible(self) -> list[ColumnElement[bool]]:
        """The condition that keeps the rows that the viewer may see; empty where these are all."""
        condition = self.scope.visibility.rows(self.model, self.table, self.access)
        return [] if condition is None else [condition]

    def not_archived(self) -> list[ColumnElement[bool]]:
        """The condition that leaves out archived rows, as lists do; empty where none can be."""
        return [self["archived_at"].is_(None)] if self._entity is not None and self._entity.archivable else []

    def hop(self, relation: str) -> tuple[Source, ColumnElement[bool]]:
        """A new occurrence of the relation's target, and what joins it to this one."""
        tree = self._entity.interface.trees.get(relation) if self._entity else None
        if tree is not None:
            other = Source(self.scope, self.model)
            same = [other.raw[attribute] == self.raw[attribute] for attribute in tree.within]
            return other, and_(*same, tree.on(self.raw, other.raw))
        relationship = relationship_of(self.model, relation)
        target = Source(self.scope, relationship.mapper.class_)
        local, remote = key_pair(relationship)
        here = self[self._mapper.get_property_by_column(self.model.__table__.c[local]).key]
        there = target[target._mapper.get_property_by_column(target.model.__table__.c[remote]).key]
        return target, there == here

    def may_be_null(self, attribute: str) -> bool:
        """Whether the attribute may read as NULL, in the table or because it is hidden."""
        if attribute not in self.raw or self._expression(attribute) is not None:
            return True
        if self.scope.visibility.is_masked(self.model, attribute) or self._unchecked(attribute):
            return True
        reads = self._entity.interface.null_reads if self._entity else {}
        return bool(self._mapper.columns[attribute].nullable) and attribute not in reads

    def output(self, entity: Entity, field: Field) -> ColumnElement[Any]:
        """The field as it goes into JSON, as far as SQL can make it."""
        if field.name == "id":
            return _prefixed(entity.name, key_text(self, entity))
        if field.name == "databaseId":
            return key_text(self, entity)
        return shown(self[field.attribute], field)

    def _unchecked(self, attribute: str) -> type[Enum] | None:
        """The enum of a column that may hold other values too, which read as NULL."""
        field = self._entity.by_attribute.get(attribute) if self._entity else None
        checked = isinstance(self._mapper.columns[attribute].type, SqlEnum)
        return field.enum if field and not checked else None

    def _reads(self, attribute: str, reads: Mapping[str, object]) -> bool:
        return attribute in reads and bool(self._mapper.columns[attribute].nullable)


def key_text(source: Source, entity: Entity) -> ColumnElement[Any]:
    """The bare key as text; the parts of a composite one escaped and joined by commas."""
    parts = [cast(source.raw[part], Text) for part in entity.key]
    if len(parts) == 1:
        return parts[0]
    escaped = [
        part
        if isinstance(source.raw[name].type, UUID)
        else func.replace(func.replace(part, _quoted("%"), _quoted("%25")), _quoted(","), _quoted("%2C"))
        for name, part in zip(entity.key, parts, strict=True)
    ]
    return func.concat_ws(_quoted(","), *escaped, type_=Text)


def shown(value: ColumnElement[Any], field: Field) -> ColumnElement[Any]:
    """A value of the field as it goes into JSON, as far as SQL can make it."""
    if field.target:
        return _prefixed(field.target, cast(value, Text))
    if field.kind is Kind.BIGINT:
        return cast(value, Text)
    if field.enum is not None:
        names = {member.value: literal_column(f"'{member.name}'", Text) for member in field.enum}
        subject = value if isinstance(next(iter(names)), int) else cast(value, Text)
        return case(*((subject == literal_value(raw), name) for raw, name in names.items()), else_=None)
    return value


def literal_value(value: object) -> ColumnElement[Any]:
    """A constant of a declaration, in the statement's text rather than bound."""
    return literal_column(str(value)) if isinstance(value, int) else _quoted(str(value))


def _quoted(text: str) -> ColumnElement[Any]:
    return literal_column("'" + text.replace("'", "''") + "'", Text)


def _prefixed(type_name: str, key: ColumnElement[Any]) -> ColumnElement[Any]:
    return _quoted(f"{type_name}:").concat(key)
