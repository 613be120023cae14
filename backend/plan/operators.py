"""The tests of filters: by kind of value, how what a test is against is checked and bound, and its SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    func,
)
from sqlalchemy import true as sql_true

from backend.errors import InputError
from backend.interface.entity import Kind
from backend.interface.search import escaped
from backend.model.base import LQuery, Ltree
from backend.plan.value import MOST_LABELS, check_column, check_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.types import TypeEngine

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
