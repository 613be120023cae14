"""Updates and archives a row that was found and is locked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from psycopg import Error
from sqlalchemy import ColumnElement, and_, bindparam, func, inspect, null, select, update

from backend.access.policy import Action, Stage
from backend.operation.authorize import Authority, Verdict, columns, failed
from backend.operation.candidate import ROWS, as_json, changes, columns_of, row_to_update
from backend.operation.conflict import Collision
from backend.operation.create import check_written
from backend.operation.database_error import meaning
from backend.operation.effects import Done, run_effects
from backend.operation.find import find
from backend.operation.input import merge_problems, read_update
from backend.operation.lock import turns
from backend.operation.problem import RefusedError
from backend.plan.json_secrets import with_secrets
from backend.plan.keys import Key, bound_keys, is_among

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Subquery

    from backend.interface.entity import Entity
    from backend.operation.writing import Writing
    from backend.plan.statement import Statement


_PART = "key_part_"


async def update_row(
    writing: Writing, entity: Entity, key: Key, given: Mapping[str, Any], expected_version: int | None
) -> None:
    """Changes the row of the key; raises RefusedError."""
    changed, problems = read_update(writing.scope.catalog, entity, given)
    found = await find(writing, entity, key, Action.UPDATE, expected_version, list(changed))
    problems += [] if problems else merge_problems(entity, found.values, changed)
    if problems:
        raise RefusedError(problem.under("input") for problem in problems)
    if not changed:
        return
    changed |= {
        name: with_secrets(value, found.values.get(name))
        for name, value in changed.items()
        if isinstance(value, dict | list)
    }
    bound = {**bound_keys(entity, [key]), ROWS: orjson.dumps(as_json(entity, [changed])[0]).decode()}
    names = tuple(sorted(changed))
    change = writing.kept(("change", entity, names), lambda: _change(writing, entity, names))
    for locking in change.locks:
        await writing.fetch((locking, bound))
    try:
        ((verdict,),) = await writing.fetch((change.look, bound))
    except Error as error:
        raise RefusedError([meaning(writing.scope.catalog, entity, error).under("input")]) from error
    if refused := failed(change.verdicts, verdict):
        raise RefusedError(problem.under("input") for problem in refused[:1])
    try:
        await writing.fetch((change.write, {**bound, **_key_parts(key)}))
    except Error as error:
        problem = meaning(writing.scope.catalog, entity, error, changed)
        name = error.diag.constraint_name
        collision = Collision(entity, problem, name, lambda again: _candidate(again, entity), bound, [("input",)])
        raise RefusedError([problem.under("input")], collision) from error
    await check_written(writing, entity, Action.UPDATE, [key], [("input",)])
    await run_effects(entity, Action.UPDATE, Done(writing, [key], found.values, changed), "input")


@dataclass(frozen=True)
class _Change:
    """Statements that change a row which was found: what they lock, whether the caller may, and the update."""

    locks: Sequence[Statement]
    verdicts: Sequence[Verdict]
    look: Statement
    write: Statement


def _change(writing: Writing, entity: Entity, changed: Sequence[str]) -> _Change:
    authority = Authority(writing, entity, Action.UPDATE)
    candidate = _candidate(writing, entity)
    verdicts = [
        *authority.referred(candidate, changed),
        *authority.granted(candidate, changed),
        *authority.checked(candidate, Stage.PLANNED),
    ]
    table: Any = entity.model.__table__
    row = changes(entity)
    written = {columns_of(entity)[name]: row.c[columns_of(entity)[name].name] for name in changed}
    return _Change(
        [writing.compiled(lock) for lock in turns(entity, candidate)],
        verdicts,
        writing.compiled(select(*columns(verdicts)).select_from(candidate)),
        writing.compiled(update(table).values(written).where(_keyed(entity))),
    )


async def set_archived(
    writing: Writing, entity: Entity, key: Key, expected_version: int | None, *, archived: bool
) -> None:
    """Archives the row, or takes it back; where it is so already nothing happens. Raises RefusedError."""
    await find(writing, entity, key, Action.ARCHIVE, expected_version)
    table: Any = entity.model.__table__
    column = inspect(entity.model).columns["archived_at"]
    changing = column.is_(None) if archived else column.is_not(None)
    value = func.now() if archived else null()
    statement = update(table).values({column: value}).where(_keyed(entity), changing)
    await writing.fetch((statement, _key_parts(key)))
    await run_effects(entity, Action.ARCHIVE, Done(writing, [key]), "id")


async def overwrite(writing: Writing, entity: Entity, key: Key, values: Mapping[str, ColumnElement[Any]]) -> None:
    """Writes SQL into columns of a row, whatever the caller may do with it."""
    table: Any = entity.model.__table__
    of = columns_of(entity)
    written = {of[name]: value for name, value in values.items()}
    await writing.fetch((update(table).values(written).where(_keyed(entity)), _key_parts(key)))


def _candidate(writing: Writing, entity: Entity) -> Subquery:
    source = writing.source(entity)
    return row_to_update(source, is_among(entity, source))


def _keyed(entity: Entity) -> ColumnElement[bool]:
    """That a row has the key that `_key_parts` binds."""
    own = [inspect(entity.model).columns[part] for part in entity.key]
    return and_(*(column == bindparam(f"{_PART}{number}", type_=column.type) for number, column in enumerate(own)))


def _key_parts(key: Key) -> dict[str, object]:
    return {f"{_PART}{number}": part for number, part in enumerate(key)}
