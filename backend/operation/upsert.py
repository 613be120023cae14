"""Creates a row, or updates the one with the same key: a look-up, and then either with its own rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Text, and_, cast, select

from backend.access.columns import Columns
from backend.operation.candidate import ROWS, as_json, rows_to_create
from backend.operation.create import create_rows, read_inputs
from backend.operation.problem import OvertakenError, RefusedError, invalid
from backend.operation.update import update_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.interface.entity import Entity
    from backend.operation.input import Values
    from backend.operation.writing import Writing
    from backend.plan.keys import Key

_PLACE = ("input",)


async def upsert(
    writing: Writing, entity: Entity, given: Mapping[str, Any], unique: tuple[str, ...]
) -> tuple[Key, bool]:
    """The key of the row, and whether it is new; raises RefusedError.

    A row that the caller does not see counts as none: creating it again is an ordinary conflict.
    """
    (row,), problems = read_inputs(writing, entity, [given], [_PLACE])
    missing = [invalid("upserting by this key needs a value", *_PLACE, name) for name in unique if name not in row]
    text = "What belongs to a row is created with it, not upserted."
    below = [invalid(text, *_PLACE, name) for name in entity.interface.children if given.get(name)]
    if problems or missing or below:
        raise RefusedError([*problems, *missing, *below])
    key = await _find(writing, entity, row, unique)
    if key is None:
        try:
            return (await create_rows(writing, entity, [row], [_PLACE]))[0], True
        except RefusedError as refused:
            # Somebody has just created it; or it is none that the caller sees, which looking again will show.
            if any(set(problem.fields) == set(unique) for problem in refused.problems):
                raise OvertakenError(refused) from refused
            raise
    await update_row(writing, entity, key, _changes(entity, given, unique), None)
    return key, False


async def _find(writing: Writing, entity: Entity, row: Values, unique: tuple[str, ...]) -> Key | None:
    candidate = rows_to_create(entity)
    source = writing.source(entity)
    wanted = Columns(entity.model, candidate)
    same = and_(*(source.raw[name] == wanted[name] for name in unique))
    keys = [cast(source.raw[part], Text) for part in entity.key]
    labelled = [key.label(f"k{index}") for index, key in enumerate(keys)]
    statement = select(*labelled).select_from(source.table.join(candidate, same)).where(*source.visible())
    bound = {ROWS: orjson.dumps(as_json(entity, [row])).decode()}
    (found,) = await writing.fetch((statement.with_for_update(of=source.table, key_share=True), bound))
    return tuple(found[0]) if found else None


def _changes(entity: Entity, given: Mapping[str, Any], unique: tuple[str, ...]) -> dict[str, Any]:
    """What of the input changes a row that is there: what says which row it is does not, and nothing is cleared."""
    update = entity.interface.update
    kept = {*unique, *entity.interface.children}
    changing = {name: value for name, value in given.items() if name not in kept and value is not None}
    fixed = [name for name in changing if update is None or name not in update.model_fields]
    if fixed:
        text = "The row is there already, and this cannot be changed."
        raise RefusedError(invalid(text, *_PLACE, name) for name in fixed)
    return changing
