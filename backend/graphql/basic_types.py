"""The types that all entities share: pages, directions, and the tests of filters."""

from __future__ import annotations

from enum import Enum
from typing import Any

import strawberry

from backend.errors import MEANINGS, ErrorCode
from backend.graphql.declare import Declarations, FieldSpec
from backend.graphql.scalars import BigInt, DateTime, Json, TreePath
from backend.interface.entity import Kind
from backend.plan.operators import OPERATORS


class OrderDirection(Enum):
    """The direction of an order, and where nulls stand. ASC puts them last, DESC first, as PostgreSQL does."""

    ASC = "ASC"
    ASC_NULLS_FIRST = "ASC_NULLS_FIRST"
    DESC = "DESC"
    DESC_NULLS_LAST = "DESC_NULLS_LAST"


class Archived(Enum):
    """Whether archived rows are in a list."""

    EXCLUDE = "EXCLUDE"
    ONLY = "ONLY"
    INCLUDE = "INCLUDE"


_ENUM_TEXTS = {
    "ASC": "Ascending.",
    "ASC_NULLS_FIRST": "Ascending, nulls first.",
    "DESC": "Descending.",
    "DESC_NULLS_LAST": "Descending, nulls last.",
    "EXCLUDE": "Without them.",
    "ONLY": "Nothing but them.",
    "INCLUDE": "With them.",
}
_TESTS = {
    "eq": "Equal to.",
    "ne": "Not equal to.",
    "in": "One of.",
    "notIn": "None of.",
    "lt": "Less than.",
    "lte": "At most.",
    "gt": "Greater than.",
    "gte": "At least.",
    "contains": "Contains, whatever the case.",
    "startsWith": "Begins with, whatever the case.",
    "endsWith": "Ends with, whatever the case.",
    "like": "Matches a SQL LIKE pattern.",
    "ilike": "Matches a SQL LIKE pattern, whatever the case.",
    "ancestorOf": "Strictly above this node.",
    "descendantOf": "Strictly below this node.",
    "matches": "Matches an lquery.",
    "depth": "Has so many labels.",
    "containsAll": "Contains all of these.",
    "containsAny": "Contains one of these at least.",
    "isNull": "Null, or not null.",
    "isEmpty": "Empty, or not empty.",
}
_TIMES = {"lt": "Before.", "lte": "Before or at.", "gt": "After.", "gte": "After or at."}
_PATHS = {"eq": "This very node.", "in": "One of these nodes."}
# By kind: the GraphQL type of values, the name of the filter, what it is on.
FILTERS: dict[Kind, tuple[str, str, str]] = {
    Kind.ID: ("ID", "IDFilter", "Tests on an id. Each takes a global id or a bare key."),
    Kind.STRING: ("String", "StringFilter", "Tests on a text."),
    Kind.INT: ("Int", "IntFilter", "Tests on an integer."),
    Kind.FLOAT: ("Float", "FloatFilter", "Tests on a number."),
    Kind.BIGINT: ("BigInt", "BigIntFilter", "Tests on a bigint."),
    Kind.BOOLEAN: ("Boolean", "BooleanFilter", "Tests on a truth value."),
    Kind.DATETIME: ("DateTime", "DateTimeFilter", "Tests on a moment."),
    Kind.TREE_PATH: ("TreePath", "TreePathFilter", "Tests on a path in a tree."),
    Kind.STRING_LIST: ("String", "StringListFilter", "Tests on a list of texts."),
}
SCALAR_NAMES: dict[Kind, str] = {kind: names[0] for kind, names in FILTERS.items()} | {
    Kind.JSON: "JSON",
    Kind.STRING_LIST: "list[String]",
}


def declare_shared(types: Declarations) -> None:
    """Declares what does not depend on any entity."""
    builtin = {"ID": strawberry.ID, "String": str, "Int": int, "Float": float, "Boolean": bool}
    for name, declared in {
        **builtin,
        "BigInt": BigInt,
        "DateTime": DateTime,
        "JSON": Json,
        "TreePath": TreePath,
    }.items():
        types.add(name, declared)
    for enum in (OrderDirection, Archived):
        declare_enum(types, enum, _ENUM_TEXTS)
    node = [FieldSpec("id", "ID", "Unique over all types; opaque.")]
    types.interface("Node", "An object with a globally unique id.", node)
    types.object(
        "PageInfo",
        "Where a page lies in its list.",
        [
            FieldSpec("hasNextPage", "Boolean", "More items follow."),
            FieldSpec("hasPreviousPage", "Boolean", "Items come before."),
            FieldSpec("startCursor", "String | None", "Cursor of the first item of the page."),
            FieldSpec("endCursor", "String | None", "Cursor of the last item of the page."),
        ],
    )
    for kind, (scalar, name, description) in FILTERS.items():
        texts = {**_TESTS, **{Kind.DATETIME: _TIMES, Kind.TREE_PATH: _PATHS}.get(kind, {})}
        types.input(name, description, _tests(scalar, kind, texts, empty=kind is Kind.STRING_LIST))


def declare_error_codes(types: Declarations) -> str:
    """Declares the codes of errors that are no data, which no field leads to; the name of their type."""
    declare_enum(types, ErrorCode, {code.value: text for code, text in MEANINGS.items()})
    return ErrorCode.__name__


def declare_enum(types: Declarations, enum: type[Enum], texts: dict[str, str] | None = None) -> None:
    """Declares an enum and the filter on it, once; values are described by `texts`, or by their names."""
    if enum.__name__ in types.namespace:
        return
    made: Any = strawberry.enum(enum, name=enum.__name__, description=(enum.__doc__ or "").strip())
    for value in made.__strawberry_definition__.values:
        value.description = (texts or {}).get(value.name) or value.name.replace("_", " ").capitalize() + "."
    types.add(enum.__name__, made)


def declare_enum_filter(types: Declarations, enum: type[Enum]) -> None:
    """Declares the filter on an enum, once."""
    name = f"{enum.__name__}Filter"
    if name not in types.namespace:
        subject = (enum.__doc__ or "").strip().rstrip(".")
        types.input(name, f"Tests on: {subject[:1].lower()}{subject[1:]}.", _tests(enum.__name__, Kind.ENUM, _TESTS))


def _tests(scalar: str, kind: Kind, texts: dict[str, str], *, empty: bool = False) -> list[FieldSpec]:
    special = {"matches": "String", "depth": "Int"}
    fields = [
        FieldSpec(
            name, f"list[{scalar}] | None" if operator.many else f"{special.get(name, scalar)} | None", texts[name]
        )
        for name, operator in OPERATORS[kind].items()
    ]
    last = "isEmpty" if empty else "isNull"
    return [*fields, FieldSpec(last, "Boolean | None", texts[last])]
