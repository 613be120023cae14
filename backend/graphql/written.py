"""Fields of Query that are written by hand, next to the generated ones.

A field may return a plain value; a `Select` over an entity, which the engine narrows to what the caller may see, pages
and reads on from; or the key of an entity. What is selected beneath is planned like anything else. One whose answer
depends on nothing but the caller and rows of the database may say with `@cacheControl` for how long it may be kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry
from strawberry.extensions.field_extension import FieldExtension

from backend.graphql.directives import CacheControl
from backend.graphql.entity_types import connection_arguments, connection_spec
from backend.interface.course import active_courses

if TYPE_CHECKING:
    from collections.abc import Callable

    from strawberry.types import Info
    from strawberry.types.field import StrawberryField

    from backend.graphql.declare import Declarations
    from backend.interface.entity import Catalog


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
