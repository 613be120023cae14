"""The types around mutations: inputs, payloads, and why a mutation did not happen."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from strawberry.directive import DirectiveLocation, directive

from backend.errors import DeclarationError
from backend.graphql.basic_types import declare_enum
from backend.graphql.declare import ArgumentSpec, Declarations, FieldSpec
from backend.graphql.directives import TRANSACTION, Cost, ListSize, constraint
from backend.graphql.entity_types import output_annotation
from backend.graphql.mutation_fields import MutationField, Verb, mutation_fields, upsert_keys
from backend.interface.entity import Catalog, Entity, Relation, article, camel_case, words
from backend.interface.inputs import input_fields
from backend.operation.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pydantic import BaseModel
    from strawberry.types.field import StrawberryField

_CODE = FieldSpec("code", "MutationErrorCode", "What kind, stable.")
_MESSAGE = FieldSpec("message", "String", "For people.")
_PATH = FieldSpec("path", "list[String]", "Where in the arguments, such as input, members, 0, userId.")
_COMMON = (_CODE, _MESSAGE, _PATH)
_ERRORS = FieldSpec("errors", "list[MutationError]", "Why not; empty where it worked.")
_ALL_ERRORS = FieldSpec(
    "errors",
    "list[MutationError]",
    "Why not; empty where it worked. All that validation and permission find; of the database's own refusals one.",
)
_QUERY = FieldSpec("query", "Query", "For a refetch in the same round trip.")
_VERSION = ArgumentSpec("expectedVersion", "BigInt | None", "The version that the row must still have.")
_DRY_RUN = ArgumentSpec("dryRun", "Boolean", "Only say what would go.", False)  # noqa: FBT003 - the argument's default


def declare_mutations(
    types: Declarations,
    catalog: Catalog,
    written: Callable[[Declarations, Catalog], Mapping[str, StrawberryField]],
) -> Sequence[str]:
    """Declares Mutation and all that is around it; the names of the types that nothing else leads to.

    `written` makes fields that are written by hand.
    """
    _declare_errors(types)
    for entity in catalog.values():
        _declare_inputs(types, catalog, entity)
    fields = []
    for field in mutation_fields(catalog).values():
        declare_payload(types, field)
        fields.append(FieldSpec(field.name, field.payload, _described(field), _arguments(field), _costs(field)))
    types.object(
        "Mutation",
        "Writing. Each field is a transaction of its own unless the operation is @atomic.",
        fields,
        written=list(written(types, catalog).values()),
    )
    return ("ValidationError", "ConflictError", "StaleVersionError", "RefusedError")


def _costs(field: MutationField) -> list[object]:
    cost = Cost(weight=TRANSACTION)
    if field.verb is not Verb.CREATE_MANY:
        return [cost]
    size = ListSize(
        slicing_arguments=["inputs"], sized_fields=[str(field.returned)], require_one_slicing_argument=False
    )
    return [cost, size]


def _declare_errors(types: Declarations) -> None:
    code = _enum("MutationErrorCode", "Why a mutation did not happen.", [code.name for code in ProblemCode])
    declare_enum(types, code, {code.name: code.value for code in ProblemCode})
    types.interface("MutationError", "An expected failure.", _COMMON)
    conflict = (
        FieldSpec("fields", "list[String]", "The fields of the key that is taken."),
        FieldSpec("conflicting", "Node | None", "The row in the way, where the caller may see it."),
    )
    stale = FieldSpec("currentVersion", "BigInt", "The version that it has now.")
    for name, text, further in (
        ("ValidationError", ProblemCode.VALIDATION.value, ()),
        ("ConflictError", ProblemCode.CONFLICT.value, conflict),
        ("StaleVersionError", "The row has changed since.", (stale,)),
        ("RefusedError", "Any other expected failure: NOT_FOUND, FORBIDDEN, RETRY, ROLLED_BACK.", ()),
    ):
        types.object(name, text, [*_COMMON, *further], interfaces=["MutationError"])
    types.object(
        "DeletedRows",
        "How many rows of a type were deleted, as far as the caller may see them.",
        [FieldSpec("typeName", "String", "The type's name."), FieldSpec("count", "Int", "How many.")],
    )


def _declare_inputs(types: Declarations, catalog: Catalog, entity: Entity) -> None:
    singular = words(entity.singular)
    if entity.interface.create is not None:
        text = f"{article(singular)} {singular} to create; null is the same as absent."
        specs = _input_specs(types, entity, entity.interface.create)
        for relation in entity.children:
            child = catalog[relation.target]
            name = _declare_child(types, entity, child, relation)
            text_of_children = f"{words(child.plural).capitalize()} to create with it."
            specs.append(FieldSpec(relation.name, f"list[{name}] | None", text_of_children))
        types.input(f"Create{entity.name}Input", text, specs)
    if entity.interface.update is not None:
        text = f"What to change in {article(singular).lower()} {singular}: an absent field stays, null clears."
        types.input(f"Update{entity.name}Input", text, _input_specs(types, entity, entity.interface.update))


def _declare_child(types: Declarations, parent: Entity, child: Entity, relation: Relation) -> str:
    """The input of a row that is created with the one that it belongs to; its name."""
    create = child.interface.create
    if create is None:
        raise DeclarationError(f"{parent.name} cannot be created with {relation.name}: these are not created at all")
    name = f"Create{child.name}Of{parent.name}Input"
    own = camel_case(relation.remote)
    specs = [spec for spec in _input_specs(types, child, create) if spec.name != own]
    singular = words(child.singular)
    types.input(name, f"{article(singular)} {singular} to create with its {words(parent.singular)}.", specs)
    return name


def _declare_unique_keys(types: Declarations, entity: Entity) -> None:
    keys = upsert_keys(entity)
    unique = _enum(f"{entity.name}UniqueKey", f"Unique keys of {words(entity.plural)}.", keys)
    declare_enum(types, unique, {name: f"By {' and '.join(map(words, key))}." for name, key in keys.items()})


def _enum(name: str, description: str, names: Iterable[str]) -> type[Enum]:
    # The members of such an enum are data, which a type checker cannot know.
    make: Any = Enum
    made: type[Enum] = make(name, {each: each for each in names}, module=__name__)
    made.__doc__ = description
    return made


def _input_specs(types: Declarations, entity: Entity, dto: type[BaseModel]) -> list[FieldSpec]:
    specs = []
    for field in input_fields(entity, dto):
        if field.enum is not None:
            declare_enum(types, field.enum)
        specs.append(
            FieldSpec(
                field.name,
                output_annotation(field),
                field.description,
                directives=constraint(field.constraint),
                deprecated=field.deprecated,
            )
        )
    return specs


def declare_payload(types: Declarations, field: MutationField) -> None:
    """Declares what a mutation answers with."""
    entity, singular = field.entity, words(field.entity.singular)
    if field.verb is Verb.DELETE:
        fields = [
            FieldSpec(field.deleted, "ID | None", f"The id of the {singular} that is no more."),
            FieldSpec("affected", "list[DeletedRows]", "What went with it, or would go with a dry run."),
            _ERRORS,
        ]
    elif field.verb is Verb.CREATE_MANY:
        text = f"The {words(entity.plural)} in the order of the inputs; null where there are errors."
        fields = [FieldSpec(entity.plural, f"list[{entity.name}] | None", text), _ALL_ERRORS]
    else:
        text = f"The {singular}; null where there are errors, or where the caller does not see it afterwards."
        fields = [FieldSpec(entity.singular, f"{entity.name} | None", text), _ERRORS]
        if field.verb is Verb.UPSERT:
            text = "Whether it is new; null where there are errors."
            fields.insert(1, FieldSpec("created", "Boolean | None", text))
            _declare_unique_keys(types, entity)
    types.object(field.payload, f"What came of {field.name}.", [*fields, *_secrets(field), _QUERY])


def _secrets(field: MutationField) -> list[FieldSpec]:
    if field.entity.interface.issue is None:
        return []
    return {
        Verb.CREATE: [FieldSpec("secret", "String | None", "Its secret, told this once; null where there are errors.")],
        Verb.CREATE_MANY: [
            FieldSpec(
                "secrets",
                "list[String] | None",
                "Their secrets in the order of the inputs, told this once; null where there are errors.",
            )
        ],
    }.get(field.verb, [])


def _arguments(field: MutationField) -> list[ArgumentSpec]:
    name, singular = field.entity.name, words(field.entity.singular)
    given = ArgumentSpec("input", f"Create{name}Input", f"The {singular}.")
    row = ArgumentSpec("id", "ID", "Its global id, or its bare key.")
    return {
        Verb.CREATE: [given],
        Verb.CREATE_MANY: [ArgumentSpec("inputs", f"list[Create{name}Input]", f"The {words(field.entity.plural)}.")],
        Verb.UPSERT: [given, ArgumentSpec("on", f"{name}UniqueKey", "The key by which it may be there already.")],
        Verb.UPDATE: [row, ArgumentSpec("input", f"Update{name}Input", "What to change."), _VERSION],
        Verb.DELETE: [row, _VERSION, _DRY_RUN],
        Verb.ARCHIVE: [row, _VERSION],
        Verb.UNARCHIVE: [row, _VERSION],
    }[field.verb]


def _described(field: MutationField) -> str:
    singular, plural = words(field.entity.singular), words(field.entity.plural)
    one = f"{article(singular).lower()} {singular}"
    return {
        Verb.CREATE: f"Creates {one}.",
        Verb.CREATE_MANY: f"Creates {plural}: all, or none.",
        Verb.UPSERT: f"Creates {one}, or updates the one with this key.",
        Verb.UPDATE: f"Updates {one}.",
        Verb.DELETE: f"Deletes {one} and all that belongs to it.",
        Verb.ARCHIVE: f"Archives {one}.",
        Verb.UNARCHIVE: f"Takes {one} out of the archive.",
    }[field.verb]


def _atomic() -> None:
    """Nothing to do at a field: whoever runs the operation looks for it."""


ATOMIC = directive(
    locations=[DirectiveLocation.MUTATION],
    name="atomic",
    description="All mutations of this operation happen, or none.",
)(_atomic)
