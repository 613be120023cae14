"""Groups of a list: the keys that make them, which of them are kept, and how they are made into JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, select
from sqlalchemy import false as sql_false
from sqlalchemy import true as sql_true

from backend.errors import InputError
from backend.interface.entity import Entity, Field, Kind
from backend.plan.aggregate import COUNT
from backend.plan.operators import NO_TEST, build_test, read_test
from backend.plan.order import DIRECTIONS
from backend.plan.source import literal_value, shown

if TYPE_CHECKING:
    from sqlalchemy import UnaryExpression

    from backend.interface.entity import Catalog
    from backend.plan.aggregate import Figure
    from backend.plan.limits import Limits
    from backend.plan.run import Run
    from backend.plan.source import Source

MAX_KEYS = 16
BY_VALUE = "VALUE"

# By the names that lead to a key in GraphQL: relations, then a field.
Path = tuple[str, ...]
Keys = Mapping[Path, Any]


def grouped_fields(entity: Entity) -> dict[str, Field]:
    """The fields that may be the key of a group: a row's own id would make groups of one."""
    return {
        field.name: field
        for field in entity.fields.values()
        if field.in_sql and field.kind is not Kind.STRING_LIST and field.name not in ("id", "databaseId")
    }


@dataclass(frozen=True)
class GroupKey:
    """A value that the rows of a group share; `attribute` is dotted across relations to one.

    A moment is cut to the start of a `unit`, in UTC.
    """

    path: Path
    attribute: str
    field: Field
    unit: str

    def value(self, source: Source) -> ColumnElement[Any]:
        """The key of a row."""
        value = source[self.attribute]
        if self.unit == BY_VALUE:
            return value
        return func.date_trunc(literal_value(self.unit.lower()), value, literal_value("UTC"), type_=value.type)


@dataclass(frozen=True)
class GroupsRequest:
    """Which groups of a list, and in which order; `bound` has the values that the statement binds, by name."""

    prefix: str
    keys: tuple[GroupKey, ...]
    having: tuple[tuple[str, object], ...]
    order: tuple[str, ...]
    bound: Mapping[str, object]

    @property
    def shape(self) -> tuple[object, ...]:
        """What shapes the statement."""
        keys = tuple((key.attribute, key.unit) for key in self.keys)
        return (keys, tuple((name, name == "isNull" and value) for name, value in self.having), self.order)

    def named(self, values: Sequence[Any]) -> Keys:
        """The keys of one group, by their paths."""
        return dict(zip((key.path for key in self.keys), values, strict=True))


@dataclass(frozen=True)
class Groups:
    """A `groups` field of a connection: what is asked for, and the figures of each group."""

    request: Callable[[Run], GroupsRequest]
    figures: tuple[Figure, ...]


def read_groups(
    catalog: Catalog, entity: Entity, prefix: str, given: Mapping[str, Any], limits: Limits
) -> GroupsRequest:
    """The request of a `groups` field from its coerced arguments; InputError names the argument.

    What the statement binds has names that begin with `prefix`.
    """
    if not given["by"]:
        raise InputError("groups need one key at least", ("by",))
    if len(given["by"]) > MAX_KEYS:
        raise InputError(f"groups have at most {MAX_KEYS} keys", ("by",))
    keys: list[GroupKey] = []
    for index, item in enumerate(given["by"]):
        key = _read_key(catalog, entity, item, (), ())
        if any(key.path == other.path for other in keys):
            raise InputError(f"{'.'.join(key.path)} is a key already", ("by", index))
        keys.append(key)
    size = given.get("first")
    size = limits.default_page if size is None else size
    if not 0 <= size <= limits.max_page:
        raise InputError(f"{size} is no number of groups: it lies between 0 and {limits.max_page}", ("first",))
    having = _read_having(given.get("having") or {})
    bound: dict[str, object] = {f"{prefix}limit": size}
    bound.update({f"{prefix}{name}": value for name, value in having if name != "isNull"})
    order = tuple(item["count"].value for item in given.get("orderBy") or ())
    return GroupsRequest(prefix, tuple(keys), having, order, bound)


def _read_key(
    catalog: Catalog, entity: Entity, item: Mapping[str, Any], path: Path, attributes: tuple[str, ...]
) -> GroupKey:
    if len(path) > MAX_KEYS:
        raise InputError(f"a key crosses at most {MAX_KEYS} relations", ("by",))
    name, given = next(iter(item.items()))
    if name in entity.relations:
        relation = entity.relations[name]
        return _read_key(catalog, catalog[relation.target], given, (*path, name), (*attributes, relation.attribute))
    field = entity.fields[name]
    return GroupKey((*path, name), ".".join((*attributes, field.attribute)), field, given.value)


def _read_having(given: Mapping[str, Any]) -> tuple[tuple[str, object], ...]:
    if "count" not in given:
        return ()
    if given["count"] is None:
        raise InputError(NO_TEST, ("having", "count"))
    tests: list[tuple[str, object]] = []
    for name, value in given["count"].items():
        try:
            read = read_test(Kind.INT, Integer(), name, value) if value is None or name != "isNull" else bool(value)
        except InputError as error:
            raise error.under("having", "count", name) from None
        tests.append((name, read))
    return tuple(tests)


def build_groups(
    request: GroupsRequest, figures: Sequence[Figure], source: Source, rows: Callable[[Select[Any]], Select[Any]]
) -> Select[Any]:
    """One row for each group: its figures, then its keys. `rows` keeps the rows of the list of a Select over source.

    The keys are made below the grouping, so that each of them is computed once for each row.
    """
    source.reach(key.attribute for key in request.keys)
    attributes = list(dict.fromkeys(figure.attribute for figure in figures if figure.attribute))
    inner = rows(
        select(
            *(key.value(source).label(f"k{index}") for index, key in enumerate(request.keys)),
            *(source[attribute].label(f"a{index}") for index, attribute in enumerate(attributes)),
        )
    ).subquery()
    keys = [inner.c[f"k{index}"] for index in range(len(request.keys))]
    columns = {attribute: inner.c[f"a{index}"] for index, attribute in enumerate(attributes)}
    outputs = [
        *(figure.of(columns) for figure in figures),
        *(shown(value, key.field) for key, value in zip(request.keys, keys, strict=True)),
    ]
    return (
        select(*(output.label(f"c{index}") for index, output in enumerate(outputs)))
        .select_from(inner)
        .group_by(*keys)
        .having(*(_having(request, name, value) for name, value in request.having))
        .order_by(*(_by_count(direction) for direction in request.order), *(key.asc() for key in keys))
        .limit(bindparam(f"{request.prefix}limit", type_=Integer))
    )


def _having(request: GroupsRequest, name: str, value: object) -> ColumnElement[bool]:
    if name == "isNull":
        return sql_false() if value else sql_true()
    return build_test(Kind.INT, name, COUNT.of({}), Integer(), f"{request.prefix}{name}")


def _by_count(direction: str) -> UnaryExpression[Any]:
    descending, _ = DIRECTIONS[direction]
    return COUNT.of({}).desc() if descending else COUNT.of({}).asc()
