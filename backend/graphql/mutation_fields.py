"""The fields of Mutation: for each entity, what can be done to its rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from backend.access.policy import Action
from backend.operation.unique import unique_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.interface.entity import Catalog, Entity


class Verb(Enum):
    """What a mutation does."""

    CREATE = auto()
    CREATE_MANY = auto()
    UPSERT = auto()
    UPDATE = auto()
    DELETE = auto()
    ARCHIVE = auto()
    UNARCHIVE = auto()


@dataclass(frozen=True)
class MutationField:
    """One field of Mutation; `payload` is the name of its type."""

    name: str
    verb: Verb
    entity: Entity

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


def upsert_keys(entity: Entity) -> Mapping[str, tuple[str, ...]]:
    """By the name of the enum's value: the attributes of each unique key whose values a client can give."""
    create = entity.interface.create
    if create is None:
        return {}
    keys = [key.fields for key in unique_keys(entity).values() if key.is_plain]
    return {"_".join(key).upper(): key for key in keys if set(key) <= create.model_fields.keys()}
