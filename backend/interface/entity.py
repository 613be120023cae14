"""What the plan engine and the faces know of an entity. It is made of interfaces by `backend.interface.reflection`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, Boolean, DateTime, Float, Integer, Text, inspect

from backend.access.policy import Action
from backend.interface.base import Batch, EntityInterface, Expression, Related, Tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.types import TypeEngine

    from backend.access.policy import Policies
    from backend.model import Base


class Kind(Enum):
    """What values of a field are, for GraphQL and for SQL alike."""

    ID = auto()
    STRING = auto()
    INT = auto()
    FLOAT = auto()
    BIGINT = auto()
    BOOLEAN = auto()
    DATETIME = auto()
    JSON = auto()
    TREE_PATH = auto()
    STRING_LIST = auto()
    ENUM = auto()


_COMPUTED_TYPES: dict[Kind, TypeEngine[Any]] = {
    Kind.STRING: Text(),
    Kind.ENUM: Text(),
    Kind.INT: Integer(),
    Kind.FLOAT: Float(),
    Kind.BOOLEAN: Boolean(),
    Kind.DATETIME: DateTime(timezone=True),
    Kind.STRING_LIST: ARRAY(Text()),
}


@dataclass(frozen=True)
class Field:
    """A value of an entity.

    `target` names the type whose id it is; `enum` is its Python enum, by whose names it is read.
    """

    name: str
    attribute: str
    kind: Kind
    nullable: bool
    description: str
    deprecated: str | None = None
    constraint: Mapping[str, Any] | None = None
    target: str | None = None
    enum: type[Enum] | None = None
    computed: Expression | Related | Batch | None = None

    @property
    def in_sql(self) -> bool:
        """Whether SQL can filter, order and aggregate by it."""
        return self.kind is not Kind.JSON and not isinstance(self.computed, Batch)


@dataclass(frozen=True)
class Relation:
    """A way from a row to rows of `target`: by a pair of attributes that are equal, or along a tree."""

    name: str
    attribute: str
    target: str
    to_many: bool
    description: str
    local: str
    remote: str
    order: tuple[str, ...]
    tree: Tree | None = None


@dataclass(frozen=True, eq=False)
class Entity:
    """An interface and its model, as all else sees them."""

    name: str
    singular: str
    plural: str
    description: str
    interface: type[EntityInterface]
    model: type[Base]
    key: tuple[str, ...]
    fields: Mapping[str, Field]
    relations: Mapping[str, Relation]
    # Of its search; an id whose target is None may be of any type.
    parameters: tuple[Field, ...] = ()

    @property
    def archivable(self) -> bool:
        """Whether its lists leave out archived rows unless asked."""
        return "archived_at" in inspect(self.model).columns

    @cached_property
    def references(self) -> Mapping[str, str]:
        """By attribute: the name of the type whose key it holds."""
        mapper = inspect(self.model)
        to_one = (each for each in mapper.relationships if each.direction.name == "MANYTOONE")
        return {
            mapper.get_property_by_column(each.local_remote_pairs[0][0]).key: each.mapper.class_.__name__
            for each in to_one
        }

    @cached_property
    def children(self) -> tuple[Relation, ...]:
        """Relations whose rows may be created with the row."""
        return tuple(self.relations[camel_case(name)] for name in self.interface.children)

    @cached_property
    def operations(self) -> frozenset[Action]:
        """What can be done to its rows, by those who may."""
        declared = self.interface.operations
        if declared is not None:
            return declared
        possible = {
            Action.CREATE: self.interface.create is not None,
            Action.UPDATE: self.interface.update is not None,
            Action.DELETE: self.interface.create is not None,
            Action.ARCHIVE: self.archivable,
        }
        return frozenset(action for action, is_possible in possible.items() if is_possible)

    @cached_property
    def key_types(self) -> tuple[TypeEngine[Any], ...]:
        """SQL types of the parts of its key."""
        columns = inspect(self.model).columns
        return tuple(columns[part].type for part in self.key)

    def sql_type(self, field: Field) -> TypeEngine[Any]:
        """The type of the field in SQL, before it is made fit for JSON."""
        if field.computed is not None:
            numbers = field.enum is not None and isinstance(next(iter(field.enum)).value, int)
            return Integer() if numbers else _COMPUTED_TYPES[field.kind]
        return inspect(self.model).columns[field.attribute].type

    @cached_property
    def by_attribute(self) -> Mapping[str, Field]:
        """Its fields by the names that the model and the DTOs give them."""
        return {field.attribute: field for field in self.fields.values()}


Catalog = Mapping[str, Entity]


def of_callers(catalog: Catalog) -> Entity | None:
    """The entity of which whoever asks is a row; None where there is none."""
    return next((entity for entity in catalog.values() if entity.interface.is_of_callers), None)


def policies(interfaces: Iterable[type[EntityInterface]]) -> Policies:
    """The policy of each model that has an interface."""
    return {interface.model: interface.policy for interface in interfaces}


def article(noun: str) -> str:
    """An or a, as a sentence begins with it."""
    return "An" if noun[0] in "aeio" else "A"


def camel_case(name: str) -> str:
    """course_role_id becomes courseRoleId."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def words(name: str) -> str:
    """CourseRole, courseRole and course_role all become "course role"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").lower()
