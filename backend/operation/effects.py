"""Runs what follows from a write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg import Error

from backend.interface.effect import KEYS
from backend.operation.database_error import meaning
from backend.operation.problem import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Executable

    from backend.access.policy import Action
    from backend.interface.entity import Entity
    from backend.operation.writing import Writing
    from backend.plan.keys import Key
    from backend.plan.run import Row


@dataclass(frozen=True)
class Done:
    """One write, as its effects see it (`backend.interface.effect.Written`)."""

    writing: Writing
    keys: Sequence[Key]
    before: Mapping[str, Any] = field(default_factory=dict)
    changed: Mapping[str, Any] = field(default_factory=dict)

    async def run(self, statement: Executable, **given: object) -> list[Row]:
        """The rows of a statement."""
        (rows,) = await self.writing.fetch((statement, {KEYS: [key[0] for key in self.keys], **given}))
        return rows


async def run_effects(entity: Entity, action: Action, done: Done, *place: str) -> None:
    """Runs the effects that the interface declares, in order.

    Raises RefusedError, as the fault of what stands at the place, where the database refuses one.
    """
    try:
        for effect in entity.interface.effects.get(action, ()):
            await effect(done)
    except Error as error:
        raise RefusedError([meaning(done.writing.scope.catalog, entity, error, done.changed).under(*place)]) from error
