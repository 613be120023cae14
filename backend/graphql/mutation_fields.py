"""The fields of Mutation: for each entity, what can be done to its rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from backend.access.policy import Action
from backend.operation.unique import unique_keys

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from graphql import GraphQLField

    from backend.interface.entity import Catalog, Entity
    from backend.plan.keys import Key


# Under which a field written by hand keeps the name of the entity that its payload has rows of.
ROWS = "rows"


class Verb(Enum):
    """What a mutation does."""

    CREATE = auto()
    CREATE_MANY = auto()
    UPSERT = auto()
    UPDATE = auto()
    DELETE = auto()
    ARCHIVE = auto()
    UNARCHIVE = auto()
    WRITTEN = auto()


@dataclass(frozen=True)
class MutationField:
    """One field of Mutation, whose payload has rows of the entity. `resolve` is what one written by hand does."""

    name: str
    verb: Verb
    entity: Entity
    resolve: Callable[..., Awaitable[Sequence[Key]]] | None = None

    @property
    def payload(self) -> str:
        """The name of the type that it answers with."""
        return f"{self.name[:1].upper()}{self.name[1:]}Payload"

    @property
    def returned(self) -> str | None:
        """The field of the payload that has what was written."""
        if self.verb is Verb.DELETE:
            return None
        return self.entity.plural if self.verb is Verb.CREATE_MANY else self.entity.singular

    @property
    def deleted(self) -> str:
        """The field of a payload that has the id of what was deleted."""
        return f"deleted{self.entity.name}Id"


def mutation_fields(catalog: Catalog) -> dict[str, MutationField]:
    """All fields by their names, entity by entity."""
    fields: dict[str, MutationField] = {}
    for entity in catalog.values():
        plural = entity.plural[:1].upper() + entity.plural[1:]
        named: list[tuple[Action, Verb, str]] = [
            (Action.CREATE, Verb.CREATE, f"create{entity.name}"),
            (Action.CREATE, Verb.CREATE_MANY, f"create{plural}"),
            (Action.UPDATE, Verb.UPDATE, f"update{entity.name}"),
            (Action.DELETE, Verb.DELETE, f"delete{entity.name}"),
            (Action.ARCHIVE, Verb.ARCHIVE, f"archive{entity.name}"),
            (Action.ARCHIVE, Verb.UNARCHIVE, f"unarchive{entity.name}"),
        ]
        if entity.operations >= {Action.CREATE, Action.UPDATE} and upsert_keys(entity):
            named.insert(2, (Action.CREATE, Verb.UPSERT, f"upsert{entity.name}"))
        fields |= {
            name: MutationField(name, verb, entity) for action, verb, name in named if action in entity.operations
        }
    return fields


def written_mutation(catalog: Catalog, name: str, definition: GraphQLField) -> MutationField:
    """A field of Mutation that is written by hand (`backend.graphql.written.mutation`)."""
    entity = catalog[definition.extensions["strawberry-definition"].metadata[ROWS]]
    return MutationField(name, Verb.WRITTEN, entity, definition.resolve)


def upsert_keys(entity: Entity) -> Mapping[str, tuple[str, ...]]:
    """By the name of the enum's value: the attributes of each unique key whose values a client can give."""
    create = entity.interface.create
    if create is None:
        return {}
    keys = [key.fields for key in unique_keys(entity).values() if key.is_plain]
    return {"_".join(key).upper(): key for key in keys if set(key) <= create.model_fields.keys()}
