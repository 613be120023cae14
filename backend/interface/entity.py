"""Interfaces, reflected: what the plan engine and the faces know of an entity."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from functools import cached_property
from itertools import chain
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from sqlalchemy import ARRAY, BigInteger, Boolean, DateTime, Float, Integer, String, Text, Uuid, inspect
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.dialects.postgresql import JSONB

from backend.errors import DeclarationError
from backend.interface.base import BaseEntityGet, Batch, EntityInterface, Expression, Tree
from backend.model.base import Ltree

if TYPE_CHECKING:
    from sqlalchemy import Column, ColumnElement
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


# Column types, most specific first, with the annotations that a DTO may give them.
_KINDS: tuple[tuple[type[TypeEngine[Any]], Kind, tuple[type, ...]], ...] = (
    (Ltree, Kind.TREE_PATH, (str,)),
    (JSONB, Kind.JSON, (dict,)),
    (ARRAY, Kind.STRING_LIST, (list,)),
    (DateTime, Kind.DATETIME, (datetime,)),
    (Boolean, Kind.BOOLEAN, (bool,)),
    (BigInteger, Kind.BIGINT, (int,)),
    (Integer, Kind.INT, (int,)),
    (Float, Kind.FLOAT, (float,)),
    (Uuid, Kind.STRING, (str,)),
    (String, Kind.STRING, (str,)),
)
_COMPUTED_KINDS: dict[type, Kind] = {
    str: Kind.STRING,
    int: Kind.INT,
    float: Kind.FLOAT,
    bool: Kind.BOOLEAN,
    datetime: Kind.DATETIME,
    list: Kind.STRING_LIST,
    dict: Kind.JSON,
}

_COMPUTED_TYPES: dict[Kind, TypeEngine[Any]] = {
    Kind.STRING: Text(),
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
    computed: Expression | Batch | None = None
    null_reads: object = None

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

    @property
    def archivable(self) -> bool:
        """Whether its lists leave out archived rows unless asked."""
        return "archived_at" in inspect(self.model).columns

    @cached_property
    def key_types(self) -> tuple[TypeEngine[Any], ...]:
        """SQL types of the parts of its key."""
        columns = inspect(self.model).columns
        return tuple(columns[part].type for part in self.key)

    def sql_type(self, field: Field) -> TypeEngine[Any]:
        """The type of the field in SQL, before it is made fit for JSON."""
        columns = inspect(self.model).columns
        return columns[field.attribute].type if field.attribute in columns else _COMPUTED_TYPES[field.kind]

    @cached_property
    def by_attribute(self) -> Mapping[str, Field]:
        """Its fields by the names that the model and the DTOs give them."""
        return {field.attribute: field for field in self.fields.values()}


Catalog = Mapping[str, Entity]


def reflect(interfaces: Sequence[type[EntityInterface]]) -> Catalog:
    """Every entity by its name, checked.

    Raises DeclarationError, which names every mismatch between the interfaces and their models.
    """
    problems: list[str] = []
    names = {interface.model: interface.model.__name__ for interface in interfaces}
    catalog = {}
    for interface in interfaces:
        entity = Entity(
            name=names[interface.model],
            singular=_decapitalize(names[interface.model]),
            plural=camel_case(interface.endpoint.replace("-", "_")),
            description=_first_sentence(interface),
            interface=interface,
            model=interface.model,
            key=tuple(inspect(interface.model).get_property_by_column(c).key for c in _primary_key(interface.model)),
            fields=_fields(interface, names, problems),
            relations=_relations(interface, names, problems),
        )
        problems += _unknown_names(interface)
        clash = entity.fields.keys() & entity.relations.keys()
        problems += [f"{interface.__name__}: {name} is both a field and a relation" for name in sorted(clash)]
        catalog[entity.name] = entity
    if problems:
        raise DeclarationError("Interfaces and models do not fit together:\n  " + "\n  ".join(problems))
    return catalog


def policies(catalog: Catalog) -> Policies:
    """The policy of each model that has an interface."""
    return {entity.model: entity.interface.policy for entity in catalog.values()}


def camel_case(name: str) -> str:
    """course_role_id becomes courseRoleId."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def words(name: str) -> str:
    """CourseRole, courseRole and course_role all become "course role"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").lower()


def _fields(interface: type[EntityInterface], names: Mapping[type[Base], str], problems: list[str]) -> dict[str, Field]:
    mapper = inspect(interface.model)
    own = names[interface.model]
    fields = {
        "id": Field("id", "id", Kind.ID, nullable=False, description="Unique over all types; opaque.", target=own),
        "databaseId": Field("databaseId", "database_id", Kind.STRING, nullable=False, description="The bare key."),
    }
    targets = {
        relationship.local_remote_pairs[0][0].key: relationship.mapper.class_
        for relationship in mapper.relationships
        if relationship.direction.name == "MANYTOONE"
    }
    # What the database keeps comes last.
    declared = sorted(interface.get.model_fields.items(), key=lambda item: item[0] in BaseEntityGet.model_fields)
    for attribute, info in declared:
        if attribute == "id":
            continue
        base, optional, _ = _unwrap(info.annotation)
        computed = interface.computed.get(attribute)
        where = f"{interface.get.__name__}.{attribute}"
        description = info.description or ""
        if not description:
            problems.append(f"{where} has no description")
        if computed is not None:
            kind = _COMPUTED_KINDS.get(get_origin(base) or base)
            target_model = computed.target if isinstance(computed, Expression) else None
            nullable, enum = optional, None
            if kind is None:
                problems.append(f"{where} is computed, and {base} is no type that a field can have")
                continue
        elif attribute in mapper.columns:
            column = mapper.columns[attribute]
            enum = base if isinstance(base, type) and issubclass(base, Enum) else None
            kind = _kind(column, base)
            target_model = targets.get(column.key)
            nullable = _nullable(interface, attribute, column, enum)
            if kind is None:
                problems.append(f"{where} is {base}, but column {column.table.name}.{column.name} is {column.type}")
                continue
            if nullable != optional:
                problems.append(
                    f"{where} may {'' if optional else 'not '}be null, but {column.table.name}.{column.name} "
                    f"may {'' if nullable else 'not '}read as null"
                )
        else:
            problems.append(f"{where} is neither a column of {interface.model.__tablename__} nor computed")
            continue
        name = camel_case(attribute)
        target = target_model.__name__ if target_model is not None else None
        fields[name] = Field(
            name=name,
            attribute=attribute,
            kind=Kind.ID if target else Kind.ENUM if enum else kind,
            nullable=nullable,
            description=description,
            deprecated=info.deprecated if isinstance(info.deprecated, str) else None,
            constraint=_constraint(info),
            target=target,
            enum=enum,
            computed=computed,
            null_reads=interface.null_reads.get(attribute),
        )
    problems += [
        f"{interface.__name__}.computed names {attribute}, which {interface.get.__name__} does not have"
        for attribute in interface.computed
        if attribute not in interface.get.model_fields
    ]
    return fields


def _kind(column: Column[Any], base: Any) -> Kind | None:  # noqa: ANN401 - an annotation may be anything
    """The kind of the column, or None where the annotation does not fit it."""
    if isinstance(base, type) and issubclass(base, Enum):
        fitting = (SqlEnum, String, Integer)
        return Kind.ENUM if isinstance(column.type, fitting) else None
    if isinstance(column.type, SqlEnum):
        return None
    annotation = get_origin(base) or base
    for sql_type, kind, fitting_annotations in _KINDS:
        if isinstance(column.type, sql_type):
            return kind if annotation in fitting_annotations else None
    return None


def _nullable(interface: type[EntityInterface], attribute: str, column: Column[Any], enum: type[Enum] | None) -> bool:
    """Whether a reader may meet null: in the column, where a policy hides it, or for an unknown value of an enum."""
    unchecked = enum is not None and not isinstance(column.type, SqlEnum)
    hidden = attribute in interface.policy.hideable()
    return hidden or unchecked or (bool(column.nullable) and attribute not in interface.null_reads)


def _unknown_names(interface: type[EntityInterface]) -> list[str]:
    """Names of attributes that the model does not have: a misspelt one would hide or order nothing."""
    columns = inspect(interface.model).columns
    hidden = interface.policy.hideable()
    order = {name.removeprefix("-") for name in interface.default_order}
    return [
        f"{interface.__name__} {what} {attribute}, which is no column of {interface.model.__tablename__}"
        for what, attributes in (("hides", hidden), ("orders by", order))
        for attribute in sorted(attributes)
        if attribute not in columns
    ]


_AUDITORS = {"created_by": "Who created it.", "updated_by": "Who last updated it."}


def _relations(
    interface: type[EntityInterface], names: Mapping[type[Base], str], problems: list[str]
) -> dict[str, Relation]:
    relations = {}
    mapper = inspect(interface.model)
    problems += [
        f"{interface.__name__} describes {attribute}, which is no relation of its model"
        for attribute in (*interface.relations, *interface.nested_orders)
        if attribute not in mapper.relationships
    ]
    descriptions = {**_AUDITORS, **interface.relations}
    for relationship in mapper.relationships:
        target = names.get(relationship.mapper.class_)
        if target is None:
            continue
        ((local, remote),) = relationship.local_remote_pairs
        to_many = bool(relationship.uselist)
        name = camel_case(relationship.key)
        text = words(relationship.key)
        relations[name] = Relation(
            name=name,
            attribute=relationship.key,
            target=target,
            to_many=to_many,
            description=descriptions.get(relationship.key, f"Its {text}." if to_many else f"The {text}."),
            local=mapper.get_property_by_column(local).key,
            remote=relationship.mapper.get_property_by_column(remote).key,
            order=interface.nested_orders.get(relationship.key, ()),
        )
    key = mapper.get_property_by_column(_primary_key(interface.model)[0]).key
    for attribute, tree in interface.trees.items():
        name = camel_case(attribute)
        relations[name] = Relation(
            name, attribute, names[interface.model], tree.to_many, tree.description, key, key, (), tree
        )
    return relations


def _primary_key(model: type[Base]) -> tuple[ColumnElement[Any], ...]:
    return inspect(model).primary_key


def _unwrap(annotation: Any) -> tuple[Any, bool, tuple[Any, ...]]:  # noqa: ANN401 - an annotation may be anything
    """The annotation without None and Annotated, whether None was in it, and what Annotated had to say."""
    optional = False
    if get_origin(annotation) in (Union, UnionType):
        rest = [part for part in get_args(annotation) if part is not NoneType]
        optional = len(rest) < len(get_args(annotation))
        annotation = rest[0] if len(rest) == 1 else annotation
    if get_origin(annotation) is Annotated:
        said = (part.metadata if isinstance(part, FieldInfo) else (part,) for part in annotation.__metadata__)
        return get_args(annotation)[0], optional, tuple(chain.from_iterable(said))
    return annotation, optional, ()


_CONSTRAINTS = {
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
    "ge": "min",
    "le": "max",
}


def _constraint(info: FieldInfo) -> Mapping[str, Any] | None:
    """What `@constraint` says of a DTO's field."""
    found = {}
    for metadata in (*_unwrap(info.annotation)[2], *info.metadata):
        for attribute, name in _CONSTRAINTS.items():
            value = getattr(metadata, attribute, None)
            if value is not None:
                found[name] = value
    return found or None


def _first_sentence(interface: type[EntityInterface]) -> str:
    return (interface.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")


def _decapitalize(name: str) -> str:
    return name[0].lower() + name[1:]
