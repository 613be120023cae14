"""Loads by key: one object for each key, whatever asked for it. Lists are in `backend.plan.connection`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ARRAY, FromClause, Select, Text, and_, any_, bindparam, cast, func, select

from backend.access.visibility import Access
from backend.plan.keys import KEYS, bound_keys, is_among
from backend.plan.source import Source
from backend.plan.template import Query, Template, labelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from backend.interface.entity import Relation
    from backend.json import Json
    from backend.plan.run import Row, Run
    from backend.plan.statement import Statement
    from backend.plan.template import Load, Task


MOST_AHEAD = 16
"""Levels that all statements for what lies beneath may come to where these are asked at once.

Each has those above it within it, so that they grow with the square of the depth, and making one level takes up to
three milliseconds.
"""


@dataclass(eq=False)
class ToOne:
    """A relation to one: each target once, by the distinct keys in the parents' slots."""

    relation: Relation
    template: Template
    height: int = 1
    _statement: Statement | None = field(default=None, repr=False)
    kind: str = "to one"

    def __post_init__(self) -> None:
        """Counts the levels beneath."""
        self.height = 1 + self.template.height

    @cached_property
    def flat(self) -> bool:
        """Whether all beneath the targets can be asked together with them."""
        return _is_flat(self.template)

    @property
    def name(self) -> str:
        """The GraphQL type of the targets."""
        return self.template.entity.name

    def beneath(self) -> Sequence[tuple[str, Load]]:
        """The loads beneath the targets."""
        return self.template.children

    def queries(self, run: Run, slot: str, parents: Sequence[Json]) -> list[Query]:
        """One statement, unless no parent has a key."""
        keys = {parent[slot] for parent in parents}
        keys.discard(None)
        if not keys:
            return []
        if self._statement is None:
            self._statement = run.make(self._select(run)[0], prepare=True)
        return [Query(self._statement, {KEYS: list(keys)})]

    def ahead(self, run: Run, parents: Select[Any]) -> Iterator[Ahead]:
        """The targets, and all beneath them, by the keys that the parents have."""
        found, source = self._select(run, parents)
        yield Ahead(self, run.make(found, prepare=True))
        yield from _ahead(self.template, run, found, source)

    def place(self, run: Run, slot: str, parents: Sequence[Json], answers: Sequence[list[Row]]) -> list[Task]:
        """Targets that the viewer may not see are null."""
        rows = answers[0] if answers else []
        objects = self.template.objects(run, rows)
        by_key = {row[-1]: target for row, target in zip(rows, objects, strict=True)}
        for parent in parents:
            parent[slot] = by_key.get(parent[slot])
        return self.template.tasks(objects)

    def _select(self, run: Run, parents: Select[Any] | None = None) -> tuple[Select[Any], Source]:
        entity, relation = self.template.entity, self.relation
        source = Source(run.scope, entity.model)
        columns = self.template.columns(source)
        if relation.tree is not None:
            here = Source(run.scope, entity.model)
            same = [source.raw[name] == here.raw[name] for name in relation.tree.within]
            key = here.raw[relation.local]
            origin: FromClause = here.table.join(source.table, and_(*same, relation.tree.on(here.raw, source.raw)))
        else:
            key = source[relation.remote]
            origin = source.table
        kind = ARRAY(key.type)
        keys = bindparam(KEYS, type_=kind) if parents is None else func.array(parents.scalar_subquery(), type_=kind)
        found = select(*labelled([*columns, key])).select_from(origin).where(key == any_(keys), *source.visible())
        return found, source


class Ahead(NamedTuple):
    """A relation to one, and the statement for it that goes together with that for its parents."""

    load: ToOne
    statement: Statement


@dataclass(eq=False)
class ByKey:
    """A root field that names objects by their keys: `course(id:)`, `me`, one type's share of `nodes(ids:)`."""

    template: Template
    keys: Callable[[Run], list[tuple[str, ...]]]
    many: bool = False
    height: int = 1
    statement: Statement | None = field(default=None, repr=False)
    made_ahead: Sequence[Ahead] | None = field(default=None, repr=False)
    levels_ahead: int = field(default=0, init=False, repr=False)
    kind: str = "by key"

    def __post_init__(self) -> None:
        """Counts the levels beneath."""
        self.height = 1 + self.template.height
        self.levels_ahead = _levels_ahead(self.template)

    @cached_property
    def flat(self) -> bool:
        """Whether all beneath the objects can be asked together with them."""
        return _is_flat(self.template)

    @property
    def name(self) -> str:
        """The GraphQL type of the objects."""
        return self.template.entity.name

    def beneath(self) -> Sequence[tuple[str, Load]]:
        """The loads beneath the objects."""
        return self.template.children

    def queries(self, run: Run, slot: str, parents: Sequence[Json]) -> list[Query]:  # noqa: ARG002 - as every load
        """One statement, unless there is no key."""
        keys = list(dict.fromkeys(self.keys(run)))
        if not keys:
            return []
        if self.statement is None:
            self.statement = self.compiled(run)
        return [Query(self.statement, bound_keys(self.template.entity, keys))]

    def ahead(self, run: Run) -> Iterator[Ahead]:
        """Makes the statements for all beneath the objects, for whoever asks for it together with these.

        They are bound to the same, and kept in `made_ahead`.
        """
        made = []
        for each in _ahead(self.template, run, *self._select(run)):
            made.append(each)
            yield each
        self.made_ahead = made

    def place(self, run: Run, slot: str, parents: Sequence[Json], answers: Sequence[list[Row]]) -> list[Task]:
        """Null where there is no such object for the viewer; `many` keeps the order of the keys."""
        rows = answers[0] if answers else []
        width = len(self.template.entity.key)
        objects = self.template.objects(run, rows)
        by_key = {tuple(row[-width:]): target for row, target in zip(rows, objects, strict=True)}
        found = [by_key.get(key) for key in self.keys(run)]
        for parent in parents:
            parent[slot] = found if self.many else found[0] if found else None
        return self.template.tasks(objects)

    def compiled(self, run: Run) -> Statement:
        """The statement, which is the same for all who see the same, whatever the keys."""
        return run.make(self._select(run)[0], prepare=True)

    def _select(self, run: Run) -> tuple[Select[Any], Source]:
        entity = self.template.entity
        source = Source(run.scope, entity.model, Access.KEYED)
        texts = [cast(source.raw[part], Text) for part in entity.key]
        columns = [*self.template.columns(source), *texts]
        return select(*labelled(columns)).where(is_among(entity, source), *source.visible()), source


def _is_flat(template: Template) -> bool:
    """Whether all beneath it can be asked together with it: it has relations to one alone, and computes nothing."""
    return not template.batches and all(isinstance(load, ToOne) and load.flat for _, load in template.children)


def _ahead(template: Template, run: Run, found: Select[Any], source: Source) -> Iterator[Ahead]:
    """All that is beneath it, asked for by the rows that are found, before these are known here."""
    for _, load in template.children:
        if isinstance(load, ToOne):
            yield from load.ahead(run, found.with_only_columns(source[load.relation.local]))


def _levels_ahead(template: Template) -> int:
    """How many levels the statements for all beneath come to, each with those above it; beyond `MOST_AHEAD` any."""
    count, depth, loads = 0, 1, [child for _, child in template.children]
    while loads and count <= MOST_AHEAD:
        count += depth * len(loads)
        depth, loads = depth + 1, [child for load in loads for _, child in load.beneath()]
    return count
