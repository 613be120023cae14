"""What the annotations of DTOs say: kinds of values, whether they may be null, and their rules."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from itertools import chain
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from sqlalchemy import ARRAY, BigInteger, Boolean, DateTime, Float, Integer, String, Uuid
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.dialects.postgresql import JSONB

from backend.interface.entity import Kind
from backend.model.base import Ltree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Column
    from sqlalchemy.types import TypeEngine

# Column types, most specific first, with the annotations that a DTO may give them.
_KINDS: tuple[tuple[type[TypeEngine[Any]], Kind, tuple[type, ...]], ...] = (
    (Ltree, Kind.TREE_PATH, (str,)),
    (JSONB, Kind.JSON, (dict, list)),
    (ARRAY, Kind.STRING_LIST, (list,)),
    (DateTime, Kind.DATETIME, (datetime,)),
    (Boolean, Kind.BOOLEAN, (bool,)),
    (BigInteger, Kind.BIGINT, (int,)),
    (Integer, Kind.INT, (int,)),
    (Float, Kind.FLOAT, (float,)),
    (Uuid, Kind.STRING, (str,)),
    (String, Kind.STRING, (str,)),
)


def kind_of(column: Column[Any], base: Any) -> Kind | None:
    """The kind of the column, or None where the annotation does not fit it."""
    if isinstance(base, type) and issubclass(base, Enum):
        fitting = (SqlEnum, String, Integer)
        return Kind.ENUM if isinstance(column.type, fitting) else None
    if isinstance(column.type, SqlEnum):
        return None
    annotation = get_origin(base) or base
    for sql_type, kind, fitting_annotations in _KINDS:
        if isinstance(column.type, sql_type):
            return kind if annotation in fitting_annotations else None
    return None


def unwrap(annotation: Any) -> tuple[Any, bool, tuple[Any, ...]]:
    """The annotation without None and Annotated, whether None was in it, and what Annotated had to say."""
    optional = False
    if get_origin(annotation) in (Union, UnionType):
        rest = [part for part in get_args(annotation) if part is not NoneType]
        optional = len(rest) < len(get_args(annotation))
        annotation = rest[0] if len(rest) == 1 else annotation
    if get_origin(annotation) is Annotated:
        said = (part.metadata if isinstance(part, FieldInfo) else (part,) for part in annotation.__metadata__)
        return get_args(annotation)[0], optional, tuple(chain.from_iterable(said))
    return annotation, optional, ()


_CONSTRAINTS = {
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
    "ge": "min",
    "le": "max",
}


def constraint_of(info: FieldInfo) -> Mapping[str, Any] | None:
    """What `@constraint` says of a DTO's field."""
    found = {}
    for metadata in (*unwrap(info.annotation)[2], *info.metadata):
        for attribute, name in _CONSTRAINTS.items():
            value = getattr(metadata, attribute, None)
            if value is not None:
                found[name] = value
    return found or None
