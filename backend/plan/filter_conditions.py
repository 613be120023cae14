"""Structures of filters become conditions over rows. How a filter comes to its structure: `backend.plan.filter`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    String,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy import Enum as SqlEnum
from sqlalchemy import false as sql_false
from sqlalchemy import true as sql_true

from backend.interface.entity import Entity, Kind
from backend.plan.alternatives import Shape, single
from backend.plan.operators import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.types import TypeEngine

    from backend.plan.source import Source

    # What stands for leaf n, whose value has this type.
    Leaf = Callable[[int, TypeEngine[Any]], ColumnElement[Any]]

LEAF = "leaf_"


def _bound(index: int, sql_type: TypeEngine[Any]) -> ColumnElement[Any]:
    return bindparam(f"{LEAF}{index}", type_=sql_type)


def build_filter(  # noqa: PLR0911 - a case each
    shape: Shape, source: Source, entity: Entity, leaf: Leaf = _bound
) -> ColumnElement[bool]:
    """The condition that a structure stands for, over rows of `source`; leaf n is bound as `leaf_n`."""
    what = shape[0]
    if what == "and":
        return and_(sql_true(), *(build_filter(test, source, entity, leaf) for test in shape[1]))
    if what == "or":
        return or_(sql_false(), *(build_filter(test, source, entity, leaf) for test in shape[1]))
    if what == "not":
        return build_filter(shape[1], source, entity, leaf).is_not(sql_true())
    if what == "any":
        return _build_any(shape, source, entity)
    if what in ("one", "some", "none", "every"):
        return _build_relation(shape, source, entity, leaf)
    field = entity.fields[shape[1]]
    if what == "isNull":
        column = source.raw[entity.key[0]] if field.name == "id" else source[field.attribute]
        return column.is_(None) if shape[2] else column.is_not(None)
    if what == "isEmpty":
        length = func.coalesce(func.cardinality(source[field.attribute]), 0)
        return length == 0 if shape[2] else length > 0
    _, _, name, index = shape
    operator = OPERATORS[field.kind][name]
    if field.name == "id" and len(entity.key) > 1:
        return _build_composite(source, entity, name, index)
    column = source.raw[entity.key[0]] if field.name == "id" else source[field.attribute]
    sql_type = operator.sql_type or column.type
    bind_type = ARRAY(Text() if field.kind is Kind.STRING_LIST else sql_type) if operator.many else sql_type
    bind = leaf(index, bind_type)
    typed = cast(bind, bind_type) if operator.sql_type is not None or field.kind is Kind.STRING_LIST else bind
    return operator.build(column, typed)


def _build_composite(source: Source, entity: Entity, name: str, index: int) -> ColumnElement[bool]:
    columns = [source.raw[part] for part in entity.key]
    arrays = [
        cast(bindparam(f"{LEAF}{index}_{part}", type_=ARRAY(column.type)), ARRAY(column.type))
        for part, column in enumerate(columns)
    ]
    keys = func.unnest(*arrays).table_valued(*entity.key).render_derived()
    found = tuple_(*columns).in_(select(*(keys.c[part] for part in entity.key)))
    return found if name in ("eq", "in") else found.is_not(sql_true())


def _build_any(shape: Shape, source: Source, entity: Entity) -> ColumnElement[bool]:
    """That one of the alternatives holds, whose values are the rows of a table made of arrays."""
    _, inner, first, width = shape
    test = single(inner)
    if test[0] in ("one", "some"):
        quantifier, name, within = test
        return _build_relation((quantifier, name, ("any", within, first, width)), source, entity)
    if test[0] == "test" and test[2] == "eq":
        field = entity.fields[test[1]]
        column = source.raw[entity.key[0]] if field.name == "id" else source[field.attribute]
        return column == any_(_bound(first, ARRAY(column.type)))
    types: dict[int, TypeEngine[Any]] = {}
    rows = f"alternative_{first}"

    def of_row(index: int, sql_type: TypeEngine[Any]) -> ColumnElement[Any]:
        # A cast to varchar(n) would cut.
        types[index] = Text() if isinstance(sql_type, String) and not isinstance(sql_type, SqlEnum) else sql_type
        return literal_column(f"{rows}.v{index}", types[index])

    passes = build_filter(inner, source, entity, of_row)
    arrays = [cast(_bound(index, ARRAY(types[index])), ARRAY(types[index])) for index in sorted(types)]
    values = func.unnest(*arrays).table_valued(*(f"v{index}" for index in sorted(types))).render_derived(name=rows)
    return exists().select_from(values).where(passes).correlate_except(values)


def _build_relation(shape: Shape, source: Source, entity: Entity, leaf: Leaf = _bound) -> ColumnElement[bool]:
    quantifier, name, inner = shape
    relation = entity.relations[name]
    target_entity = source.scope.catalog[relation.target]
    target, joined = source.hop(relation.attribute)
    passes = build_filter(inner, target, target_entity, leaf)
    if quantifier == "every":
        passes = passes.is_not(sql_true())
    conditions = [joined, *target.visible(), passes]
    if relation.to_many:
        conditions += target.not_archived()
    found = exists().select_from(target.table).where(*conditions).correlate_except(target.table)
    return found if quantifier in ("one", "some") else ~found
