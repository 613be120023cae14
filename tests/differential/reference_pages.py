"""Lists: their order and their pages."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass
from functools import cached_property, cmp_to_key
from typing import TYPE_CHECKING, Any

from backend.interface.registry import INTERFACES
from tests.differential.reference_filter import check_filter, passes
from tests.differential.reference_relations import RELATIONS
from tests.differential.reference_rows import key_of
from tests.differential.reference_search import NEWEST, check_search, searched
from tests.differential.reference_values import (
    InputError,
    database_id,
    is_archived,
    read_id,
    snake_case,
    sort_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.differential.reference_rows import Row
    from tests.differential.reference_values import Reader

DEFAULT_PAGE = 50
LARGEST_PAGE = 500
CURSOR = "ref:"
_DEFAULT_ORDERS = {interface.model.__name__: interface.default_order for interface in INTERFACES}


@dataclass(frozen=True)
class Term:
    """One term of an order: a path of relations to one, then an attribute."""

    path: tuple[str, ...]
    attribute: str
    descending: bool
    nulls_first: bool


def default_terms(type_name: str, field: str) -> list[Term]:
    """The order that a list has by itself."""
    if field == "Course.members":
        ascending = {"descending": False, "nulls_first": False}
        return [Term(("user",), "family_name", **ascending), Term(("user",), "given_name", **ascending)]
    return [
        Term((), name.removeprefix("-"), descending=name.startswith("-"), nulls_first=name.startswith("-"))
        for name in _DEFAULT_ORDERS[type_name]
    ]


def asked_terms(type_name: str, order: Mapping[str, Any]) -> Term:
    """The term that an input asks for."""
    path: tuple[str, ...] = ()
    while True:
        ((name, inner),) = order.items()
        if not isinstance(inner, str):
            path, type_name, order = (*path, name), RELATIONS[type_name, name].target, inner
            continue
        descending = inner.startswith("DESC")
        nulls_first = inner in ("DESC", "ASC_NULLS_FIRST")
        return Term(path, snake_case(name), descending=descending, nulls_first=nulls_first)


def value_of_term(reader: Reader, row: Row, term: Term) -> Any:
    """What a row is ordered by; null where a row on the way is not visible."""
    for field in term.path:
        target = reader.one(row, field)
        if target is None:
            return None
        row = target
    if (row.type, term.attribute) == ("CourseContent", "tree_key"):
        return reader.world.tree_order(row)
    if term.attribute == "id":
        return key_of(row)
    value = reader.value(row, term.attribute)
    return None if value is None else sort_key(row.type, term.attribute, value)


class Listing:
    """What a list field answers."""

    def __init__(
        self, reader: Reader, field: str, type_name: str, rows: Iterable[Row], args: Mapping[str, Any]
    ) -> None:
        self.reader = reader
        self.type = type_name
        self._field = field
        self._terms = _terms(type_name, field, args)
        # Of the order itself: to ask for the order that the list has anyway makes no other cursors.
        self._signature = json.dumps([field, *(astuple(term) for term in self._terms)])
        self._args = args
        self._places: dict[Row, tuple[list[Any], tuple[str, ...]]] = {}
        kept = [row for row in rows if reader.viewer.sees(row) and self._is_asked_for(row)]
        search = args.get("search") or {}
        self.rows = _newest(kept) if search.get("latest") else kept

    def _is_asked_for(self, row: Row) -> bool:
        archived = self._args.get("archived", "EXCLUDE")
        if archived != "INCLUDE" and is_archived(row) != (archived == "ONLY"):
            return False
        return searched(self.reader, row, self._args.get("search") or {}) and passes(
            self.reader, row, self._args.get("filter") or {}
        )

    def _place(self, row: Row) -> tuple[list[Any], tuple[str, ...]]:
        """What a row is ordered by."""
        if row not in self._places:
            self._places[row] = [value_of_term(self.reader, row, term) for term in self._terms], key_of(row)
        return self._places[row]

    def compare(self, one: Row, other: Row) -> int:
        """Negative where the one comes first. Ties are broken by the key, in the direction of the last term."""
        (values, key), (other_values, other_key) = self._place(one), self._place(other)
        for term, a, b in zip(self._terms, values, other_values, strict=True):
            if a == b:
                continue
            if a is None or b is None:
                return -1 if (a is None) == term.nulls_first else 1
            return -1 if (a < b) != term.descending else 1
        by_key = (key > other_key) - (key < other_key)
        return -by_key if self._terms and self._terms[-1].descending else by_key

    @cached_property
    def sorted(self) -> list[Row]:
        """All rows, in their order."""
        return sorted(self.rows, key=cmp_to_key(self.compare))

    @cached_property
    def _bounds(self) -> tuple[int, int]:
        low, high = 0, len(self.sorted)
        after, before = self._args.get("after"), self._args.get("before")
        if after is not None:
            position = self.row_of_cursor(after)
            low = sum(self.compare(row, position) <= 0 for row in self.sorted)
        if before is not None:
            position = self.row_of_cursor(before)
            high = max(low, sum(self.compare(row, position) < 0 for row in self.sorted))
        if self._args.get("last") is not None:
            return max(low, high - self._args["last"]), high
        first = self._args.get("first")
        return low, min(high, low + (DEFAULT_PAGE if first is None else first))

    @property
    def page(self) -> list[Row]:
        """The rows of the page."""
        low, high = self._bounds
        return self.sorted[low:high]

    @property
    def has_next(self) -> bool:
        """Whether items follow the page. A cursor stands for an item, so one follows where a page ends before it."""
        return self._bounds[1] < len(self.sorted) or self._args.get("before") is not None

    @property
    def has_previous(self) -> bool:
        """Whether items come before the page. A cursor stands for an item, so one does where a page begins after it."""
        return self._bounds[0] > 0 or self._args.get("after") is not None

    def cursor(self, row: Row) -> str:
        """Where a row stands, for this list and order only."""
        return f"{CURSOR}{self._signature}|{database_id(row)}"

    def row_of_cursor(self, cursor: str) -> Row:
        """The row at a cursor; InputError where it is none of this list and order."""
        row = None
        if cursor.startswith(f"{CURSOR}{self._signature}|"):
            row = self.reader.world.get(self.type, read_id(cursor.rpartition("|")[2], self.type))
        if row is None:
            raise InputError("this cursor belongs to another list or order")
        return row


def _terms(type_name: str, field: str, args: Mapping[str, Any]) -> list[Term]:
    asked = [asked_terms(type_name, order) for order in args.get("orderBy") or ()]
    return asked or default_terms(type_name, field)


def _newest(rows: list[Row]) -> list[Row]:
    """The newest row of each."""
    found: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: (row[NEWEST[row.type][1]], row["id"])):
        found[row[NEWEST[row.type][0]]] = row
    return list(found.values())


def check_listing(field: str, type_name: str, args: Mapping[str, Any], reader: Reader) -> None:
    """InputError where the arguments of a list break a rule."""
    first, last = args.get("first"), args.get("last")
    if first is not None and last is not None:
        raise InputError("both first and last")
    if any(size is not None and not 0 <= size <= LARGEST_PAGE for size in (first, last)):
        raise InputError("no size of a page")
    check_filter(type_name, args.get("filter") or {})
    check_search(type_name, args.get("search") or {})
    empty = Listing(reader, field, type_name, [], args)
    for cursor in (args.get("after"), args.get("before")):
        if cursor is not None:
            empty.row_of_cursor(cursor)
