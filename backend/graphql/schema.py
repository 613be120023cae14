"""The schema: generated from the catalog with Strawberry, and fields written by hand beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry
from strawberry.schema.config import StrawberryConfig

from backend.graphql.basic_types import declare_error_codes, declare_shared
from backend.graphql.declare import Declarations
from backend.graphql.entity_types import declare_entity, root_specs
from backend.graphql.grouping_types import declare_group_units
from backend.graphql.mutation_types import ATOMIC, declare_mutations
from backend.graphql.scalars import SCALARS
from backend.graphql.written import written_fields, written_mutations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphql import GraphQLSchema
    from strawberry.types.field import StrawberryField

    from backend.interface.entity import Catalog
    from backend.plan.limits import Limits


def core_of(schema: strawberry.Schema) -> GraphQLSchema:
    """The schema as graphql-core has it."""
    return schema._schema  # noqa: SLF001 - Strawberry has no public way to it


def build_schema(
    catalog: Catalog,
    limits: Limits,
    written: Callable[[Declarations, Catalog], Mapping[str, StrawberryField]] = written_fields,
    mutations: Callable[[Declarations, Catalog], Mapping[str, StrawberryField]] = written_mutations,
) -> strawberry.Schema:
    """The schema of all entities, and of the fields that are written by hand: of Query, and of Mutation.

    Raises DeclarationError where two types would have one name.
    """
    types = Declarations(limits.default_page)
    declare_shared(types)
    declare_group_units(types)
    for entity in catalog.values():
        declare_entity(types, catalog, entity)
    types.object(
        "Query",
        "Reading. A row that the caller may not see is not there.",
        root_specs(types, catalog),
        written=list(written(types, catalog).values()),
    )
    errors = declare_mutations(types, catalog, mutations)
    codes = declare_error_codes(types)
    return strawberry.Schema(
        query=types["Query"],
        mutation=types["Mutation"],
        directives=[ATOMIC],
        config=StrawberryConfig(auto_camel_case=False, scalar_map=SCALARS),
        types=[types[name] for name in (*catalog, *errors, codes)],
    )
