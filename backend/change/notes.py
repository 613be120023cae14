"""Notes of changes, followed from the keys in them to the keys that readers hold. Rules: docs/caching.md.

Notes and paths must be read in one state of the database. Then every reader is found who saw, or sees now, a changed
row along a path: of the rows on it, the last one that changed is noted itself, and what lies behind that is as it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, TEXT, any_, bindparam, cast, select

from backend.access.scope import Scope, ScopePath, Scopes
from backend.change.change import Change
from backend.change.note import Note, note_of
from backend.model import Base
from backend.plan.keys import KEYS
from backend.plan.statement import Compiler, Text

if TYPE_CHECKING:
    from backend.plan.run import Row

Ask = Callable[[Sequence[tuple[Text, list[str]]]], Awaitable[list[list["Row"]]]]
"""Runs statements, each with the keys that it binds."""
_Step = tuple[str, str]


@dataclass
class _Written:
    """What the notes of one table say together."""

    is_scoped: bool = True
    keys: set[_Step] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    everyone: bool = False


class Notes:
    """What notes mean, by the scopes that the policies come to."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        # Where the tables are is no part of what is noted.
        known = {note.table: note for note in self.noted("")}
        self._layouts = {table: note.layout for table, note in known.items()}
        self._paths: defaultdict[tuple[str, str], list[ScopePath]] = defaultdict(list)
        for table in known:
            for path in scopes.bumped_paths(table):
                self._paths[table, path.start].append(path)
        compiler = Compiler()
        beyond = {_beyond(path) for paths in self._paths.values() for path in paths if path.hops}
        self._statements = {path: compiler.compile(_followed(path), prepare=True).text for path in beyond}

    def noted(self, schema: str) -> list[Note]:
        """What is noted of each table of the models, with the functions that do it; `schema` as SQL writes it."""
        models = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
        return [note_of(self._scopes, models[table], schema) for table in sorted(models)]

    async def changes(self, rows: Iterable[Row], ask: Ask) -> list[Change]:
        """The changes that rows of the table of changes stand for: one for each table that was written.

        A row is (table, layout, columns, keys, users, everyone). One of a layout that is not ours was noted for other
        policies, and says nothing to these.
        """
        written: defaultdict[str, _Written] = defaultdict(_Written)
        for table, layout, columns, keys, users, everyone in rows:
            change = written[table]
            is_known = layout == self._layouts.get(table)
            change.everyone |= everyone or not is_known
            change.users.update(users or ())
            if is_known and keys is not None:
                change.keys.update(zip(columns, keys, strict=True))
            else:
                change.is_scoped = False
        found = await self._follow(self._to_follow(written), ask)
        return [
            Change(table, self._reached(table, change, found), frozenset(change.users), change.everyone)
            for table, change in written.items()
        ]

    def are_ours(self, rows: Iterable[Row]) -> bool:
        """Whether all of these rows were noted for our policies."""
        return all(layout == self._layouts.get(table) for table, layout, *_ in rows)

    def _to_follow(self, written: dict[str, _Written]) -> dict[ScopePath, set[str]]:
        keys: defaultdict[ScopePath, set[str]] = defaultdict(set)
        for table, change in written.items():
            for column, key in change.keys if change.is_scoped else ():
                for path in self._paths[table, column]:
                    if path.hops:
                        keys[_beyond(path)].add(key)
        return keys

    async def _follow(self, keys: dict[ScopePath, set[str]], ask: Ask) -> dict[tuple[ScopePath, str], set[Scope]]:
        found: defaultdict[tuple[ScopePath, str], set[Scope]] = defaultdict(set)
        if keys:
            answers = await ask([(self._statements[path], sorted(of)) for path, of in keys.items()])
            for path, rows in zip(keys, answers, strict=True):
                for key, end in rows:
                    found[path, key].add(Scope(path.universe, end))
        return found

    def _reached(
        self, table: str, change: _Written, found: dict[tuple[ScopePath, str], set[Scope]]
    ) -> frozenset[Scope] | None:
        if not change.is_scoped:
            return None
        scopes: set[Scope] = set()
        for column, key in change.keys:
            for path in self._paths[table, column]:
                scopes.update(found.get((_beyond(path), key), ()) if path.hops else {Scope(path.universe, key)})
        return frozenset(scopes)


def _beyond(path: ScopePath) -> ScopePath:
    """The path, whatever the column is called that it starts from: what is followed is the same."""
    first, *rest = path.hops
    return ScopePath((type(first)("", first.table, first.remote), *rest), path.column, path.universe)


def _followed(path: ScopePath) -> Any:
    """The statement that gives, for the keys, these and what the path ends in."""
    first, *rest = path.hops
    here: Any = Base.metadata.tables[first.table].alias()
    key = here.c[first.remote]
    joined = here
    for hop in rest:
        there = Base.metadata.tables[hop.table].alias()
        joined = joined.join(there, here.c[hop.local] == there.c[hop.remote])
        here = there
    end = here.c[path.column]
    of = cast(bindparam(KEYS, type_=ARRAY(TEXT)), ARRAY(key.type))
    return (
        select(cast(key, TEXT), cast(end, TEXT)).distinct().select_from(joined).where(key == any_(of), end.is_not(None))
    )
