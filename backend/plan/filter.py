"""`filter:` arguments. A value is split into its structure, which shapes the SQL, and its leaves, which are bound.

Filters know two values: a test that comes to NULL has failed, and `not` turns that into a pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    String,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy import Enum as SqlEnum
from sqlalchemy import false as sql_false
from sqlalchemy import true as sql_true
from sqlalchemy.dialects.postgresql import UUID

from backend.errors import InputError
from backend.interface.entity import Entity, Field, Kind
from backend.interface.search import escaped
from backend.model.base import LQuery, Ltree
from backend.plan.alternatives import FEW_ALTERNATIVES, Shape, grouped, single
from backend.plan.value import MOST_LABELS, array_parts, check_column, check_text, parse_key, parse_uuids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.types import TypeEngine

    from backend.plan.source import Scope, Source

    # What stands for leaf n, whose value has this type.
    Leaf = Callable[[int, TypeEngine[Any]], ColumnElement[Any]]

LEAF = "leaf_"
MAX_DEPTH = 16
_MOST_READ = 2000
# Of those that are left where alternatives of one form are one test: what SQL is made for.
MOST_TESTS = 1000
_LEVEL = r"!?[A-Za-z0-9_]+[@*%]*(?:\|[A-Za-z0-9_]+[@*%]*)*|\*"
_LQUERY = re.compile(rf"(?:{_LEVEL})(?:\{{(\d*)(,?)(\d*)\}})?(?:\.(?:{_LEVEL})(?:\{{\d*,?\d*\}})?)*")
_LABEL = re.compile(r"[A-Za-z0-9_]+")
_QUANTIFIER = re.compile(r"\{(\d*)(,?)(\d*)\}")
_LONGEST_LABEL = 255
_LONGEST_LQUERY = 8192
# PostgreSQL tries every way to share the labels of a path out among them.
_MOST_WILDCARDS = 4
NO_TEST = "null is no test; leave it out, or ask for isNull"


@dataclass(frozen=True)
class Operator:
    """One test: how its value is checked and bound, and the SQL that it becomes."""

    build: Callable[[ColumnElement[Any], ColumnElement[Any]], ColumnElement[bool]]
    convert: Callable[[Any], Any] = lambda value: value
    many: bool = False
    sql_type: Any = None


def _escaped(value: str) -> str:
    return escaped(check_text(value))


def _pattern(value: str) -> str:
    check_text(value)
    if (len(value) - len(value.rstrip("\\"))) % 2:
        raise InputError("a LIKE pattern cannot end with a single backslash")
    return value


def _lquery(value: str) -> str:
    check_text(value)
    if not _LQUERY.fullmatch(value):
        raise InputError(f"{value!r} is no lquery, such as *.week_1.*{{1,2}}")
    if len(value) > _LONGEST_LQUERY or max(map(len, _LABEL.findall(value)), default=0) > _LONGEST_LABEL:
        raise InputError(f"an lquery has at most {_LONGEST_LQUERY} characters, and {_LONGEST_LABEL} in a label")
    if sum(level.startswith("*") or "{" in level for level in value.split(".")) > _MOST_WILDCARDS:
        raise InputError(f"an lquery has at most {_MOST_WILDCARDS} levels that stand for any number of labels")
    for low, comma, high in _QUANTIFIER.findall(value):
        bounds = [int(bound) for bound in (low, high) if bound]
        if not (bounds or comma) or max(bounds, default=0) > MOST_LABELS or bounds != sorted(bounds):
            raise InputError(f"{value!r} is no lquery: {{{low}{comma}{high}}} is no range")
    return value


_EQUALITY: dict[str, Operator] = {
    "eq": Operator(lambda column, value: column == value),
    "ne": Operator(lambda column, value: column.is_distinct_from(value)),
}
_MEMBERSHIP: dict[str, Operator] = {
    "in": Operator(lambda column, value: column == any_(value), many=True),
    "notIn": Operator(lambda column, value: (column == any_(value)).is_not(sql_true()), many=True),
}
_RANGE: dict[str, Operator] = {
    "lt": Operator(lambda column, value: column < value),
    "lte": Operator(lambda column, value: column <= value),
    "gt": Operator(lambda column, value: column > value),
    "gte": Operator(lambda column, value: column >= value),
}
_LIKE: dict[str, Operator] = {
    "contains": Operator(lambda column, value: column.ilike(value), lambda text: f"%{_escaped(text)}%"),
    "startsWith": Operator(lambda column, value: column.ilike(value), lambda text: f"{_escaped(text)}%"),
    "endsWith": Operator(lambda column, value: column.ilike(value), lambda text: f"%{_escaped(text)}"),
    "like": Operator(lambda column, value: column.like(value), _pattern),
    "ilike": Operator(lambda column, value: column.ilike(value), _pattern),
}
_PATHS: dict[str, Operator] = {
    "ancestorOf": Operator(lambda column, value: and_(column.op("@>")(value), column != value), sql_type=Ltree()),
    "descendantOf": Operator(lambda column, value: and_(column.op("<@")(value), column != value), sql_type=Ltree()),
    "matches": Operator(lambda column, value: column.op("~")(value), _lquery, sql_type=LQuery()),
    "depth": Operator(lambda column, value: func.nlevel(column) == value, sql_type=Integer()),
}
_LISTS: dict[str, Operator] = {
    "containsAll": Operator(lambda column, value: cast(column, ARRAY(Text)).op("@>")(value), many=True),
    "containsAny": Operator(lambda column, value: cast(column, ARRAY(Text)).op("&&")(value), many=True),
}
OPERATORS: Mapping[Kind, Mapping[str, Operator]] = {
    Kind.ID: {**_EQUALITY, **_MEMBERSHIP},
    Kind.STRING: {**_EQUALITY, **_MEMBERSHIP, **_LIKE},
    Kind.INT: {**_EQUALITY, **_MEMBERSHIP, **_RANGE},
    Kind.BIGINT: {**_EQUALITY, **_MEMBERSHIP, **_RANGE},
    Kind.FLOAT: {**_EQUALITY, **_RANGE},
    Kind.BOOLEAN: {**_EQUALITY},
    Kind.DATETIME: {**_EQUALITY, **_RANGE},
    Kind.TREE_PATH: {"eq": _EQUALITY["eq"], "in": _MEMBERSHIP["in"], **_PATHS},
    Kind.STRING_LIST: _LISTS,
    Kind.ENUM: {**_EQUALITY, **_MEMBERSHIP},
}


def read_test(kind: Kind, sql_type: TypeEngine[Any], name: str, value: Any) -> Any:
    """The value of one test on a value of this kind, fit to be bound; InputError says why it is none."""
    if value is None:
        raise InputError(NO_TEST)
    operator = OPERATORS[kind][name]
    checked_as = operator.sql_type or sql_type
    items = [check_column(operator.convert(item), checked_as) for item in (value if operator.many else [value])]
    return items if operator.many else items[0]


def build_test(
    kind: Kind, name: str, value: ColumnElement[Any], sql_type: TypeEngine[Any], bind: str
) -> ColumnElement[bool]:
    """One test on a value, against what is bound under a name."""
    operator = OPERATORS[kind][name]
    bind_type: TypeEngine[Any] = ARRAY(sql_type) if operator.many else sql_type
    return operator.build(value, cast(bindparam(bind, type_=bind_type), bind_type))


class FilterReader:
    """Splits filter values; `leaves` collects what is to be bound, in order."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._left = _MOST_READ
        self._types: dict[tuple[str, str], TypeEngine[Any]] = {}
        self.leaves: list[Any] = []

    def read(self, entity: Entity, value: Mapping[str, Any], depth: int = 0) -> Shape:
        """The structure of a filter on the entity; InputError names the place of what is wrong."""
        if depth > MAX_DEPTH:
            raise InputError(f"a filter can be nested {MAX_DEPTH} levels deep")
        tests: list[Shape] = []
        if not value:
            self._count()
        for name, given in value.items():
            self._count()
            try:
                tests += self._entry(entity, name, given, depth)
            except InputError as error:
                raise error.under(name) from None
        return ("and", tuple(tests))

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise InputError("the filter has too many tests; give a list to `in` instead")

    def _entry(self, entity: Entity, name: str, given: Any, depth: int) -> list[Shape]:
        if name == "or":
            return [(name, self._alternatives(entity, given, depth))] if given is not None else []
        if name == "and":
            return [(name, tuple(self._branches(entity, given, depth)))] if given is not None else []
        if name == "not":
            return [("not", self.read(entity, given, depth + 1))] if given is not None else []
        if given is None:
            raise InputError(NO_TEST)
        if name in entity.relations:
            return [self._relation(entity, name, given, depth)]
        return self._tests(entity, entity.fields[name], given)

    def _branches(self, entity: Entity, given: list[Mapping[str, Any]], depth: int) -> list[Shape]:
        branches = []
        for index, branch in enumerate(given):
            try:
                branches.append(self.read(entity, branch, depth + 1))
            except InputError as error:
                raise error.under(index) from None
        return branches

    def _alternatives(self, entity: Entity, given: list[Mapping[str, Any]], depth: int) -> tuple[Shape, ...]:
        if len(given) < FEW_ALTERNATIVES:
            return tuple(self._branches(entity, given, depth))
        outer, branches = self.leaves, []
        for index, branch in enumerate(given):
            self.leaves = []
            try:
                branches.append((self.read(entity, branch, depth + 1), self.leaves))
            except InputError as error:
                raise error.under(index) from None
        alternatives, leaves = grouped(branches, len(outer))
        self.leaves = [*outer, *leaves]
        return alternatives

    def _relation(self, entity: Entity, name: str, given: Mapping[str, Any], depth: int) -> Shape:
        relation = entity.relations[name]
        target = self._scope.catalog[relation.target]
        if not relation.to_many:
            return ("one", name, self.read(target, given, depth + 1))
        tests: list[Shape] = []
        for quantifier, inner in given.items():
            if inner is None:
                raise InputError("null is no test; leave it out", (quantifier,))
            try:
                tests.append((quantifier, name, self.read(target, inner, depth + 1)))
            except InputError as error:
                raise error.under(quantifier) from None
        return ("and", tuple(tests))

    def _tests(self, entity: Entity, field: Field, given: Mapping[str, Any]) -> list[Shape]:
        tests: list[Shape] = []
        for name, value in given.items():
            if value is None:
                raise InputError(NO_TEST, (name,))
            if name in ("isNull", "isEmpty"):
                tests.append((name, field.name, bool(value)))
                continue
            try:
                self.leaves.append(self._leaf(entity, field, name, value))
            except InputError as error:
                raise error.under(name) from None
            tests.append(("test", field.name, name, len(self.leaves) - 1))
        return tests

    def _leaf(self, entity: Entity, field: Field, name: str, value: Any) -> Any:
        operator = OPERATORS[field.kind][name]
        if field.kind is Kind.ID:
            owner = self._scope.catalog.get(field.target or "", entity)
            if operator.many and field.target == owner.name and (bare := parse_uuids(owner, value)) is not None:
                return bare
            keys = [_parse_id(owner, field, item) for item in (value if operator.many else [value])]
            if field.name == "id" and len(entity.key) > 1:
                return array_parts(keys, len(entity.key))
            bare = [key[0] for key in keys]
            return bare if operator.many else bare[0]
        return read_test(field.kind, self._sql_type(entity, field), name, value)

    def _sql_type(self, entity: Entity, field: Field) -> TypeEngine[Any]:
        # One field may be asked for in hundreds of branches.
        known = self._types.get((entity.name, field.name))
        if known is None:
            known = self._types[entity.name, field.name] = entity.sql_type(field)
        return known


def _parse_id(owner: Entity, field: Field, item: str) -> tuple[str, ...]:
    if field.target == owner.name:
        return parse_key(owner, item)
    # The target has no interface yet, so that its id has a type's name and a key of which nothing more is known.
    key = item.removeprefix(f"{field.target}:")
    check_column(key, UUID())
    return (key,)


def _bound(index: int, sql_type: TypeEngine[Any]) -> ColumnElement[Any]:
    return bindparam(f"{LEAF}{index}", type_=sql_type)


def build_filter(  # noqa: PLR0911 - a case each
    shape: Shape, source: Source, entity: Entity, leaf: Leaf = _bound
) -> ColumnElement[bool]:
    """The condition that a structure stands for, over rows of `source`; leaf n is bound as `leaf_n`."""
    what = shape[0]
    if what == "and":
        return and_(sql_true(), *(build_filter(test, source, entity, leaf) for test in shape[1]))
    if what == "or":
        return or_(sql_false(), *(build_filter(test, source, entity, leaf) for test in shape[1]))
    if what == "not":
        return build_filter(shape[1], source, entity, leaf).is_not(sql_true())
    if what == "any":
        return _build_any(shape, source, entity)
    if what in ("one", "some", "none", "every"):
        return _build_relation(shape, source, entity, leaf)
    field = entity.fields[shape[1]]
    if what == "isNull":
        column = source.raw[entity.key[0]] if field.name == "id" else source[field.attribute]
        return column.is_(None) if shape[2] else column.is_not(None)
    if what == "isEmpty":
        length = func.coalesce(func.cardinality(source[field.attribute]), 0)
        return length == 0 if shape[2] else length > 0
    _, _, name, index = shape
    operator = OPERATORS[field.kind][name]
    if field.name == "id" and len(entity.key) > 1:
        return _build_composite(source, entity, name, index)
    column = source.raw[entity.key[0]] if field.name == "id" else source[field.attribute]
    sql_type = operator.sql_type or column.type
    bind_type = ARRAY(Text() if field.kind is Kind.STRING_LIST else sql_type) if operator.many else sql_type
    bind = leaf(index, bind_type)
    typed = cast(bind, bind_type) if operator.sql_type is not None or field.kind is Kind.STRING_LIST else bind
    return operator.build(column, typed)


def _build_composite(source: Source, entity: Entity, name: str, index: int) -> ColumnElement[bool]:
    columns = [source.raw[part] for part in entity.key]
    arrays = [
        cast(bindparam(f"{LEAF}{index}_{part}", type_=ARRAY(column.type)), ARRAY(column.type))
        for part, column in enumerate(columns)
    ]
    keys = func.unnest(*arrays).table_valued(*entity.key).render_derived()
    found = tuple_(*columns).in_(select(*(keys.c[part] for part in entity.key)))
    return found if name in ("eq", "in") else found.is_not(sql_true())


def _build_any(shape: Shape, source: Source, entity: Entity) -> ColumnElement[bool]:
    """That one of the alternatives holds, whose values are the rows of a table made of arrays."""
    _, inner, first, width = shape
    test = single(inner)
    if test[0] in ("one", "some"):
        quantifier, name, within = test
        return _build_relation((quantifier, name, ("any", within, first, width)), source, entity)
    if test[0] == "test" and test[2] == "eq":
        field = entity.fields[test[1]]
        column = source.raw[entity.key[0]] if field.name == "id" else source[field.attribute]
        return column == any_(_bound(first, ARRAY(column.type)))
    types: dict[int, TypeEngine[Any]] = {}
    rows = f"alternative_{first}"

    def of_row(index: int, sql_type: TypeEngine[Any]) -> ColumnElement[Any]:
        # A cast to varchar(n) would cut.
        types[index] = Text() if isinstance(sql_type, String) and not isinstance(sql_type, SqlEnum) else sql_type
        return literal_column(f"{rows}.v{index}", types[index])

    passes = build_filter(inner, source, entity, of_row)
    arrays = [cast(_bound(index, ARRAY(types[index])), ARRAY(types[index])) for index in sorted(types)]
    values = func.unnest(*arrays).table_valued(*(f"v{index}" for index in sorted(types))).render_derived(name=rows)
    return exists().select_from(values).where(passes).correlate_except(values)


def _build_relation(shape: Shape, source: Source, entity: Entity, leaf: Leaf = _bound) -> ColumnElement[bool]:
    quantifier, name, inner = shape
    relation = entity.relations[name]
    target_entity = source.scope.catalog[relation.target]
    target, joined = source.hop(relation.attribute)
    passes = build_filter(inner, target, target_entity, leaf)
    if quantifier == "every":
        passes = passes.is_not(sql_true())
    conditions = [joined, *target.visible(), passes]
    if relation.to_many:
        conditions += target.not_archived()
    found = exists().select_from(target.table).where(*conditions).correlate_except(target.table)
    return found if quantifier in ("one", "some") else ~found
