"""Fields of the inputs that create and update rows, as the faces declare and read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect

from backend.errors import DeclarationError
from backend.interface.annotation import constraint_of, kind_of, unwrap
from backend.interface.entity import Entity, Field, Kind, camel_case

if TYPE_CHECKING:
    from pydantic import BaseModel


def input_fields(entity: Entity, dto: type[BaseModel]) -> list[Field]:
    """The fields of a Create or an Update; nullable are those that may be absent.

    Raises DeclarationError where one is no column of the table, or of another type.
    """
    fields = []
    columns = inspect(entity.model).columns
    for attribute, info in dto.model_fields.items():
        if attribute not in columns:
            raise DeclarationError(f"{dto.__name__}.{attribute} is no column of {entity.model.__tablename__}")
        base, _, _ = unwrap(info.annotation)
        kind = kind_of(columns[attribute], base)
        if kind is None:
            raise DeclarationError(f"{dto.__name__}.{attribute} is {base}, but the column {columns[attribute].type}")
        target = entity.name if attribute == "id" else entity.references.get(attribute)
        fields.append(
            Field(
                name=camel_case(attribute),
                attribute=attribute,
                kind=Kind.ID if target else kind,
                nullable=not info.is_required(),
                description=info.description or "",
                deprecated=info.deprecation_message,
                constraint=constraint_of(info),
                target=target,
                enum=base if kind is Kind.ENUM else None,
            )
        )
    return fields
