"""What a write brings about besides the row itself, in the same transaction. How to write one: docs/writing.md."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import ARRAY, ColumnElement, Executable, any_, bindparam


class Written(Protocol):
    """The rows of one write, and the transaction that it happens in."""

    @property
    def keys(self) -> Sequence[tuple[str, ...]]:
        """Their keys."""
        ...

    @property
    def before(self) -> Mapping[str, Any]:
        """Of an updated row, the values before, by attribute; empty for others."""
        ...

    @property
    def changed(self) -> Mapping[str, Any]:
        """Of an updated row, the values that were given, by attribute; empty for others."""
        ...

    async def run(self, statement: Executable, **given: object) -> list[tuple[Any, ...]]:
        """The rows of a statement; `is_written(…)`, `is_held(…)` and what `given` names are bound in it."""
        ...


Effect = Callable[[Written], Awaitable[None]]

KEYS = "written_keys"


def is_written(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """That a column holds the key of one of the rows that were written."""
    return column == any_(bindparam(KEYS, type_=ARRAY(column.type)))
