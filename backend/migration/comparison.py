"""Differences between two catalogues, one sentence each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.migration.catalogue import Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.migration.catalogue import Catalogue

# Of these, the further ones of a database are no news: whose a table is, its columns are.
_DETAILS = frozenset(("nullability", "body", "row"))
_OF_A_COLUMN = frozenset(("column", "nullability", "default"))


@dataclass(frozen=True)
class Difference:
    """A part with its definitions here and there; None where it is missing."""

    part: Part
    actual: str | None
    expected: str | None

    @property
    def is_ours(self) -> bool:
        """Whether the gateway knows of the part: what it knows nothing of is none of its business."""
        return self.expected is not None

    @property
    def subject(self) -> str:
        """What sentences call it."""
        kind, table, name = self.part
        if kind == "table":
            return f"table {table}"
        if kind in _OF_A_COLUMN:
            return f"column {table}.{name}"
        if kind == "row":
            return f"row {name} of {table}"
        if kind == "body":
            return f"function {name}"
        return f"{kind} {name} of {table}" if table else f"{kind} {name}"

    def __str__(self) -> str:
        if self.part.kind == "default":
            return f"{self.subject} has the default {self.actual or 'NULL'}, not {self.expected or 'NULL'}"
        if self.expected is None:
            return f"{self.subject} is none of the gateway's"
        if self.part.kind == "body":
            return f"{self.subject} has another body"
        if self.actual is None:
            return f"{self.subject} is missing"
        return f"{self.subject} is {_one_line(self.actual)}, not {_one_line(self.expected)}"


def compare(actual: Catalogue, expected: Catalogue) -> list[Difference]:
    """What differs, by table. What belongs to a missing table, column or function is not told again."""
    return sorted(_differences(actual, expected), key=lambda difference: (difference.part.table, difference.part))


def _differences(actual: Catalogue, expected: Catalogue) -> Iterator[Difference]:
    for part in actual.keys() | expected.keys():
        ours, theirs = expected.get(part), actual.get(part)
        if ours == theirs or any(whole not in actual or whole not in expected for whole in _wholes(part)):
            continue
        if ours is None and part.kind in _DETAILS:
            continue
        yield Difference(part, theirs, ours)


def _wholes(part: Part) -> Iterator[Part]:
    """What must be on both sides for the part to be worth a sentence."""
    kind, table, name = part
    if table and kind != "table":
        yield Part("table", table, "")
    if kind in {"nullability", "default"}:
        yield Part("column", table, name)
    if kind == "body":
        yield Part("function", "", name)


def _one_line(definition: str) -> str:
    return " ".join(definition.split())
