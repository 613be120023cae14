"""Updates and archives a row, with all that was seen of it locked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from psycopg import Error
from sqlalchemy import ColumnElement, Text, and_, bindparam, cast, func, inspect, null, select, update

from backend.access.policy import Action, Stage
from backend.operation.authorize import Authority, Verdict, columns, failed
from backend.operation.candidate import ROWS, as_json, changes, columns_of, row_to_update
from backend.operation.conflict import Collision
from backend.operation.create import check_written
from backend.operation.database_error import meaning
from backend.operation.effects import Done, run_effects
from backend.operation.input import Values, merge_problems, read_update
from backend.operation.lock import parents_of_old, rows, turns
from backend.operation.problem import Problem, ProblemCode, RefusedError, not_found
from backend.plan.json_secrets import with_secrets
from backend.plan.keys import Key, bound_keys, is_among

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Subquery

    from backend.interface.entity import Entity
    from backend.operation.writing import Writing
    from backend.plan.statement import Statement


_PART = "key_part_"


@dataclass(frozen=True)
class Found:
    """A row that is locked and may be written: its version, if it has one, and its values by attribute."""

    version: int | None
    values: Values


async def find(
    writing: Writing,
    entity: Entity,
    key: Key,
    action: Action,
    expected_version: int | None,
    changed: Sequence[str] = (),
) -> Found:
    """The row of the key, locked, as one on which the caller may do this.

    Raises RefusedError: first where it is not seen, then where the caller may not, then where its version is another.
    """
    bound = bound_keys(entity, [key])
    names = tuple(sorted(changed))
    places = {(name,) for name in names}
    finding = writing.kept(("find", entity, action, names), lambda: _finding(writing, entity, action, names))
    await writing.fetch(*((locking, bound) for locking in finding.locks))
    (found,) = await writing.again((finding.look, bound))
    if not found:
        raise RefusedError([not_found("id")])
    row = found[0]
    if problems := failed(finding.verdicts, row):
        raise RefusedError(problem.under("input") if problem.path in places else problem for problem in problems[:1])
    now, *current = row[max(1, len(finding.verdicts)) :]
    if expected_version is not None and now is not None and now != expected_version:
        raise RefusedError([_stale(now)])
    return Found(now, dict(zip(finding.attributes, map(_loaded, current), strict=True)))


def _loaded(value: str | None) -> Any:
    """A value of a row; None, too, where another writer nested it too deep to be read."""
    try:
        return None if value is None else orjson.loads(value)
    except orjson.JSONDecodeError:
        return None


@dataclass(frozen=True)
class _Finding:
    """Statements that find a row to write: what they lock, and whether the caller may, with the row as it is."""

    locks: Sequence[Statement]
    verdicts: Sequence[Verdict]
    attributes: Sequence[str]
    look: Statement


def _finding(writing: Writing, entity: Entity, action: Action, changed: Sequence[str]) -> _Finding:
    authority = Authority(writing, entity, action)
    source = writing.source(entity)
    verdicts = [*authority.granted(source.table, changed), *authority.checked(source.table, Stage.BEFORE)]
    attributes = [name for name in _described(entity) if name in source.raw]
    values = [_as_json(source.raw[name]) for name in attributes]
    version = func.coalesce(source.raw["version"], 0) if "version" in source.raw else null()
    look = select(*columns(verdicts), version.label("version"), *_labelled(values))
    goes = action is Action.DELETE and not entity.interface.deletion
    locks = (*parents_of_old(writing, entity), rows(writing, entity, wholly=goes))
    return _Finding(
        [writing.compiled(lock) for lock in locks],
        verdicts,
        attributes,
        writing.compiled(look.where(is_among(entity, source), *source.visible())),
    )


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


def _described(entity: Entity) -> list[str]:
    """The attributes that rules of the whole row look at."""
    inputs = [dto.model_fields for dto in (entity.interface.create, entity.interface.update) if dto is not None]
    return list(dict.fromkeys(name for fields in inputs for name in fields))


def _as_json(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A value as the inputs have it, in JSON."""
    return cast(func.to_jsonb(column), Text)


def _labelled(values: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    return [value.label(f"c{index}") for index, value in enumerate(values)]


def _stale(version: int) -> Problem:
    return Problem(
        ProblemCode.STALE_VERSION,
        f"The row has version {version} now: read it again, and decide anew.",
        ("expectedVersion",),
        current_version=version,
    )
