"""Locks that a write takes before anything is decided: first what many rows hang on, then the rows themselves.

Nobody can hold up others by naming rows that they do not see, nor tell by waiting that these are there: of the rows
that a caller names, those are locked that they see or may refer to. What such a row hangs on is locked in any case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, inspect, select

from backend.access.columns import PolicyRow, key_pair, relationship_of
from backend.access.policy import Action
from backend.operation.authorize import Authority
from backend.plan.keys import is_among
from backend.plan.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Select, Subquery

    from backend.interface.entity import Entity
    from backend.operation.writing import Writing


def parents_of_new(writing: Writing, entity: Entity, candidate: Subquery) -> list[Select[Any]]:
    """Statements that lock what rows to create hang on."""
    statements = []
    mapper = inspect(entity.model)
    authority = Authority(writing, entity, Action.CREATE)
    for parent, local, remote in _parents(writing, entity):
        attribute = mapper.get_property_by_column(mapper.local_table.c[local]).key
        named = parent.raw[remote].in_(select(candidate.c[local]))
        statements.append(_locked(parent, named, *authority.reachable(attribute, parent)))
    return statements


def parents_of_old(writing: Writing, entity: Entity) -> list[Select[Any]]:
    """Statements that lock what the rows of the bound keys hang on."""
    statements = []
    for parent, local, remote in _parents(writing, entity):
        row = writing.source(entity)
        of_rows = select(row.table.c[local]).where(is_among(entity, row), *row.visible())
        statements.append(_locked(parent, parent.raw[remote].in_(of_rows)))
    return statements


def turns(entity: Entity, candidate: Subquery) -> list[Select[Any]]:
    """Statements that wait for whoever writes rows of the same text (`in_turn`)."""
    if entity.interface.in_turn is None:
        return []
    text = entity.interface.in_turn(PolicyRow(entity.model, candidate)).label("text")
    texts = select(text).where(text.is_not(None)).distinct().order_by(text).subquery()
    return [select(func.pg_advisory_xact_lock(func.hashtextextended(texts.c.text, 0)))]


def rows(writing: Writing, entity: Entity, *, wholly: bool) -> Select[Any]:
    """The statement that locks the rows of the bound keys, as far as the caller sees them.

    `wholly` is for rows that go: others must not come to refer to them any more.
    """
    source = writing.source(entity)
    return _locked(source, is_among(entity, source), *source.visible(), wholly=wholly)


def _parents(writing: Writing, entity: Entity) -> Iterator[tuple[Source, str, str]]:
    for relation in entity.interface.locks:
        relationship = relationship_of(entity.model, relation)
        local, remote = key_pair(relationship)
        yield Source(writing.scope, relationship.mapper.class_), local, remote


def _locked(source: Source, *conditions: ColumnElement[bool], wholly: bool = False) -> Select[Any]:
    """In the order of the keys, so that two writers do not wait for each other."""
    keys = list(source.table.primary_key)
    locked = select(*keys).where(*conditions).order_by(*keys)
    return locked.with_for_update(of=source.table, key_share=not wholly)
