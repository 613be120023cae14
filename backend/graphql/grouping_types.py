"""The types around the groups of an entity's lists: keys, what they are chosen by, conditions and orders."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from backend.graphql.basic_types import SCALAR_NAMES, declare_enum
from backend.graphql.declare import ArgumentSpec, Declarations, FieldSpec
from backend.graphql.directives import INCLUDED, WHOLE_LIST, Cost, ListSize
from backend.interface.entity import Entity, Field, Kind
from backend.plan.grouping import grouped_fields

if TYPE_CHECKING:
    from collections.abc import Sequence


class GroupBy(Enum):
    """How a column makes the key of a group."""

    VALUE = "VALUE"


class GroupByTime(Enum):
    """How a moment makes the key of a group: cut to the start of a unit, in UTC."""

    VALUE = "VALUE"
    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"


_BY = {"VALUE": "By its value."}
_BY_TIME = {
    "VALUE": "By the moment itself.",
    "HOUR": "By hour.",
    "DAY": "By day.",
    "WEEK": "By ISO week.",
    "MONTH": "By month.",
    "YEAR": "By year.",
}


def declare_group_units(types: Declarations) -> None:
    """Declares what does not depend on any entity."""
    declare_enum(types, GroupBy, _BY)
    declare_enum(types, GroupByTime, _BY_TIME)


def groups_spec(types: Declarations, entity: Entity) -> FieldSpec:
    """The field of a connection that gives its groups."""
    name = entity.name
    return FieldSpec(
        "groups",
        f"list[{name}Grouping]",
        "Figures over all pages, one for each group; by their keys unless ordered otherwise.",
        [
            ArgumentSpec("by", f"list[{name}GroupingKey]", "What the rows of a group share."),
            ArgumentSpec("having", f"{name}GroupingHaving | None", "Only the groups that pass."),
            ArgumentSpec("orderBy", f"list[{name}GroupingOrder] | None", "The order; the keys break ties."),
            ArgumentSpec("first", "Int | None", "How many, from the start."),
        ],
        [
            Cost(weight=WHOLE_LIST),
            ListSize(assumed_size=types.default_page, slicing_arguments=["first"], require_one_slicing_argument=False),
        ],
    )


def declare_grouping(types: Declarations, entity: Entity, plural: str, figures: Sequence[FieldSpec]) -> None:
    """Declares all that the entity's `groups` take and give; `figures` are those of its aggregate."""
    name = entity.name
    ones = [relation for relation in entity.relations.values() if not relation.to_many]
    fields = grouped_fields(entity).values()
    types.object(
        f"{name}GroupingKeys",
        f"Keys of a group of {plural}.",
        [
            *(FieldSpec(field.name, f"{_output(field)} | None", _shown(field)) for field in fields),
            *(
                FieldSpec(
                    one.name,
                    f"{one.target}GroupingKeys | None",
                    f"Keys that lie across {one.name}.",
                    directives=[Cost(weight=INCLUDED)],
                )
                for one in ones
            ),
        ],
        directives=[Cost(weight=INCLUDED)],
    )
    types.input(
        f"{name}GroupingKey",
        f"One key to group {plural} by.",
        [
            *(FieldSpec(field.name, f"{_unit(field)} | None", f"By {field.name}.") for field in fields),
            *(FieldSpec(one.name, f"{one.target}GroupingKey | None", f"By a field of {one.name}.") for one in ones),
        ],
        one_of=True,
    )
    types.input(
        f"{name}GroupingHaving",
        f"Which groups of {plural} to keep.",
        [FieldSpec("count", "IntFilter | None", "By their size.")],
    )
    types.input(
        f"{name}GroupingOrder",
        f"One term of the order of groups of {plural}.",
        [FieldSpec("count", "OrderDirection | None", "By size.")],
        one_of=True,
    )
    types.object(
        f"{name}Grouping",
        f"Figures over the {plural} of one group.",
        [
            FieldSpec(
                "keys",
                f"{name}GroupingKeys",
                "What the group has in common; null where it is not a key.",
                directives=[Cost(weight=INCLUDED)],
            ),
            *figures,
        ],
    )


def _output(field: Field) -> str:
    return field.enum.__name__ if field.enum is not None else SCALAR_NAMES[field.kind]


def _unit(field: Field) -> str:
    return GroupByTime.__name__ if field.kind is Kind.DATETIME else GroupBy.__name__


def _shown(field: Field) -> str:
    return f"{field.name}, cut as asked." if field.kind is Kind.DATETIME else f"{field.name}."
