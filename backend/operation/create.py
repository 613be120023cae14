"""Creates rows: one or a thousand, in the same few statements, all or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from psycopg import Error
from sqlalchemy import Integer, bindparam, insert, select

from backend.access.policy import Action, Stage
from backend.operation.authorize import Authority, Verdict, columns, failed
from backend.operation.candidate import ORDINAL, ROWS, as_json, columns_of, rows_to_create
from backend.operation.conflict import Collision
from backend.operation.database_error import meaning
from backend.operation.effects import Done, run_effects
from backend.operation.input import Values, read_create
from backend.operation.lock import parents_of_new, turns
from backend.operation.problem import MOST_PROBLEMS, Problem, RefusedError, invalid
from backend.plan.keys import Key, bound_keys, is_among

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement

    from backend.interface.entity import Entity, Relation
    from backend.operation.writing import Writing
    from backend.plan.statement import Statement


LARGEST_BATCH = 1000
UP_TO = "up_to"
_UP_TO: ColumnElement[int] = bindparam(UP_TO, type_=Integer)
NO_KEY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Created:
    """Keys of new rows in the order of their inputs, and their secrets where they have any."""

    keys: list[Key]
    secrets: list[str]


async def create(
    writing: Writing, entity: Entity, inputs: Sequence[Mapping[str, Any]], places: Sequence[tuple[str, ...]]
) -> Created:
    """The new rows; `places` are the paths that lead to the inputs.

    Raises RefusedError with all that validation and permissions refuse, and of what the database refuses the first.
    """
    if places:
        check_batch(inputs, entity.interface.children, places[0][0])
    rows, problems = read_inputs(writing, entity, inputs, places)
    children = []
    for relation in entity.children:
        child = writing.scope.catalog[relation.target]
        given, child_places = _children(relation, rows, inputs, places)
        child_rows, wrong = read_inputs(writing, child, given, child_places)
        problems += wrong
        children.append((child, child_rows, child_places))
    if problems:
        raise RefusedError(problems)
    issued = [entity.interface.issue() for _ in rows] if entity.interface.issue is not None else []
    for row, each in zip(rows, issued, strict=bool(issued)):
        row.update(each.stored)
    keys = await create_rows(writing, entity, rows, places)
    now = writing
    for child, child_rows, child_places in children:
        if child_rows:
            # Their creator may do with them what the rows above have just entitled them to.
            now = await now.as_who_they_are_now()
            await create_rows(now, child, child_rows, child_places)
    return Created(keys, [each.secret for each in issued])


def check_batch(inputs: Sequence[object], children: Collection[str], place: str) -> None:
    """Raises RefusedError where the inputs and their children, under these names, are more than are written at once.

    Faces ask it of inputs as they came, before they make anything of them. `place` is where the inputs stand.
    """
    below = (each[name] for each in inputs if isinstance(each, Mapping) for name in children if name in each)
    count = len(inputs) + sum(len(given) for given in below if isinstance(given, list))
    if count > LARGEST_BATCH:
        text = f"{count} rows are too many, all that belongs to them counted: at most {LARGEST_BATCH} at once."
        raise RefusedError([invalid(text, place)])


def _children(
    relation: Relation, rows: Sequence[Values], inputs: Sequence[Mapping[str, Any]], places: Sequence[tuple[str, ...]]
) -> tuple[list[dict[str, Any]], list[tuple[str, ...]]]:
    """The inputs of all rows' children of one kind, which belong to them now, and where they stand."""
    found, child_places = [], []
    for row, given, place in zip(rows, inputs, places, strict=True):
        for index, child in enumerate(given.get(relation.attribute) or ()):
            # Of a row that is refused the key may be missing; its children's other values are read all the same.
            found.append({**child, relation.remote: row.get(relation.local, NO_KEY)})
            child_places.append((*place, relation.attribute, str(index)))
    return found, child_places


def read_inputs(
    writing: Writing, entity: Entity, inputs: Sequence[Mapping[str, Any]], places: Sequence[tuple[str, ...]]
) -> tuple[list[Values], list[Problem]]:
    """The rows, and what is wrong with them. Raises RefusedError where that is more than anybody is told."""
    rows: list[Values] = []
    problems: list[Problem] = []
    for given, place in zip(inputs, places, strict=True):
        own = {name: value for name, value in given.items() if name not in entity.interface.children}
        row, wrong = read_create(writing.scope.catalog, entity, own)
        rows.append(row)
        problems += [problem.under(*place) for problem in wrong]
        if len(problems) > MOST_PROBLEMS:
            raise RefusedError(problems)
    return rows, problems


async def create_rows(
    writing: Writing, entity: Entity, rows: Sequence[Values], places: Sequence[tuple[str, ...]]
) -> list[Key]:
    """The keys of the rows, which were read before; raises as `create` does."""
    given = {ROWS: orjson.dumps(as_json(entity, rows)).decode()}
    attributes = tuple(sorted(set().union(*rows)))
    creation = writing.kept(("create", entity, attributes), lambda: _creation(writing, entity, attributes))
    for locking in creation.locks:
        await writing.fetch((locking, given))
    try:
        (found,) = await writing.again((creation.look, given))
    except Error as error:
        raise RefusedError([meaning(writing.scope.catalog, entity, error).under(*_common(places))]) from error
    if problems := [
        problem.under(*places[row[0]]) for row in found for problem in _first_kind(failed(creation.verdicts, row[1:]))
    ]:
        raise RefusedError(problems)
    try:
        await (writing.fetch if len(rows) == 1 else writing.attempt)((creation.insert, {**given, UP_TO: len(rows)}))
    except Error as error:
        problem = meaning(writing.scope.catalog, entity, error)
        name = error.diag.constraint_name
        refused = await _first_refused(writing, creation.insert, given, len(rows))
        collision = Collision(entity, problem, name, lambda _: rows_to_create(entity), given, places, refused)
        raise RefusedError([problem], collision) from error
    keys = [tuple(str(row[part]) for part in entity.key) for row in rows]
    await check_written(writing, entity, Action.CREATE, keys, places)
    await run_effects(entity, Action.CREATE, Done(writing, keys), *_common(places))
    return keys


@dataclass(frozen=True)
class _Creation:
    """Statements that create rows: what they lock, whether the caller may, and the insert."""

    locks: Sequence[Statement]
    verdicts: Sequence[Verdict]
    look: Statement
    insert: Statement


def _creation(writing: Writing, entity: Entity, attributes: Sequence[str]) -> _Creation:
    """For rows of which these attributes are given."""
    candidate = rows_to_create(entity)
    authority = Authority(writing, entity, Action.CREATE)
    verdicts = [
        *authority.referred(candidate, attributes),
        *authority.granted(candidate),
        *authority.checked(candidate, Stage.PLANNED),
    ]
    order = candidate.c[ORDINAL]
    table: Any = entity.model.__table__
    written = [
        columns_of(entity)[attribute]
        for attribute in dict.fromkeys([*entity.key, *attributes, *entity.interface.derived])
        if attribute in columns_of(entity)
    ]
    source = select(*(candidate.c[str(column.key)] for column in written)).where(order < _UP_TO).order_by(order)
    statement = insert(table).from_select([column.name for column in written], source, include_defaults=False)
    locks = (*parents_of_new(writing, entity, candidate), *turns(entity, candidate))
    return _Creation(
        [writing.compiled(lock) for lock in locks],
        verdicts,
        writing.compiled(select(order, *columns(verdicts)).select_from(candidate).order_by(order)),
        writing.compiled(statement),
    )


async def _first_refused(writing: Writing, statement: Statement, given: Mapping[str, object], count: int) -> int:
    """The number of the first row that the database refuses: the last of the fewest that it refuses together."""
    taken, refused = 0, count
    while refused - taken > 1:
        middle = (taken + refused) // 2
        if await writing.is_refused((statement, {**given, UP_TO: middle})):
            refused = middle
        else:
            taken = middle
    return refused - 1


async def check_written(
    writing: Writing, entity: Entity, action: Action, keys: Sequence[Key], places: Sequence[tuple[str, ...]]
) -> None:
    """Raises RefusedError where a row, now that it is written, breaks a check."""
    look, verdicts = writing.kept(("written", entity, action), lambda: _look_at_written(writing, entity, action))
    if not verdicts:
        return
    (found,) = await writing.fetch((look, bound_keys(entity, keys)))
    of = dict(zip(keys, places, strict=True))
    problems = [
        problem.under(*of[tuple(map(str, row[-len(entity.key) :]))])
        for row in found
        for problem in failed(verdicts, row)
    ]
    if problems:
        raise RefusedError(problems)


def _look_at_written(writing: Writing, entity: Entity, action: Action) -> tuple[Statement, Sequence[Verdict]]:
    source = writing.source(entity)
    verdicts = Authority(writing, entity, action).checked(source.table, Stage.AFTER)
    own = [source.raw[part] for part in entity.key]
    return writing.compiled(select(*columns(verdicts), *own).where(is_among(entity, source))), verdicts


def _common(places: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The path to all rows: to the one, or to their list."""
    return places[0] if len(places) == 1 else places[0][:-1] if places else ()


def _first_kind(problems: list[Problem]) -> list[Problem]:
    """Of a row's problems those of the first kind alone: what is not seen hides what may not be done with it."""
    return [problem for problem in problems if problem.code is problems[0].code]
