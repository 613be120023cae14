"""Why a write did not happen, as data: what a client did wrong, or ran into."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backend.operation.conflict import Collision

Path = tuple[str, ...]
MOST_PROBLEMS = 20


class ProblemCode(Enum):
    """What kind of problem."""

    VALIDATION = "A value breaks a rule."
    CONFLICT = "A row with this key exists, or another still refers to this one."
    STALE_VERSION = "The row has changed since expectedVersion."
    NOT_FOUND = "There is no such row for the caller."
    FORBIDDEN = "The caller may see the row, and may not do this."
    RETRY = "It collided with another change and may be tried again."
    ROLLED_BACK = "Another mutation of this @atomic operation failed, so this one did not happen."


@dataclass(frozen=True)
class Problem:
    """One reason. `path` leads from the arguments to the value, such as `("input", "title")`.

    Conflicts name the `fields` of the key that is taken and, where the caller may see it, the row in the way as
    `conflicting`: its type and its bare key. A stale version comes with the `current_version`.
    """

    code: ProblemCode
    message: str
    path: Path = ()
    fields: tuple[str, ...] = ()
    conflicting: tuple[str, tuple[str, ...]] | None = None
    current_version: int | None = None

    def under(self, *outer: str) -> Problem:
        """The same problem, its path seen from further out."""
        return replace(self, path=(*outer, *self.path))


class RefusedError(Exception):
    """The write does not happen; the transaction is to be rolled back.

    Of many problems the first are told, and that there are more.
    What the database refused may be `explained` afterwards, in a transaction of its own.
    """

    def __init__(self, problems: Iterable[Problem], collision: Collision | None = None) -> None:
        super().__init__()
        told = tuple(islice(problems, MOST_PROBLEMS + 1))
        if len(told) > MOST_PROBLEMS:
            last = told[MOST_PROBLEMS]
            text = f"There are more problems than these {MOST_PROBLEMS}."
            told = (*told[:MOST_PROBLEMS], Problem(last.code, text, last.path[:1]))
        self.problems = told
        self.collision = collision


class OvertakenError(Exception):
    """Another write came first: what was looked for is there now, perhaps, and the transaction is to begin anew.

    Where it is not the first time, `refused` says what to answer.
    """

    def __init__(self, refused: RefusedError) -> None:
        super().__init__()
        self.refused = refused


def not_found(*path: str) -> Problem:
    """No such row, or none that the caller may see."""
    return Problem(ProblemCode.NOT_FOUND, "There is no such row that you may see.", path)


def forbidden(message: str, *path: str) -> Problem:
    """The caller may not do this."""
    return Problem(ProblemCode.FORBIDDEN, message, path)


def invalid(message: str, *path: str) -> Problem:
    """A value breaks a rule."""
    return Problem(ProblemCode.VALIDATION, message, path)
