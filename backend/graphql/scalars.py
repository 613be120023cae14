"""The scalars of the schema: how they are read from clients. What goes out is made by PostgreSQL and orjson."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NewType

from graphql import GraphQLError
from strawberry import scalar

if TYPE_CHECKING:
    from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)
DateTime = NewType("DateTime", datetime)
Json = NewType("Json", object)
TreePath = NewType("TreePath", str)

_DECIMAL = re.compile(r"-?\d{1,19}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)")
_PATH = re.compile(r"[A-Za-z0-9_]{1,255}(?:\.[A-Za-z0-9_]{1,255})*")


def _read_big_int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str) or not _DECIMAL.fullmatch(str(value)):
        raise GraphQLError(f"BigInt cannot represent {value!r}: it is a decimal string or an integer")
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise GraphQLError(f"BigInt cannot represent {value!r}: it does not fit 64 bits")
    return number


def _read_date_time(value: Any) -> datetime:
    try:
        if isinstance(value, str) and _MOMENT.fullmatch(value):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise GraphQLError(f"DateTime cannot represent {value!r}: it is a moment such as 2026-10-05T08:30:00Z")


def _read_path(value: Any) -> str:
    if isinstance(value, str) and _PATH.fullmatch(value):
        return value
    raise GraphQLError(
        f"TreePath cannot represent {value!r}: it is labels of letters, digits and underscores, joined by dots"
    )


def _same(value: Any) -> Any:
    return value


SCALARS: dict[object, ScalarDefinition] = {
    BigInt: scalar(
        name="BigInt",
        description="A PostgreSQL bigint, as a decimal string: JSON numbers lose digits past 2^53. "
        "Input takes an integer too.",
        specified_by_url="https://www.postgresql.org/docs/current/datatype-numeric.html",
        parse_value=_read_big_int,
        serialize=_same,
    ),
    DateTime: scalar(
        name="DateTime",
        description="A moment in UTC with microseconds, as RFC 3339 writes it.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        parse_value=_read_date_time,
        serialize=_same,
    ),
    Json: scalar(
        name="JSON",
        description="Any JSON value.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        parse_value=_same,
        serialize=_same,
    ),
    TreePath: scalar(
        name="TreePath",
        description="A path in a tree: labels of letters, digits and underscores, joined by dots.",
        specified_by_url="https://www.postgresql.org/docs/current/ltree.html",
        parse_value=_read_path,
        serialize=_same,
    ),
}
