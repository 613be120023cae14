"""Interfaces become entities, checked against their models: every mismatch is named, and nothing starts with one."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, get_origin

from sqlalchemy import Enum as SqlEnum
from sqlalchemy import inspect

from backend.errors import DeclarationError
from backend.interface.annotation import constraint_of, kind_of, unwrap
from backend.interface.base import BaseEntityGet, Batch, EntityInterface, ListQuery, Related
from backend.interface.entity import Catalog, Entity, Field, Kind, Relation, camel_case, words
from backend.interface.search import equal_attributes
from backend.model.base import PATH_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic.fields import FieldInfo
    from sqlalchemy import Column, ColumnElement

    from backend.model import Base

_COMPUTED_KINDS: dict[type, Kind] = {
    str: Kind.STRING,
    int: Kind.INT,
    float: Kind.FLOAT,
    bool: Kind.BOOLEAN,
    datetime: Kind.DATETIME,
    list: Kind.STRING_LIST,
    dict: Kind.JSON,
}


def reflect(interfaces: Sequence[type[EntityInterface]]) -> Catalog:
    """Every entity by its name, checked.

    Raises DeclarationError, which names every mismatch between the interfaces and their models.
    """
    problems: list[str] = []
    names = {interface.model: interface.model.__name__ for interface in interfaces}
    catalog = {}
    for interface in interfaces:
        fields = _fields(interface, names, problems)
        entity = Entity(
            name=names[interface.model],
            singular=_decapitalize(names[interface.model]),
            plural=camel_case(interface.endpoint.replace("-", "_")),
            description=_first_sentence(interface),
            interface=interface,
            model=interface.model,
            key=tuple(inspect(interface.model).get_property_by_column(c).key for c in _primary_key(interface.model)),
            fields=fields,
            relations=_relations(interface, names, problems),
            parameters=tuple(_parameters(interface, fields, problems)),
        )
        problems += _unknown_names(interface)
        clash = entity.fields.keys() & entity.relations.keys()
        problems += [f"{interface.__name__}: {name} is both a field and a relation" for name in sorted(clash)]
        catalog[entity.name] = entity
    if problems:
        raise DeclarationError("Interfaces and models do not fit together:\n  " + "\n  ".join(problems))
    return catalog


def _fields(interface: type[EntityInterface], names: Mapping[type[Base], str], problems: list[str]) -> dict[str, Field]:
    mapper = inspect(interface.model)
    own = names[interface.model]
    fields = {
        "id": Field("id", "id", Kind.ID, nullable=False, description="Unique over all types; opaque.", target=own),
        "databaseId": Field("databaseId", "database_id", Kind.STRING, nullable=False, description="The bare key."),
    }
    targets = {
        str(relationship.local_remote_pairs[0][0].key): relationship.mapper.class_
        for relationship in mapper.relationships
        if relationship.direction.name == "MANYTOONE"
    }
    # What the database keeps comes last.
    declared = sorted(interface.get.model_fields.items(), key=lambda item: item[0] in BaseEntityGet.model_fields)
    for attribute, info in declared:
        if attribute == "id":
            continue
        if not info.description:
            problems.append(f"{interface.get.__name__}.{attribute} has no description")
        try:
            kind, nullable, target, enum = (
                _of_computed(interface, attribute, info)
                if attribute in interface.computed
                else _of_column(interface, attribute, info, targets)
            )
        except DeclarationError as error:
            problems.append(f"{interface.get.__name__}.{attribute} {error}")
            continue
        name = camel_case(attribute)
        fields[name] = Field(
            name=name,
            attribute=attribute,
            kind=Kind.ID if target else Kind.ENUM if enum else kind,
            nullable=nullable,
            description=info.description or "",
            deprecated=info.deprecation_message,
            constraint=constraint_of(info),
            target=target.__name__ if target else None,
            enum=enum,
            computed=interface.computed.get(attribute),
        )
    problems += [
        f"{interface.__name__}.computed names {attribute}, which {interface.get.__name__} does not have"
        for attribute in interface.computed
        if attribute not in interface.get.model_fields
    ]
    problems += [
        f"{interface.__name__}.computed makes {attribute} of {computed.relation}, which is no relation to many"
        for attribute, computed in interface.computed.items()
        if isinstance(computed, Related) and not _is_to_many(interface.model, computed.relation)
    ]
    problems += [
        f"{interface.__name__}.computed makes {attribute} in Python, which SQL would go on reading from the column"
        for attribute, computed in interface.computed.items()
        if isinstance(computed, Batch) and attribute in mapper.columns
    ]
    return fields


def _is_to_many(model: type[Base], relation: str) -> bool:
    found = inspect(model).relationships.get(relation)
    return found is not None and bool(found.uselist)


_Traits = tuple[Kind, bool, "type[Base] | None", type[Enum] | None]


def _of_computed(interface: type[EntityInterface], attribute: str, info: FieldInfo) -> _Traits:
    base, optional, _ = unwrap(info.annotation)
    computed = interface.computed[attribute]
    if isinstance(base, type) and issubclass(base, Enum):
        return Kind.ENUM, optional, None, base
    kind = _COMPUTED_KINDS.get(get_origin(base) or base)
    if kind is None:
        raise DeclarationError(f"is computed, and {base} is no type that a field can have")
    return kind, optional, None if isinstance(computed, Batch) else computed.target, None


def _of_column(
    interface: type[EntityInterface], attribute: str, info: FieldInfo, targets: Mapping[str, type[Base]]
) -> _Traits:
    base, optional, _ = unwrap(info.annotation)
    columns = inspect(interface.model).columns
    if attribute not in columns:
        raise DeclarationError(f"is neither a column of {interface.model.__tablename__} nor computed")
    column = columns[attribute]
    enum = base if isinstance(base, type) and issubclass(base, Enum) else None
    kind = kind_of(column, base)
    if kind is None:
        raise DeclarationError(f"is {base}, but column {column.table.name}.{column.name} is {column.type}")
    nullable = _nullable(interface, attribute, column, enum)
    if nullable != optional:
        raise DeclarationError(
            f"may {'' if optional else 'not '}be null, but {column.table.name}.{column.name} "
            f"may {'' if nullable else 'not '}read as null"
        )
    return kind, nullable, targets.get(str(column.key)), enum


def _nullable(interface: type[EntityInterface], attribute: str, column: Column[Any], enum: type[Enum] | None) -> bool:
    """Whether a reader may meet null: in the column, where a policy hides it, or for an unknown value of an enum."""
    unchecked = enum is not None and not isinstance(column.type, SqlEnum)
    hidden = attribute in interface.policy.hideable()
    return hidden or unchecked or (bool(column.nullable) and attribute not in interface.null_reads)


def _unknown_names(interface: type[EntityInterface]) -> list[str]:
    """Names that the model does not have: a misspelt one would hide, order, or grant nothing."""
    columns = inspect(interface.model).columns
    used = (
        ("hides", interface.policy.hideable()),
        ("searches by", equal_attributes(interface)),
        ("orders by", {name.removeprefix("-") for name in interface.default_order}),
        ("reads null of", interface.null_reads.keys() - EntityInterface.null_reads.keys()),
    )
    unknown = [
        f"{interface.__name__} {what} {attribute}, which is no column of {interface.model.__tablename__}"
        for what, attributes in used
        for attribute in sorted(attributes)
        if attribute not in columns
    ]
    paths = [("grants along", interface.model, grant.path) for grant in interface.policy.read if grant.path]
    relationships = inspect(interface.model).relationships
    unknown += [
        f"{interface.__name__} grants by {grant.sees}, which is no relation of its model"
        for grant in interface.policy.read
        if grant.sees and grant.sees not in relationships
    ]
    for relation, order in interface.nested_orders.items():
        if relation in relationships:
            target = relationships[relation].mapper.class_
            paths += [(f"orders {relation} by", target, name.removeprefix("-")) for name in order]
    return unknown + [
        f"{interface.__name__} {what} {path}, which leads nowhere"
        for what, model, path in paths
        if not _leads(model, path)
    ]


def _leads(model: type[Base], path: str) -> bool:
    """Whether the path crosses relations of the models to a column."""
    *hops, last = path.split(".")
    for hop in hops:
        if hop not in inspect(model).relationships:
            return False
        model = inspect(model).relationships[hop].mapper.class_
    return last in inspect(model).columns


_PARAMETER_KINDS = {kind: of for kind, of in _COMPUTED_KINDS.items() if kind is not dict}


def _parameters(interface: type[EntityInterface], fields: Mapping[str, Field], problems: list[str]) -> Iterator[Field]:
    """The parameters of its search; those that are named like keys take ids, but where a field says otherwise."""
    by_attribute = {field.attribute: field for field in fields.values()}
    query = interface.query or ListQuery
    for attribute, info in query.model_fields.items():
        base, _, rules = unwrap(info.annotation)
        field = by_attribute.get(attribute)
        enum = base if isinstance(base, type) and issubclass(base, Enum) else None
        kind = Kind.ENUM if enum else _PARAMETER_KINDS.get(get_origin(base) or base)
        if kind is None:
            problems.append(f"{query.__name__}.{attribute} is {base}, which no search takes")
            continue
        if field.kind is Kind.ID if field else attribute.endswith("_id"):
            kind = Kind.ID
        elif any(getattr(rule, "pattern", None) == PATH_PATTERN for rule in rules):
            kind = Kind.TREE_PATH
        target = field.target if field and kind is Kind.ID else None
        yield Field(
            camel_case(attribute),
            attribute,
            kind,
            nullable=True,
            description=info.description or "",
            target=target,
            enum=enum,
        )


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


def _first_sentence(interface: type[EntityInterface]) -> str:
    return (interface.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")


def _decapitalize(name: str) -> str:
    return name[0].lower() + name[1:]
