"""Figures over the rows of a list, and over groups of them."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from tests.differential.reference_filter import check_operand, holds
from tests.differential.reference_pages import DEFAULT_PAGE, LARGEST_PAGE
from tests.differential.reference_relations import RELATIONS
from tests.differential.reference_values import BIG_INTEGERS, InputError, as_json, shown, snake_case, sort_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from tests.differential.reference_pages import Listing
    from tests.differential.reference_rows import Row
    from tests.differential.reference_values import Reader

_CUTS: dict[str, dict[str, int]] = {
    "HOUR": {"minute": 0},
    "DAY": {"hour": 0, "minute": 0},
    "WEEK": {"hour": 0, "minute": 0},
    "MONTH": {"day": 1, "hour": 0, "minute": 0},
    "YEAR": {"month": 1, "day": 1, "hour": 0, "minute": 0},
}


def figures(reader: Reader, rows: Sequence[Row]) -> dict[str, Any]:
    """The count, and resolvers of min, max, avg and sum; null over none."""

    def figure(compute: Callable[[list[Any]], Any]) -> Figures:
        return Figures(reader, rows, compute)

    return {
        "count": len(rows),
        "min": figure(min),
        "max": figure(max),
        "avg": figure(lambda values: math.fsum(values) / len(values)),
        "sum": figure(lambda values: math.fsum(values) if isinstance(values[0], float) else str(sum(values))),
    }


@dataclass(frozen=True)
class Figures:
    """One kind of figure, of every field that has it."""

    reader: Reader
    rows: Sequence[Row]
    compute: Callable[[list[Any]], Any]

    def of(self, field: str) -> Any:
        """The figure of one field."""
        found = (self.reader.value(row, snake_case(field)) for row in self.rows)
        values = [value for value in found if value is not None]
        if not values:
            return None
        result = self.compute(values)
        return str(result) if snake_case(field) in BIG_INTEGERS and isinstance(result, int) else as_json(result)


@dataclass(frozen=True)
class _Key:
    """One key of groups: the way to a field, and what a moment is cut to."""

    path: tuple[str, ...]
    type: str
    unit: str

    @property
    def attribute(self) -> str:
        return snake_case(self.path[-1])

    def of(self, reader: Reader, row: Row) -> Any:
        """The key of a row; null where a row on the way is not visible."""
        found: Row | None = row
        for field in self.path[:-1]:
            found = None if found is None else reader.one(found, field)
        value = None if found is None else reader.value(found, self.attribute)
        return value if value is None or self.unit == "VALUE" else cut(value, self.unit)


def cut(moment: datetime, unit: str) -> datetime:
    """The start of the hour, day, ISO week, month or year that a moment lies in, in UTC."""
    start = moment.astimezone(UTC).replace(second=0, microsecond=0, **_CUTS[unit])  # type: ignore[arg-type] # no tzinfo
    return start - timedelta(days=start.weekday()) if unit == "WEEK" else start


def _read_key(type_name: str, given: Mapping[str, Any], path: tuple[str, ...] = ()) -> _Key:
    ((name, inner),) = given.items()
    relation = RELATIONS.get((type_name, name))
    if relation is not None:
        return _read_key(relation.target, inner, (*path, name))
    return _Key((*path, name), type_name, inner)


def check_groups(type_name: str, args: Mapping[str, Any]) -> None:
    """InputError where the arguments of `groups` break a rule."""
    paths = [_read_key(type_name, given).path for given in args["by"]]
    if not paths or len(set(paths)) < len(paths):
        raise InputError("no key, or one twice")
    if not 0 <= _size(args) <= LARGEST_PAGE:
        raise InputError("no number of groups")
    having = args.get("having") or {}
    if "count" in having and having["count"] is None:
        raise InputError("count is null")
    for operator, operand in having.get("count", {}).items():
        check_operand(operator, operand)


def groups(listing: Listing, args: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the groups of a list answer."""
    reader = listing.reader
    keys = [_read_key(listing.type, given) for given in args["by"]]
    members: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in listing.rows:
        members[tuple(key.of(reader, row) for key in keys)].append(row)
    tests = (args.get("having") or {}).get("count", {})
    kept = [
        values
        for values, rows in members.items()
        if all(holds(len(rows), operator, operand) for operator, operand in tests.items())
    ]
    # Sorted by what breaks ties first; each sort leaves equal ones as they are.
    kept.sort(key=lambda values: [_place(key, value) for key, value in zip(keys, values, strict=True)])
    for order in reversed(args.get("orderBy") or ()):
        kept.sort(key=lambda values: len(members[values]), reverse=order["count"].startswith("DESC"))
    return [{"keys": _named(keys, values), **figures(reader, members[values])} for values in kept[: _size(args)]]


def _size(args: Mapping[str, Any]) -> int:
    return DEFAULT_PAGE if args.get("first") is None else args["first"]


def _place(key: _Key, value: Any) -> tuple[bool, Any]:
    """What a group is ordered by: nulls come last."""
    return (True, 0) if value is None else (False, sort_key(key.type, key.attribute, value))


class Keys(dict[str, Any]):
    """The keys of a group by the names that lead to them; what is no key is null."""

    def __missing__(self, name: str) -> None:
        return None


def _named(keys: Sequence[_Key], values: Sequence[Any]) -> Keys:
    found = Keys()
    for key, value in zip(keys, values, strict=True):
        place = found
        for field in key.path[:-1]:
            place = place.setdefault(field, Keys())
        place[key.path[-1]] = shown(key.type, key.attribute, value)
    return found
