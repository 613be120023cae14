"""Random selections of figures, and random arguments of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLInputObjectType, GraphQLObjectType, get_named_type

from tests.differential.generate_values import DIRECTIONS, Name
from tests.differential.reference_relations import RELATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from graphql import GraphQLSchema

_OPERATORS = ("eq", "ne", "lt", "lte", "gt", "gte")


class FigureMaker:
    """Makes selections on figures and groups of the lists of a schema."""

    def __init__(self, random: Random, schema: GraphQLSchema) -> None:
        self._random = random
        self._schema = schema

    def aggregate(self, type_name: str) -> str:
        """Some of the figures over a list."""
        return " ".join(self._figures(type_name, f"{type_name}Aggregate"))

    def groups(self, type_name: str) -> tuple[dict[str, Any], str]:
        """Arguments of `groups`, and what is selected of each group."""
        random = self._random
        keys = [self._key(type_name, 2) for _ in range(random.choice((1, 1, 1, 2, 2, 3)))]
        given: dict[str, Any] = {"by": [key for index, key in enumerate(keys) if key not in keys[:index]]}
        if random.random() < 0.3:
            given["having"] = {"count": self._having()}
        if random.random() < 0.4:
            terms = random.choice((0, 1, 1, 2))
            given["orderBy"] = [{"count": Name(random.choice(DIRECTIONS))} for _ in range(terms)]
        if random.random() < 0.5:
            given["first"] = random.choice((1, 2, 3, 10, 500, 0))
        if random.random() < 0.02:
            given |= random.choice(
                (
                    {"by": []},
                    {"by": [keys[0], keys[0]]},
                    {"first": 501},
                    {"first": -1},
                    {"having": {"count": {"in": None}}},
                )
            )
        others = [f"keys {{ {self._read(type_name, given['by'])} }}"] if random.random() < 0.95 else ["__typename"]
        return given, " ".join([*others, *self._figures(type_name, f"{type_name}Grouping")])

    def _key(self, type_name: str, depth: int) -> dict[str, Any]:
        """One key: a field, or a field of a relation to one."""
        fields = self._input(f"{type_name}GroupingKey").fields
        name = self._random.choice([name for name in fields if (type_name, name) not in RELATIONS or depth > 0])
        if (type_name, name) in RELATIONS:
            return {name: self._key(RELATIONS[type_name, name].target, depth - 1)}
        units = self._schema.type_map[get_named_type(fields[name].type).name]
        return {name: Name(self._random.choice(list(units.values)))}  # type: ignore[attr-defined] # it is an enum

    def _having(self) -> dict[str, Any]:
        random = self._random
        found: dict[str, Any] = {random.choice(_OPERATORS): random.randint(0, 4)}
        if random.random() < 0.2:
            found[random.choice(("in", "notIn"))] = [random.randint(0, 3) for _ in range(random.randint(0, 3))]
        if random.random() < 0.1:
            found["isNull"] = random.random() < 0.3
        return found

    def _read(self, type_name: str, keys: Sequence[Mapping[str, Any]]) -> str:
        """The keys, and now and then a field that is none; always one where there are no keys: `{}` does not parse."""
        parts = [self._path(key) for key in keys]
        if not parts or self._random.random() < 0.2:
            parts.append(self._path(self._key(type_name, 1)))
        return " ".join(parts)

    def _path(self, key: Mapping[str, Any]) -> str:
        ((name, inner),) = key.items()
        return name if isinstance(inner, str) else f"{name} {{ {self._path(inner)} }}"

    def _figures(self, type_name: str, of: str) -> list[str]:
        holder = self._schema.type_map[of]
        assert isinstance(holder, GraphQLObjectType)
        names = [name for name in holder.fields if name != "keys"]
        parts = []
        for name in self._random.sample(names, self._random.randint(1, len(names))):
            if name == "count":
                parts.append("count")
                continue
            figures = self._schema.type_map[f"{type_name}{name.capitalize()}"]
            assert isinstance(figures, GraphQLObjectType)
            fields = self._random.sample(list(figures.fields), self._random.randint(1, min(3, len(figures.fields))))
            parts.append(f"{name} {{ {' '.join(fields)} }}")
        return parts

    def _input(self, name: str) -> GraphQLInputObjectType:
        found = self._schema.type_map[name]
        assert isinstance(found, GraphQLInputObjectType)
        return found
