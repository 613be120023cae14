"""The types around an entity: the object itself, its connection and figures, its filters, orders and searches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.graphql.basic_types import FILTERS, SCALAR_NAMES, Archived, declare_enum, declare_enum_filter
from backend.graphql.declare import ArgumentSpec, Declarations, FieldSpec
from backend.graphql.directives import WHOLE_LIST, CacheControl, Cost, ListSize, constraint
from backend.graphql.grouping_types import declare_grouping, groups_spec
from backend.interface.entity import Catalog, Entity, Field, Kind, article, of_callers, words
from backend.plan.aggregate import FUNCTIONS, aggregated_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

_FUNCTION_TEXTS = {
    "min": "Least values",
    "max": "Greatest values",
    "avg": "Mean values",
    "sum": "Sums",
}


def declare_entity(types: Declarations, catalog: Catalog, entity: Entity) -> None:
    """Declares everything that is named after the entity."""
    for field in entity.fields.values():
        if field.enum is not None:
            declare_enum(types, field.enum)
            declare_enum_filter(types, field.enum)
    plural, singular = words(entity.plural), words(entity.singular)
    _declare_object(types, catalog, entity)
    _declare_connection(types, entity, plural, singular)
    _declare_aggregate(types, entity, plural)
    _declare_search(types, entity, plural)
    _declare_filter(types, catalog, entity, plural)
    _declare_order(types, entity, plural)


def connection_arguments(entity: Entity) -> list[ArgumentSpec]:
    """What every list of the entity takes."""
    name = entity.name
    archived = ArgumentSpec("archived", "Archived", "Whether archived rows are in it.", Archived.EXCLUDE)
    arguments = [
        ArgumentSpec("search", f"{name}Search | None", "Only what agrees with all of this.")
        if entity.parameters
        else None,
        ArgumentSpec("filter", f"{name}Filter | None", "Only what passes."),
        archived if entity.archivable else None,
        ArgumentSpec("orderBy", f"list[{name}Order] | None", "The order; each term breaks the ties of those before."),
        ArgumentSpec("first", "Int | None", "How many, from the start."),
        ArgumentSpec("after", "String | None", "Only behind this cursor."),
        ArgumentSpec("last", "Int | None", "How many, from the end."),
        ArgumentSpec("before", "String | None", "Only before this cursor."),
    ]
    return [argument for argument in arguments if argument is not None]


def connection_spec(types: Declarations, name: str, entity: Entity, description: str) -> FieldSpec:
    """A field that is a list of the entity."""
    size = ListSize(
        assumed_size=types.default_page,
        slicing_arguments=["first", "last"],
        sized_fields=["edges", "nodes"],
        require_one_slicing_argument=False,
    )
    return FieldSpec(name, f"{entity.name}Connection", description, connection_arguments(entity), [size])


def output_annotation(field: Field) -> str:
    """The type of a field on its object, or as an input takes it."""
    name = field.enum.__name__ if field.enum is not None else SCALAR_NAMES[field.kind]
    return f"{name} | None" if field.nullable else name


def _declare_object(types: Declarations, catalog: Catalog, entity: Entity) -> None:
    fields = [
        FieldSpec(
            field.name,
            output_annotation(field),
            field.description,
            directives=constraint(field.constraint),
            deprecated=field.deprecated,
        )
        for field in entity.fields.values()
    ]
    for relation in entity.relations.values():
        if relation.to_many:
            fields.append(connection_spec(types, relation.name, catalog[relation.target], relation.description))
        else:
            fields.append(FieldSpec(relation.name, f"{relation.target} | None", relation.description))
    types.object(
        entity.name,
        entity.description,
        fields,
        interfaces=["Node"],
        directives=[CacheControl(max_age=entity.interface.cache_ttl)],
    )


def _declare_connection(types: Declarations, entity: Entity, plural: str, singular: str) -> None:
    name = entity.name
    at_most = ArgumentSpec("atMost", "Int | None", "Where counting may stop.")
    types.object(
        f"{name}Connection",
        f"A page of {plural}.",
        [
            FieldSpec("edges", f"list[{name}Edge]", f"The {plural} of the page, with their cursors."),
            FieldSpec("nodes", f"list[{name}]", f"The {plural} of the page."),
            FieldSpec("pageInfo", "PageInfo", "Where the page lies."),
            FieldSpec(
                "totalCount",
                "Int",
                "How many there are in all pages; counting stops at atMost.",
                [at_most],
                [Cost(weight=WHOLE_LIST)],
            ),
            FieldSpec("aggregate", f"{name}Aggregate", "Figures over all pages.", directives=[Cost(weight=WHOLE_LIST)]),
            groups_spec(types, entity),
        ],
    )
    types.object(
        f"{name}Edge",
        f"One of the {plural} in a page.",
        [
            FieldSpec("cursor", "String", "Where it stands in this order."),
            FieldSpec("node", name, f"The {singular}."),
        ],
    )


def _declare_aggregate(types: Declarations, entity: Entity, plural: str) -> None:
    fields = [FieldSpec("count", "Int", "How many.")]
    for function in FUNCTIONS:
        taken = aggregated_fields(entity, function)
        if not taken:
            continue
        name = f"{entity.name}{function.capitalize()}"
        text = _FUNCTION_TEXTS[function]
        columns = [FieldSpec(column, f"{SCALAR_NAMES[kind]} | None", f"Of {column}.") for column, kind in taken.items()]
        types.object(name, f"{text} over {plural}; null over none.", columns)
        fields.append(FieldSpec(function, name, f"{text}."))
    types.object(f"{entity.name}Aggregate", f"Figures over {plural}.", fields)
    declare_grouping(types, entity, plural, fields)


def _declare_search(types: Declarations, entity: Entity, plural: str) -> None:
    if not entity.parameters:
        return
    fields = []
    for parameter in entity.parameters:
        if parameter.enum is not None:
            declare_enum(types, parameter.enum)
        annotation = parameter.enum.__name__ if parameter.enum else SCALAR_NAMES[parameter.kind]
        fields.append(FieldSpec(parameter.name, f"{annotation} | None", parameter.description))
    types.input(f"{entity.name}Search", f"A search of {plural}: all that is given must hold.", fields)


def _declare_filter(types: Declarations, catalog: Catalog, entity: Entity, plural: str) -> None:
    name = f"{entity.name}Filter"
    fields = []
    for field in entity.fields.values():
        if not field.in_sql or field.name == "databaseId":
            continue
        of = f"{field.enum.__name__}Filter" if field.enum is not None else FILTERS[field.kind][1]
        fields.append(FieldSpec(field.name, f"{of} | None", f"On {field.name}."))
    for relation in entity.relations.values():
        kind = "ListFilter" if relation.to_many else "Filter"
        fields.append(FieldSpec(relation.name, f"{relation.target}{kind} | None", f"On {relation.name}."))
    fields += [
        FieldSpec("and", f"list[{name}] | None", "All of these."),
        FieldSpec("or", f"list[{name}] | None", "One of these at least."),
        FieldSpec("not", f"{name} | None", "Not this."),
    ]
    types.input(name, f"Which {plural} to keep; all of its tests hold.", fields)
    if any(r.to_many and r.target == entity.name for e in catalog.values() for r in e.relations.values()):
        types.input(
            f"{entity.name}ListFilter",
            f"Tests on a list of {plural}, of those that the caller may see.",
            [
                FieldSpec("some", f"{name} | None", "One at least passes."),
                FieldSpec("none", f"{name} | None", "None passes."),
                FieldSpec("every", f"{name} | None", "All pass."),
            ],
        )


def _declare_order(types: Declarations, entity: Entity, plural: str) -> None:
    fields = [
        FieldSpec(field.name, "OrderDirection | None", f"By {field.name}.")
        for field in entity.fields.values()
        if field.in_sql and field.kind is not Kind.STRING_LIST and field.name != "databaseId"
    ]
    fields += [
        FieldSpec(relation.name, f"{relation.target}Order | None", f"By a field of {relation.name}.")
        for relation in entity.relations.values()
        if not relation.to_many
    ]
    types.input(f"{entity.name}Order", f"One term of an order of {plural}.", fields, one_of=True)


def root_specs(types: Declarations, catalog: Catalog) -> Sequence[FieldSpec]:
    """The generated fields of Query."""
    specs = [
        FieldSpec("node", "Node | None", "Any object by its id.", [ArgumentSpec("id", "ID", "Its global id.")]),
        FieldSpec(
            "nodes",
            "list[Node | None]",
            "Any objects by their ids, in their order; null where there is none.",
            [ArgumentSpec("ids", "list[ID]", "Their global ids.")],
            [ListSize(slicing_arguments=["ids"], require_one_slicing_argument=False)],
        ),
    ]
    callers = of_callers(catalog)
    if callers is not None:
        specs.append(FieldSpec("me", f"{callers.name} | None", "The caller."))
    for entity in catalog.values():
        text = words(entity.singular)
        given = [ArgumentSpec("id", "ID", "Its global id, or its bare key.")]
        specs.append(FieldSpec(entity.singular, f"{entity.name} | None", f"{article(text)} {text} by its id.", given))
        plural = words(entity.plural)
        specs.append(
            connection_spec(types, entity.plural, entity, f"{plural[:1].upper()}{plural[1:]} that the caller may see.")
        )
    return specs
