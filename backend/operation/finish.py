"""What every write ends with, before its answer is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import Error

from backend.operation.database_error import meaning
from backend.operation.problem import RefusedError

if TYPE_CHECKING:
    from backend.interface.entity import Entity
    from backend.operation.writing import Writing


async def finish(writing: Writing, entity: Entity) -> Writing:
    """The transaction as the caller goes on in it, with the rights that they have now.

    `entity` is what was written. Raises RefusedError where a constraint does not hold that could wait until now.
    """
    try:
        await writing.hold_constraints()
    except Error as error:
        raise RefusedError([meaning(writing.scope.catalog, entity, error)]) from error
    return await writing.as_who_they_are_now()
