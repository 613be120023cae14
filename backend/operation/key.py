"""Keys of rows to write, as clients give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.errors import InputError
from backend.operation.problem import RefusedError, invalid
from backend.plan.value import parse_key

if TYPE_CHECKING:
    from backend.interface.entity import Entity
    from backend.plan.keys import Key


def read_key(entity: Entity, value: str, argument: str) -> Key:
    """The key that an argument gives, as a global id or bare. Raises RefusedError."""
    try:
        return parse_key(entity, value)
    except InputError as error:
        raise RefusedError([invalid(error.message, argument)]) from None
