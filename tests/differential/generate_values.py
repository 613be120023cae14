"""Random filters, orders and searches, with values that real rows have, those included that a reader may not see."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from graphql import GraphQLInputObjectType, get_named_type

from tests.differential.reference_computed import COMPUTED
from tests.differential.reference_relations import KEYS, RELATIONS
from tests.differential.reference_rows import key_of
from tests.differential.reference_search import search_target
from tests.differential.reference_values import ENUMS, Reader, database_id, snake_case

if TYPE_CHECKING:
    from random import Random

    from graphql import GraphQLSchema

    from tests.differential.reference_access import Viewer
    from tests.differential.reference_rows import Row, World

DIRECTIONS = ("ASC", "ASC_NULLS_FIRST", "DESC", "DESC_NULLS_LAST")
_PATTERNS = ("%", "_%", "%a%", "%1_", r"%\_%", r"%\%%", "%é%", "A%", "")
_LQUERIES = ("*", "*.*", "*{1}", "*{2,}", "*{,2}", "!a.*", "*.week*", "*@.*{0,1}", "*.!x|y*")


class Name(str):
    """A value of an enum, which a document writes without quotes."""

    __slots__ = ()


class ValueMaker:
    """Makes inputs for the fields of a schema, over the rows of a world."""

    def __init__(self, random: Random, schema: GraphQLSchema, world: World, viewer: Viewer) -> None:
        self._random = random
        self._schema = schema
        self._world = world
        self._viewer = viewer

    def row(self, type_name: str) -> Row:
        """Any row of a type, but often one that the viewer sees, of which there may be few."""
        visible = self._viewer.visible(type_name) if self._random.random() < 0.6 else ()
        return self._random.choice(visible or self._world.rows[type_name])

    def id_of(self, type_name: str, key: str | None = None) -> str:
        """An id of the type, bare or global; now and then of no row at all."""
        nobody = "00000000-0000-4000-8000-000000000000"
        known = self._world.rows.get(type_name)
        bare = key or (database_id(self._random.choice(known)) if known else nobody)
        if self._random.random() < 0.05 and len(bare) == 36:
            bare = nobody
        return bare if self._random.random() < 0.3 else f"{type_name}:{bare}"

    def filter(self, type_name: str, depth: int = 2) -> dict[str, Any]:
        """A filter of one to three tests, mostly on values of one row, so that something passes."""
        row = self.row(type_name)
        fields = self._input(f"{type_name}Filter").fields
        found: dict[str, Any] = {}
        for _ in range(self._random.choice((1, 1, 1, 2, 2, 3))):
            name = self._random.choice(list(fields))
            if name in ("and", "or"):
                found[name] = [self.filter(type_name, depth - 1) for _ in range(self._random.randint(0, 2))]
            elif name == "not":
                found[name] = self.filter(type_name, depth - 1)
            elif (type_name, name) not in RELATIONS:
                found[name] = self._tests(row, name, get_named_type(fields[name].type).name)
            elif depth > 0:
                found[name] = self._on_relation(type_name, name, depth - 1)
        return found

    def _on_relation(self, type_name: str, name: str, depth: int) -> dict[str, Any]:
        relation = RELATIONS[type_name, name]
        if not relation.to_many:
            return {} if self._random.random() < 0.1 else self.filter(relation.target, depth)
        quantifiers = self._random.sample(("some", "none", "every"), self._random.choice((1, 1, 1, 2)))
        return {
            each: {} if self._random.random() < 0.15 else self.filter(relation.target, depth) for each in quantifiers
        }

    def _tests(self, row: Row, name: str, input_type: str) -> dict[str, Any]:
        operators = list(self._input(input_type).fields)
        chosen = self._random.sample(operators, 1 if self._random.random() < 0.85 else 2)
        return {operator: self._operand(row, name, operator, input_type) for operator in chosen}

    def _operand(self, row: Row, name: str, operator: str, input_type: str) -> Any:  # noqa: PLR0911
        random = self._random
        if operator in ("isNull", "isEmpty"):
            return random.random() < 0.5
        if operator == "depth":
            return random.randint(0, 4)
        if operator == "matches":
            return random.choice((*_LQUERIES, f"*.{self._text(row, name).split('.')[-1]}.*"))
        if operator in ("like", "ilike"):
            return random.choice(
                (*_PATTERNS, f"%{self._part(self._text(row, name))}%", self._text(row, name)[:3] + "%")
            )
        if operator in ("contains", "startsWith", "endsWith"):
            return self._affix(self._text(row, name), operator)
        if operator in ("in", "notIn", "containsAll", "containsAny"):
            rows = [row, *(self.row(row.type) for _ in range(random.randint(0, 3)))]
            values = [self._value(each, name, input_type) for each in rows]
            if operator.startswith("contains"):
                values = [random.choice(value) for value in values if value]
            return [] if random.random() < 0.1 else values
        value = self._value(row, name, input_type)
        return self._near(value) if operator in ("lt", "lte", "gt", "gte") else value

    def _value(self, row: Row, name: str, input_type: str) -> Any:
        """A row's value of a field, or a value like it where that is null."""
        attribute = snake_case(name)
        target = row.type if name == "id" else KEYS.get((row.type, attribute))
        if target is not None:
            key = database_id(row) if name == "id" else row.values.get(attribute)
            if (row.type, attribute) in COMPUTED:
                key = Reader(self._world, self._viewer).value(row, attribute)
            return self.id_of(target, key)
        value = row.values.get(attribute)
        names = ENUMS.get((row.type, attribute))
        if names is not None:
            return Name(names.get(value) or self._random.choice(list(names.values())))
        if (row.type, attribute) in COMPUTED:
            value = Reader(self._world, self._viewer).value(row, attribute)
        if value is not None:
            return value
        defaults = {
            "DateTimeFilter": datetime.fromisoformat("2025-03-01T12:00:00.5+00:00"),
            "TreePathFilter": "a.b",
            "BooleanFilter": True,
            "StringFilter": "green",
            "StringListFilter": ["a"],
        }
        return defaults.get(input_type, 0)

    def _near(self, value: Any) -> Any:
        step = self._random.choice((0, 0, 1, -1))
        if isinstance(value, datetime):
            return value + timedelta(microseconds=step)
        return max(min(value + step, 2**31 - 1), -(2**31)) if isinstance(value, int) and value < 2**31 else value

    def _text(self, row: Row, name: str) -> str:
        return str(row.values.get(snake_case(name)) or "Ünder_line%")

    def _part(self, text: str) -> str:
        start = self._random.randrange(len(text))
        part = text[start : start + self._random.randint(1, 4)]
        return part.replace("\\", "\\\\")

    def _affix(self, text: str, operator: str) -> str:
        length = self._random.randint(0, 4)
        ends = {"startsWith": text[:length], "endsWith": text[len(text) - length :], "contains": self._part(text)}
        found = ends[operator]
        return found.upper() if self._random.random() < 0.3 and "ß" not in found else found

    def search(self, type_name: str) -> dict[str, Any] | None:
        """One or two search parameters, with the values of one row."""
        search = self._schema.type_map.get(f"{type_name}Search")
        if not isinstance(search, GraphQLInputObjectType):
            return None
        row = self.row(type_name)
        names = self._random.sample(list(search.fields), self._random.choice((1, 1, 2)))
        return {name: self._parameter(row, name, get_named_type(search.fields[name].type).name) for name in names}

    def _parameter(self, row: Row, name: str, input_type: str) -> Any:  # noqa: PLR0911
        random = self._random
        special = {
            "latest": random.random() < 0.8,
            "nlevel": random.randint(1, 4),
            "providerUrl": "https://git.uni-lindental.example",
            "fullPath": "a/b",
            "descendants": random.choice(("", ".")) + self._text(row, "path").rpartition(".")[0] or "a",
            "ascendants": f"{self._text(row, 'path')}.below",
            "minGrade": random.choice((0, 0.25, 1)),
            "maxGrade": random.choice((0.1, 0.5)),
            "search": self._part(self._text(row, "title")),
            "scopes": random.choice(([], ["course:get"], ["course:get", "user:get"])),
            "tagPrefix": random.choice(("e", "Week", "%")),
        }
        if row.type == "Message" and name in ("tags", "anyTags"):
            return random.choice(([], ["exam"], ["WEEK", "exam"], ["exam_1"], ["_xam"]))
        if name in ("createdAfter", "createdBefore"):
            return self._near(row["created_at"])
        if name == "ipAddress" and random.random() < 0.3:
            return random.choice(("no address", "::FFFF:1.2.3.4", "2001:db8:0::1", "fe80::1%eth0"))
        if input_type == "Boolean" and name not in special:
            return random.random() < 0.5
        if name in special:
            return special[name]
        if row.type == "CourseMember" and name in ("givenName", "familyName"):
            return self._part(self._text(self.row("User"), name))
        target = search_target(row.type, name)
        if target is not None:
            attribute = {"submitterId": "course_member_id", "repositoryId": "example_repository_id"}.get(
                name, snake_case(name)
            )
            return self.id_of(target, key_of(row)[0] if name == "id" else row.values.get(attribute))
        if name in ("nickname", "title", "name", "claimValue") and random.random() < 0.5:
            return self._part(self._text(row, name))
        value = self._value(row, name, f"{input_type}Filter")
        return None if value == 0 and row.values.get(snake_case(name)) is None else value

    def order(self, type_name: str) -> list[dict[str, Any]]:
        """Up to three terms of an order."""
        return [self._term(type_name, 2) for _ in range(self._random.choice((0, 1, 1, 1, 2, 2, 3)))]

    def _term(self, type_name: str, depth: int) -> dict[str, Any]:
        fields = [
            name for name in self._input(f"{type_name}Order").fields if (type_name, name) not in RELATIONS or depth > 0
        ]
        name = self._random.choice(fields)
        if (type_name, name) in RELATIONS:
            return {name: self._term(RELATIONS[type_name, name].target, depth - 1)}
        return {name: Name(self._random.choice(DIRECTIONS))}

    def _input(self, name: str) -> GraphQLInputObjectType:
        found = self._schema.type_map[name]
        assert isinstance(found, GraphQLInputObjectType)
        return found
