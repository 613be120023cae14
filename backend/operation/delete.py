"""Deletes a row and all that belongs to it, or says what would go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import Error

from backend.access.policy import Action
from backend.interface.entity import words
from backend.operation.cascade import Cascade, cascade_of, counts, deletions
from backend.operation.database_error import meaning
from backend.operation.effects import Done, run_effects
from backend.operation.problem import Problem, ProblemCode, RefusedError
from backend.operation.update import find, overwrite
from backend.plan.keys import Key, bound_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.interface.entity import Entity
    from backend.operation.writing import Writing
    from backend.plan.statement import Statement

Affected = dict[str, int]


async def delete_row(
    writing: Writing, entity: Entity, key: Key, expected_version: int | None, *, dry_run: bool
) -> Affected:
    """How many rows of each type went, or would go, as far as the caller sees them; raises RefusedError."""
    found = await find(writing, entity, key, Action.DELETE, expected_version)
    if entity.interface.deletion:
        if not dry_run:
            await overwrite(writing, entity, key, entity.interface.deletion)
            await run_effects(entity, Action.DELETE, Done(writing, [key], found.values), "id")
        return {entity.name: 1}
    deletion = writing.kept(("delete", entity), lambda: _deletion(writing, entity))
    affected = await _examine(writing, deletion, key)
    if not dry_run:
        try:
            bound = bound_keys(entity, [key])
            await writing.fetch(*((each, bound) for each in deletion.write))
        except Error as error:
            raise RefusedError([meaning(writing.scope.catalog, entity, error)]) from error
        await run_effects(entity, Action.DELETE, Done(writing, [key], found.values), "id")
    return affected


@dataclass(frozen=True)
class _Deletion:
    """Statements that delete rows and what goes with them: those that count, and those that delete."""

    entity: Entity
    cascade: Cascade
    look: Sequence[Statement]
    write: Sequence[Statement]


def _deletion(writing: Writing, entity: Entity) -> _Deletion:
    cascade = cascade_of(writing.scope.catalog, entity)
    return _Deletion(
        entity,
        cascade,
        [writing.compiled(each) for each in counts(writing.scope, cascade, entity)],
        [writing.compiled(each) for each in deletions(writing.scope, cascade, entity)],
    )


async def _examine(writing: Writing, deletion: _Deletion, key: Key) -> Affected:
    """What goes; RefusedError where something that stays refers to it."""
    bound = bound_keys(deletion.entity, [key])
    cascade = deletion.cascade
    found = [rows[0] for rows in await writing.fetch(*((statement, bound) for statement in deletion.look))]
    going, blocking = found[: len(cascade.order)], found[len(cascade.order) :]
    problems = [
        _blocked(words(reference.child.plural), total, seen)
        for reference, (total, seen) in zip(cascade.blocking, blocking, strict=True)
        if total
    ]
    if problems:
        raise RefusedError(dict.fromkeys(problems))
    return {each.name: seen for each, (_, seen) in zip(cascade.order, going, strict=True) if seen}


def _blocked(plural: str, total: int, seen: int) -> Problem:
    """What refers to the row, as far as the caller sees it."""
    if not seen:
        return Problem(ProblemCode.CONFLICT, "Rows that you do not see refer to it.", ("id",))
    more = "; and there are more that you do not see" if total > seen else ""
    return Problem(ProblemCode.CONFLICT, f"{seen} {plural} refer to it{more}.", ("id",))
