"""JSON that a client sends: how it is read, and how much it may hold (docs/limits.md)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from backend.errors import BadRequestError
from backend.face.limits import exceeded
from backend.face.weights import VALUE, VALUES_INCLUDED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backend.face.limits import ValueLimits

# Those of a request of GraphQL around its variables.
_FURTHER = 100
_MARKS = (b",", b"[", b"{")
# Characters of a text that take as long to read as a value.
_CHARACTERS = 500
# One without an end reaches to the end of the body, so that no byte is looked at twice.
_TEXT = re.compile(rb'"[^"\\]*+(?:\\.?[^"\\]*+)*"?', re.DOTALL)


def read_json(body: bytes | str, limits: ValueLimits, name: str = "The body") -> Any:
    """The value that is written there. Raises BadRequestError where there is none.

    Raises LimitError, before anything is made of it, where it holds clearly more values than the limits allow; how
    many exactly is for `check_values` to count.
    """
    text = body.encode() if isinstance(body, str) else body
    # A value comes after a mark, and is at most one itself.
    most = 2 * limits.variable_values + _FURTHER
    if _marks(text) > most and (marks := _marks(_TEXT.sub(b"", text))) > most:
        raise exceeded("variable_values", limits.variable_values, marks // 2)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequestError(f"{name} is no JSON: {error.msg}.") from None


def _marks(text: bytes) -> int:
    return sum(map(text.count, _MARKS))


def check_values(given: Any, limits: ValueLimits) -> None:
    """Raises LimitError where there are more values, objects or levels, or longer lists, than the limits allow."""
    values = objects = 0
    level = 0
    current: list[Any] = [given] if given and isinstance(given, list | dict) else []
    while current:
        level += 1
        limits.check("variable_depth", level)
        below: list[Any] = []
        for value in current:
            if isinstance(value, list):
                limits.check("list_length", len(value))
                inner: Iterable[Any] = value
            else:
                inner = value.values()
                objects += 1
            values += len(value)
            below += [each for each in inner if isinstance(each, list | dict)]
        limits.check("variable_values", values)
        limits.check("variable_objects", objects)
        current = below


def size_of(given: Any) -> int:
    """How much there is to read: values, of which objects count twice, and texts once more for 500 characters each."""
    if given.__class__ is str:
        return 1 + len(given) // _CHARACTERS
    size, level = 0, [given]
    # Level by level, since to ask of each value by itself what it is takes as long again.
    while level:
        texts = [value for value in level if value.__class__ is str]
        objects = [value for value in level if value.__class__ is dict]
        lists = [value for value in level if value.__class__ is list]
        size += len(level) + len(objects) + sum([length // _CHARACTERS for length in map(len, texts)])
        level = [inner for value in objects for inner in value.values()]
        level += [inner for value in lists for inner in value]
    return size


def cost_of_size(size: int) -> int:
    """What it costs to read so much, all that a request has together."""
    return VALUE * max(0, size - VALUES_INCLUDED)
