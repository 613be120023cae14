"""What a connection's arguments ask for, read and checked once before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from sqlalchemy import Integer

from backend.errors import InputError, LimitError
from backend.interface.entity import Kind, camel_case
from backend.plan.alternatives import reach, tests_in
from backend.plan.cursor import cursor_mark
from backend.plan.filter import MOST_TESTS, FilterReader
from backend.plan.filter_conditions import LEAF
from backend.plan.order import Order, declared_order, read_order, total_order
from backend.plan.search import named_conditions
from backend.plan.value import check_column, check_text, in_utc, parse_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Select

    from backend.interface.base import ListQuery, Newest
    from backend.interface.entity import Catalog, Entity, Field
    from backend.plan.alternatives import Shape
    from backend.plan.limits import Limits
    from backend.plan.search import Conditions
    from backend.plan.source import Scope

MOST_SEARCHED = 100
AFTER, BEFORE, LIMIT = "after_", "before_", "page_limit"


@dataclass(frozen=True)
class Position:
    """A place in a list: the values of its order there, some of them null."""

    values: tuple[str | None, ...]

    @property
    def nulls(self) -> tuple[bool, ...]:
        """Which values are null."""
        return tuple(value is None for value in self.values)


@dataclass(frozen=True)
class ListRequest:
    """Which rows of a list, in which order, and which page of them.

    `bound` has the values that the statements bind, by name, those of the conditions included; all else shapes the
    statements.
    """

    filter: Shape | None
    conditions: Conditions
    newest: Newest | None
    archived: str
    order: Order
    backward: bool
    after: Position | None
    before: Position | None
    size: int
    mark: bytes
    bound: Mapping[str, object]

    @property
    def shape(self) -> tuple[object, ...]:
        """What shapes the statements. A search may branch on values, so that only what it builds tells."""
        return (
            self.filter,
            self.conditions.shape,
            self.newest,
            self.archived,
            self.order,
            self.backward,
            self.after and self.after.nulls,
            self.before and self.before.nulls,
        )


def read_list_request(
    scope: Scope,
    entity: Entity,
    field: str,
    own_order: Sequence[str],
    given: Mapping[str, Any],
    limits: Limits,
    written: Select[Any] | None = None,
) -> ListRequest:
    """The request of a connection field (`field` is its name, `Course.members`) from its coerced arguments.

    `written` is the Select of a field written by hand, whose conditions come on top.

    Raises InputError, which names the argument.
    """
    bound: dict[str, object] = {}
    filter_shape = None
    if given.get("filter") is not None:
        reader = FilterReader(scope)
        try:
            filter_shape = reader.read(entity, given["filter"])
        except InputError as error:
            raise error.under("filter") from None
        _check_reach(filter_shape, limits)
        for index, leaf in enumerate(reader.leaves):
            if isinstance(leaf, list) and leaf and isinstance(leaf[0], list):
                bound.update({f"{LEAF}{index}_{part}": values for part, values in enumerate(leaf)})
            else:
                bound[f"{LEAF}{index}"] = leaf
    query, newest = _searched(scope.catalog, entity, given.get("search"))
    conditions = named_conditions(entity, query, written)
    bound.update(conditions.bound)
    order = _read_order(scope, entity, own_order, given.get("orderBy"))
    size, backward = _read_size(given.get("first"), given.get("last"), limits)
    mark = cursor_mark(field, order)
    after = _read_position(scope, mark, "after", given.get("after"))
    before = _read_position(scope, mark, "before", given.get("before"))
    for prefix, position in ((AFTER, after), (BEFORE, before)):
        bound.update({f"{prefix}{index}": value for index, value in enumerate(position.values if position else ())})
    bound[LIMIT] = size + 1
    return ListRequest(
        filter=filter_shape,
        conditions=conditions,
        newest=newest,
        archived=given["archived"].value if given.get("archived") is not None else "EXCLUDE",
        order=order,
        backward=backward,
        after=after,
        before=before,
        size=size,
        mark=mark,
        bound=bound,
    )


def _check_reach(shape: Shape, limits: Limits) -> None:
    """Raises LimitError where a filter has PostgreSQL look further than it should for one page of rows."""
    tests = tests_in(shape)
    if tests > MOST_TESTS:
        text = f"The filter comes to {tests} tests, those alike taken together; at most {MOST_TESTS} are made."
        raise LimitError(text, "filterTests", MOST_TESTS, tests)
    relations, depth = reach(shape)
    if relations > limits.filter_relations:
        text = f"The filter looks into relations {relations} times; at most {limits.filter_relations} may be."
        raise LimitError(text, "filterRelations", limits.filter_relations, relations)
    if depth > limits.filter_depth:
        text = f"The filter has relations to many {depth} deep; at most {limits.filter_depth} may be."
        raise LimitError(text, "filterDepth", limits.filter_depth, depth)


def _searched(
    catalog: Catalog, entity: Entity, given: Mapping[str, Any] | None
) -> tuple[ListQuery | None, Newest | None]:
    query = entity.interface.query
    if not given or query is None:
        return None, None
    try:
        return read_search(catalog, entity, {name: given.get(camel_case(name)) for name in query.model_fields})
    except InputError as error:
        place = (camel_case(part) if isinstance(part, str) else part for part in error.path)
        raise InputError(error.message, ("search", *place)) from None


def read_search(catalog: Catalog, entity: Entity, given: Mapping[str, Any]) -> tuple[ListQuery | None, Newest | None]:
    """The search that the values are, by attribute, null where absent; and which rows of each group it keeps.

    Raises InputError, which names the attribute.
    """
    interface = entity.interface
    if interface.query is None:
        return None, None
    values = {}
    for parameter in entity.parameters:
        value = given.get(parameter.attribute)
        if value is not None:
            try:
                values[parameter.attribute] = _search_value(catalog, parameter, value)
            except InputError as error:
                raise error.under(parameter.attribute) from None
    try:
        query = interface.query.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        raise InputError(first["msg"], first["loc"]) from None
    for attribute, value in query:
        try:
            if isinstance(value, int):
                check_column(value, Integer())
            elif isinstance(value, datetime):
                setattr(query, attribute, in_utc(value))
        except InputError as error:
            raise error.under(attribute) from None
    asked = [newest for name, newest in interface.modifiers.items() if getattr(query, name)]
    return query, asked[0] if asked else None


def _search_value(catalog: Catalog, parameter: Field, value: Any) -> Any:
    if isinstance(value, list) and len(value) > MOST_SEARCHED:
        raise InputError(f"{len(value)} values are too many: at most {MOST_SEARCHED}")
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str):
            check_text(text)
    if parameter.kind is not Kind.ID:
        return value
    target = catalog.get(parameter.target or "")
    if target is not None:
        return parse_key(target, value)[0]
    type_name, colon, key = value.partition(":")
    return key if colon and type_name in catalog else value


def _read_order(
    scope: Scope, entity: Entity, own_order: Sequence[str], given: Sequence[Mapping[str, Any]] | None
) -> Order:
    if not given:
        return total_order(entity, declared_order(own_order or entity.interface.default_order))
    try:
        return total_order(entity, read_order(scope.catalog, entity, given))
    except InputError as error:
        raise error.under("orderBy") from None


def _read_size(first: int | None, last: int | None, limits: Limits) -> tuple[int, bool]:
    if first is not None and last is not None:
        raise InputError("give first or last, not both", ("last",))
    name, size = ("last", last) if last is not None else ("first", first)
    if size is None:
        return limits.default_page, False
    if not 0 <= size <= limits.max_page:
        raise InputError(f"{size} is no page size: it lies between 0 and {limits.max_page}", (name,))
    return size, last is not None


def _read_position(scope: Scope, mark: bytes, name: str, cursor: str | None) -> Position | None:
    if cursor is None:
        return None
    try:
        return Position(scope.seal.read(cursor, mark))
    except InputError as error:
        raise error.under(name) from None
