"""Finds a row to write: as far as the caller sees it, locked with all that the write is decided by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import ColumnElement, Text, cast, func, null, select

from backend.access.policy import Action, Stage
from backend.operation.authorize import Authority, Verdict, columns, failed
from backend.operation.lock import parents_of_old, rows
from backend.operation.problem import Problem, ProblemCode, RefusedError, not_found
from backend.plan.keys import Key, bound_keys, is_among
from backend.plan.template import labelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.interface.entity import Entity
    from backend.operation.input import Values
    from backend.operation.writing import Writing
    from backend.plan.statement import Statement


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
    look = select(*columns(verdicts), version.label("version"), *labelled(values))
    goes = action is Action.DELETE and not entity.interface.deletion
    locks = (*parents_of_old(writing, entity), rows(writing, entity, wholly=goes))
    return _Finding(
        [writing.compiled(lock) for lock in locks],
        verdicts,
        attributes,
        writing.compiled(look.where(is_among(entity, source), *source.visible())),
    )


def _described(entity: Entity) -> list[str]:
    """The attributes that rules of the whole row look at."""
    inputs = [dto.model_fields for dto in (entity.interface.create, entity.interface.update) if dto is not None]
    return list(dict.fromkeys(name for fields in inputs for name in fields))


def _as_json(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A value as the inputs have it, in JSON."""
    return cast(func.to_jsonb(column), Text)


def _stale(version: int) -> Problem:
    return Problem(
        ProblemCode.STALE_VERSION,
        f"The row has version {version} now: read it again, and decide anew.",
        ("expectedVersion",),
        current_version=version,
    )
