"""Deletes a row and all that belongs to it, or says what would go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import Error
from sqlalchemy import select

from backend.access.policy import Action, Stage
from backend.interface.entity import words
from backend.operation.authorize import Authority, Verdict, columns, failed
from backend.operation.candidate import ROWS, rows_gone
from backend.operation.cascade import Cascade, cascade_of, counts, deletions, departing
from backend.operation.database_error import meaning
from backend.operation.effects import Done, run_effects
from backend.operation.find import find
from backend.operation.problem import Problem, ProblemCode, RefusedError, forbidden
from backend.operation.update import overwrite
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
    """How many rows of each type went, or would go, as far as the caller sees them; raises RefusedError.

    What goes with the row the caller must be allowed to delete, too; where it is part of others, with these.
    """
    found = await find(writing, entity, key, Action.DELETE, expected_version)
    if entity.interface.deletion:
        if not dry_run:
            await overwrite(writing, entity, key, entity.interface.deletion)
            await run_effects(entity, Action.DELETE, Done(writing, [key], found.values), "id")
        return {entity.name: 1}
    deletion = writing.kept(("delete", entity), lambda: _deletion(writing, entity))
    affected = await _examine(writing, deletion, key)
    if not dry_run:
        await _perform(writing, deletion, key)
        await run_effects(entity, Action.DELETE, Done(writing, [key], found.values), "id")
    elif deletion.departures:
        # What is checked of rows that are gone is found out by taking them away.
        await writing.mark()
        await _perform(writing, deletion, key)
        await writing.go_back()
    return affected


@dataclass(frozen=True)
class _Departure:
    """What is asked of rows of one kind once they are gone: what lists them, locks for them, and looks back."""

    listing: Statement
    locks: Sequence[Statement]
    verdicts: Sequence[Verdict]
    look: Statement


@dataclass(frozen=True)
class _Deletion:
    """Statements that delete rows and what goes with them: those that count, and those that delete."""

    entity: Entity
    cascade: Cascade
    look: Sequence[Statement]
    write: Sequence[Statement]
    departures: Sequence[_Departure]


def _deletion(writing: Writing, entity: Entity) -> _Deletion:
    cascade = cascade_of(writing.scope.catalog, entity)
    return _Deletion(
        entity,
        cascade,
        [writing.compiled(each) for each in counts(writing.scope, cascade, entity)],
        [writing.compiled(each) for each in deletions(writing.scope, cascade, entity)],
        [departure for kind in cascade.order if (departure := _departure(writing, cascade, entity, kind))],
    )


def _departure(writing: Writing, cascade: Cascade, entity: Entity, kind: Entity) -> _Departure | None:
    gone = rows_gone(kind)
    verdicts = Authority(writing, kind, Action.DELETE).checked(gone, Stage.AFTER)
    if not verdicts:
        return None
    listing, locks = departing(writing.scope, cascade, entity, kind)
    look = select(*columns(verdicts)).select_from(gone)
    return _Departure(
        writing.compiled(listing), [writing.compiled(each) for each in locks], verdicts, writing.compiled(look)
    )


async def _perform(writing: Writing, deletion: _Deletion, key: Key) -> None:
    """Deletes the row and what goes with it; RefusedError where something else would not be right then."""
    bound = bound_keys(deletion.entity, [key])
    gone: list[Any] = []
    for departure in deletion.departures:
        if departure.locks:
            await writing.fetch(*((lock, bound) for lock in departure.locks))
        (((listed,),),) = await writing.fetch((departure.listing, bound))
        gone.append(listed)
    try:
        await writing.fetch(*((each, bound) for each in deletion.write))
    except Error as error:
        raise RefusedError([meaning(writing.scope.catalog, deletion.entity, error)]) from error
    for departure, listed in zip(deletion.departures, gone, strict=True):
        (found,) = await writing.fetch((departure.look, {ROWS: listed}))
        problems = [problem for row in found for problem in failed(departure.verdicts, row)]
        if problems:
            raise RefusedError(dict.fromkeys(problems))


async def _examine(writing: Writing, deletion: _Deletion, key: Key) -> Affected:
    """What goes; RefusedError where the caller may not take it away, or something that stays refers to it."""
    bound = bound_keys(deletion.entity, [key])
    cascade = deletion.cascade
    found = [rows[0] for rows in await writing.fetch(*((statement, bound) for statement in deletion.look))]
    going, blocking = found[: len(cascade.order)], found[len(cascade.order) :]
    of_others = [
        _not_theirs(words(each.plural), seen, may)
        for each, (total, seen, may) in zip(cascade.order, going, strict=True)
        if may < total
    ]
    if of_others:
        raise RefusedError(of_others[:1])
    problems = [
        _blocked(words(reference.child.plural), total, seen)
        for reference, (total, seen) in zip(cascade.blocking, blocking, strict=True)
        if total
    ]
    if problems:
        raise RefusedError(dict.fromkeys(problems))
    return {each.name: seen for each, (_, seen, _) in zip(cascade.order, going, strict=True) if seen}


def _not_theirs(plural: str, seen: int, may: int) -> Problem:
    """What goes with the row and is not the caller's to delete, as far as they see it."""
    what = f"{seen - may} {plural} that you may not delete" if seen > may else "rows that you do not see"
    return forbidden(f"It would take {what} along.", "id")


def _blocked(plural: str, total: int, seen: int) -> Problem:
    """What refers to the row, as far as the caller sees it."""
    if not seen:
        return Problem(ProblemCode.CONFLICT, "Rows that you do not see refer to it.", ("id",))
    more = "; and there are more that you do not see" if total > seen else ""
    return Problem(ProblemCode.CONFLICT, f"{seen} {plural} refer to it{more}.", ("id",))
