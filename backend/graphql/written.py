"""Fields of Query and Mutation that are written by hand, next to the generated ones.

A field of Query may return a plain value; a `Select` over an entity, which the engine narrows to what the caller may
see, pages and reads on from; or the key of an entity. What is selected beneath is planned like anything else. One whose
answer depends on nothing but the caller and rows of the database may say with `@cacheControl` for how long it may be
kept. A field of Mutation does what it does with the operations of `backend.operation`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry
from strawberry.extensions.field_extension import FieldExtension

from backend.graphql.directives import CacheControl
from backend.graphql.entity_types import connection_arguments, connection_spec
from backend.graphql.mutation_fields import ROWS, MutationField, Verb
from backend.graphql.mutation_types import declare_payload
from backend.interface.course import active_courses

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from strawberry.types import Info
    from strawberry.types.field import StrawberryField

    from backend.graphql.declare import Declarations
    from backend.interface.entity import Catalog, Entity
    from backend.plan.keys import Key


class Paged(FieldExtension):
    """Gives a field that returns a Select the arguments of a connection, which the engine reads itself."""

    def __init__(self, types: Declarations, catalog: Catalog, entity: str) -> None:
        self._types = types
        self._entity = catalog[entity]

    def apply(self, field: StrawberryField) -> None:
        """Adds the arguments and the size to the field's declaration."""
        field.arguments = [*field.arguments, *self._types.arguments(connection_arguments(self._entity))]
        field.directives = [*field.directives, *connection_spec(self._types, "", self._entity, "").directives]

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        """Hands the field only its own arguments."""
        mine = {spec.name for spec in connection_arguments(self._entity)}
        return next_(source, info, **{name: value for name, value in kwargs.items() if name not in mine})


def written_fields(types: Declarations, catalog: Catalog) -> dict[str, StrawberryField]:
    """The fields, by their Python names."""
    # A decorator would do for a module's own types; these are made after the catalog.
    fields: dict[str, Any] = {
        "active_courses": strawberry.field(
            resolver=active_courses,
            name="activeCourses",
            description="Courses that have a content which is not archived, by title.",
            graphql_type=types["CourseConnection"],
            extensions=[Paged(types, catalog, "Course")],
            directives=[CacheControl(max_age=60)],
        ),
    }
    return fields


def written_mutations(types: Declarations, catalog: Catalog) -> dict[str, StrawberryField]:  # noqa: ARG001 - for those to come
    """The mutations, by their Python names: none so far. How: docs/written-operations.md."""
    return {}


def mutation(
    types: Declarations,
    entity: Entity,
    resolver: Callable[..., Awaitable[Sequence[Key]]],
    *,
    name: str,
    description: str,
) -> StrawberryField:
    """A field of Mutation, and its payload, which has a row of the entity.

    The resolver is given the caller's transaction as `info.context`, and returns the key of the row. What it raises as
    RefusedError is the payload's errors, and nothing is written then.
    """
    declared = MutationField(name, Verb.WRITTEN, entity)
    declare_payload(types, declared)
    made: Any = strawberry.field(
        resolver=resolver,
        name=name,
        description=description,
        graphql_type=types[declared.payload],
        metadata={ROWS: entity.name},
    )
    return made  # type: ignore[no-any-return]  # Strawberry says what the resolver returns
