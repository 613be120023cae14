"""Directives that the schema carries for its readers and their tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry
from graphql import GraphQLOneOfDirective
from strawberry.schema_directive import Location
from strawberry.schema_directives import OneOf

from backend.face import weights

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNSET: Any = strawberry.UNSET
# As directives have numbers.
WHOLE_LIST = str(weights.WHOLE_LIST)
INCLUDED = str(weights.INCLUDED)
TRANSACTION = str(weights.TRANSACTION)


@strawberry.schema_directive(
    name="constraint",
    description="What the server holds a value to, before it reaches the database.",
    locations=[Location.INPUT_FIELD_DEFINITION, Location.FIELD_DEFINITION, Location.ARGUMENT_DEFINITION],
)
class Constraint:
    """`@constraint`."""

    min_length: int | None = strawberry.directive_field(name="minLength", default=_UNSET)
    max_length: int | None = strawberry.directive_field(name="maxLength", default=_UNSET)
    pattern: str | None = strawberry.directive_field(name="pattern", default=_UNSET)
    min: float | None = strawberry.directive_field(name="min", default=_UNSET)
    max: float | None = strawberry.directive_field(name="max", default=_UNSET)
    format: str | None = strawberry.directive_field(name="format", default=_UNSET)


@strawberry.schema_directive(
    name="cacheControl",
    description="How long an answer may be kept for the caller, in seconds.",
    locations=[Location.OBJECT, Location.FIELD_DEFINITION],
)
class CacheControl:
    """`@cacheControl`."""

    max_age: int = strawberry.directive_field(name="maxAge")


@strawberry.schema_directive(
    name="cost",
    description="What a field or type weighs in the cost of a document (IBM's GraphQL cost specification).",
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
)
class Cost:
    """`@cost`."""

    weight: str = strawberry.directive_field(name="weight")


@strawberry.schema_directive(
    name="listSize",
    description="How long a list may become, for the cost of a document (IBM's GraphQL cost specification).",
    locations=[Location.FIELD_DEFINITION],
)
class ListSize:
    """`@listSize`."""

    assumed_size: int | None = strawberry.directive_field(name="assumedSize", default=_UNSET)
    slicing_arguments: list[str] | None = strawberry.directive_field(name="slicingArguments", default=_UNSET)
    sized_fields: list[str] | None = strawberry.directive_field(name="sizedFields", default=_UNSET)
    require_one_slicing_argument: bool = strawberry.directive_field(name="requireOneSlicingArgument", default=True)


@strawberry.schema_directive(
    name="oneOf", description=GraphQLOneOfDirective.description, locations=[Location.INPUT_OBJECT]
)
class ExactlyOne(OneOf):
    """`@oneOf` of the specification, which Strawberry leaves without a description."""


def constraint(rules: Mapping[str, Any] | None) -> list[Constraint]:
    """The directive for the rules of a DTO's field; none where there are no rules."""
    if not rules:
        return []
    names = {"minLength": "min_length", "maxLength": "max_length"}
    return [Constraint(**{names.get(name, name): value for name, value in rules.items()})]
