"""Random documents over a schema, with variables, fragments, directives and cursors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLNonNull,
    GraphQLObjectType,
    parse,
    validate,
)

from tests.differential.generate_figures import FigureMaker
from tests.differential.generate_inputs import InputWriter
from tests.differential.generate_values import Name, ValueMaker
from tests.differential.reference import ROOT_MANY, ROOT_ONE
from tests.differential.reference_relations import ARCHIVABLE, RELATIONS, TEXT_KEYS, TYPES
from tests.differential.reference_values import database_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import GraphQLSchema

    from tests.differential.reference_access import Viewer
    from tests.differential.reference_rows import World

# About how many objects a document may answer; a reference that takes one at a time has to get through them.
_MOST_ROWS = 300
_PARTS = ("nodes", "nodes", "edges", "pageInfo", "totalCount", "aggregate", "groups")


@dataclass(frozen=True)
class Take:
    """A variable's value that the answer to the step before holds: the cursor of a walk, by what it is for."""

    which: str


@dataclass(frozen=True)
class Case:
    """A document, and the variables of each time that it is asked."""

    document: str
    steps: Sequence[dict[str, Any]]


def make_case(seed: str, schema: GraphQLSchema, world: World, viewer: Viewer, about: str) -> Case:
    """The case of a seed, about a type above all. It is valid; what its arguments say may still be refused."""
    for attempt in range(100):
        random = Random(f"{seed}:{attempt}")  # noqa: S311 - nothing here is a secret
        case = _Writer(random, schema, ValueMaker(random, schema, world, viewer), about).case()
        if not validate(schema, parse(case.document)):
            return case
    raise AssertionError(f"seed {seed} made no valid document in 100 attempts")


class _Writer:
    """Writes one document."""

    def __init__(self, random: Random, schema: GraphQLSchema, values: ValueMaker, about: str) -> None:
        self._random = random
        self._schema = schema
        self._values = values
        self._figures = FigureMaker(random, schema)
        # The first field is about this type; the others are about it or any.
        self._about = about
        self._inputs = InputWriter(random)
        self._fragments: list[str] = []
        self._aliases = 0

    def case(self) -> Case:
        walks = self._random.random() < 0.3
        fields = [self._walk()] if walks else []
        more = self._random.choice((0, 1)) if walks else self._random.randint(1, 3)
        fields += [self._root(first=not walks and index == 0) for index in range(more)]
        self._random.shuffle(fields)
        if self._random.random() < 0.1:
            fields.append("__typename")
        head = f"query Asked({', '.join(self._inputs.definitions)})" if self._inputs.definitions else "query"
        document = "\n".join((f"{head} {{ {' '.join(fields)} }}", *self._fragments))
        if not walks:
            return Case(document, [self._inputs.variables])
        size = self._random.randint(1, 4)
        steps: list[dict[str, Any]] = [
            {"first": size},
            {"first": size, "after": Take("end")},
            {"last": size, "before": Take("start")},
            {"first": size, "after": Take("low"), "before": Take("high")},
            {"last": size, "after": Take("low")},
        ]
        kept = self._random.randint(2, len(steps))
        return Case(document, [{**self._inputs.variables, **step} for step in steps[:kept]])

    def _walk(self) -> str:
        """A list with cursors, at the root or beneath it, whose page is given by four variables of each step."""
        self._inputs.definitions += ["$first: Int", "$last: Int", "$after: String", "$before: String"]
        page = ["first: $first", "last: $last", "after: $after", "before: $before"]
        type_name = self._about
        parents = [name for (own, name), relation in RELATIONS.items() if own == type_name and relation.to_many]
        root = next(field for field, name in ROOT_MANY.items() if name == type_name and field != "activeCourses")
        read = "edges { cursor node { id } } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } totalCount"
        if not parents or self._random.random() < 0.5:
            arguments = ", ".join((*page, *self._list_arguments(type_name, paged=False)))
            return f"walk: {root}({arguments}) {{ {read} {self._connection_fields(type_name, 1, 10)} }}"
        field = self._random.choice(parents)
        target = RELATIONS[type_name, field].target
        arguments = ", ".join((*page, *self._list_arguments(target, paged=False)))
        inner = f"walk: {field}({arguments}) {{ {read} {self._connection_fields(target, 0, 10)} }}"
        outer = ", ".join((f"first: {self._random.randint(1, 4)}", *self._list_arguments(type_name, paged=False)))
        return f"walks: {root}({outer}) {{ nodes {{ {inner} }} }}"

    def _root(self, *, first: bool) -> str:
        random = self._random
        kind = random.choice(("many", "many", "many", "one", *(() if first else ("node", "nodes", "me"))))
        type_name = self._about if first or random.random() < 0.3 else random.choice(TYPES)
        if kind == "me":
            return f"{self._alias('me')} {{ {self._selection('User', 3, 1)} }}"
        if kind == "one":
            field = next(field for field, name in ROOT_ONE.items() if name == type_name)
            argument = self._argument("id", self._schema.query_type, field, self._values.id_of(type_name))
            return f"{self._unique(field)}({argument}) {{ {self._selection(type_name, 3, 1)} }}"
        if kind == "many":
            field = random.choice([field for field, name in ROOT_MANY.items() if name == type_name])
            return self._connection(self._schema.query_type, field, type_name, 3, 1)
        ids = [self._global_id() for _ in range(random.randint(1, 4))]
        if kind == "node":
            argument = self._argument("id", self._schema.query_type, "node", ids[0])
        else:
            argument = self._argument("ids", self._schema.query_type, "nodes", [*ids, ids[0]])
        types = {text.partition(":")[0] for text in ids if random.random() < 0.9} & set(TYPES) | {type_name}
        parts = [f"... on {name} {{ {self._selection(name, 2, 2)} }}" for name in sorted(types)]
        parts += random.sample(["__typename", "id", "... on Node { id }", "... { id }"], random.randint(0, 3))
        random.shuffle(parts)
        return f"{self._unique(kind)}({argument}) {{ {' '.join(parts)} }}"

    def _global_id(self) -> str:
        type_name = self._about if self._random.random() < 0.3 else self._random.choice(TYPES)
        if self._random.random() < 0.02:
            return self._random.choice((f"{type_name}s:1", "nothing", "Course:1", ""))
        return f"{type_name}:{database_id(self._values.row(type_name))}"

    def _selection(self, type_name: str, depth: int, rows: int) -> str:
        """What is asked of an object; `rows` says about how many there are of it."""
        random = self._random
        parent = self._schema.type_map[type_name]
        assert isinstance(parent, GraphQLObjectType)
        scalars = [name for name in parent.fields if (type_name, name) not in RELATIONS]
        parts = [self._alias(name) for name in random.sample(scalars, random.randint(1, 4))]
        if random.random() < 0.15:
            parts.append(self._alias("__typename"))
        relations = [name for name in parent.fields if (type_name, name) in RELATIONS]
        if depth > 0 and relations:
            for name in random.sample(relations, min(len(relations), random.choice((0, 1, 1, 2, 3)))):
                relation = RELATIONS[type_name, name]
                if not relation.to_many:
                    inner = self._selection(relation.target, depth - 1, rows)
                    parts.append(f"{self._alias(name)}{self._directive()} {{ {inner} }}")
                elif rows < _MOST_ROWS:
                    parts.append(self._connection(parent, name, relation.target, depth - 1, rows))
        return " ".join(self._grouped(parts, type_name))

    def _grouped(self, parts: list[str], type_name: str) -> list[str]:
        """The same selections, some of them in fragments and some twice."""
        random = self._random
        random.shuffle(parts)
        if random.random() < 0.15:
            parts.append(random.choice(parts))
        chance = random.random()
        if chance > 0.35:
            return parts
        cut = random.randint(1, len(parts))
        inside, outside = " ".join(parts[:cut]), parts[cut:]
        if chance < 0.1:
            self._fragments.append(f"fragment f{len(self._fragments)} on {type_name} {{ {inside} }}")
            wrapped = f"...f{len(self._fragments) - 1}{self._directive()}"
        elif chance < 0.2:
            wrapped = f"...{self._directive()} {{ {inside} }}"
        elif chance < 0.25:
            wrapped = f"... on Node {{ id ... on {type_name} {{ {inside} }} }}"
        else:
            wrapped = f"... on {type_name}{self._directive()} {{ {inside} }}"
        return [*outside, wrapped] if random.random() < 0.5 else [wrapped, *outside]

    def _connection(self, parent: Any, name: str, type_name: str, depth: int, rows: int) -> str:
        random = self._random
        room = _MOST_ROWS // rows
        most = random.choice((1, 2, 3, 5, 10)) if depth > 0 else random.choice((1, 3, 10, 50))
        arguments = self._list_arguments(type_name, paged=True, most=min(room, most), parent=parent, field=name)
        listed = f"({', '.join(arguments)})" if arguments else ""
        size = 50 if not any(text.startswith(("first", "last")) for text in arguments) else min(room, most)
        called = self._unique(name)
        if random.random() < 0.1:
            halves = [self._connection_fields(type_name, depth, rows * max(size, 1)) for _ in range(2)]
            return " ".join(f"{called}{listed} {{ {half} }}" for half in halves)
        inner = self._connection_fields(type_name, depth, rows * max(size, 1))
        return f"{called}{listed}{self._directive()} {{ {inner} }}"

    def _connection_fields(self, type_name: str, depth: int, rows: int) -> str:
        random = self._random
        parts = []
        kinds = random.sample(_PARTS, random.randint(1, 3))
        for kind in dict.fromkeys(kinds):
            if kind == "nodes":
                parts.append(
                    f"{self._alias('nodes')}{self._directive()} {{ {self._selection(type_name, depth, rows)} }}"
                )
            elif kind == "edges":
                cursor = random.choice(("cursor ", ""))
                parts.append(
                    f"{self._alias('edges')} {{ {cursor}node {{ {self._selection(type_name, depth, rows)} }} }}"
                )
            elif kind == "pageInfo":
                names = ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor", "__typename")
                parts.append(f"{self._alias('pageInfo')} {{ {' '.join(random.sample(names, random.randint(1, 3)))} }}")
            elif kind == "groups":
                given, selected = self._figures.groups(type_name)
                connection = self._schema.type_map[f"{type_name}Connection"]
                arguments = (self._argument(name, connection, "groups", value) for name, value in given.items())
                parts.append(f"{self._unique('groups')}({', '.join(arguments)}) {{ {selected} }}")
            elif kind == "totalCount":
                at_most = random.choice(("", "", f"(atMost: {random.choice((0, 1, 5, 100))})"))
                parts.append(f"{self._unique('totalCount')}{at_most}")
            else:
                parts.append(f"{self._alias('aggregate')} {{ {self._figures.aggregate(type_name)} }}")
        if random.random() < 0.1:
            parts.append("__typename")
        return " ".join(parts)

    def _list_arguments(
        self,
        type_name: str,
        *,
        paged: bool,
        most: int = 0,
        parent: Any = None,
        field: str = "",
    ) -> list[str]:
        random = self._random
        if parent is None:
            parent = self._schema.query_type
            field = next(name for name, listed in ROOT_MANY.items() if listed == type_name)
        given: dict[str, Any] = {}
        if random.random() < 0.4:
            given["filter"] = self._values.filter(type_name)
        if random.random() < 0.15:
            given["search"] = self._values.search(type_name)
        if random.random() < 0.4:
            given["orderBy"] = self._values.order(type_name)
        if type_name in ARCHIVABLE and random.random() < 0.4:
            given["archived"] = Name(random.choice(("EXCLUDE", "ONLY", "INCLUDE")))
        if paged and (most < 50 or random.random() < 0.5):
            given[random.choice(("first", "first", "last"))] = max(1, most) if random.random() < 0.97 else 0
        if random.random() < 0.02:
            given |= random.choice(
                (
                    {"first": -1},
                    {"last": 501},
                    {"first": 1, "last": 1},
                    {"after": "bm90aGluZw=="},
                    {"before": ""},
                    {"filter": {"id": {"eq": "Nobody:1" if type_name not in TEXT_KEYS else "\0"}}},
                    {"filter": {"id": {"in": None}}},
                )
            )
        if not paged:
            given = {name: value for name, value in given.items() if name not in ("first", "last", "after", "before")}
        return [self._argument(name, parent, field, value) for name, value in given.items() if value is not None]

    def _argument(self, name: str, parent: Any, field: str, value: Any) -> str:
        return f"{name}: {self._inputs.written(value, parent.fields[field].args[name].type)}"

    def _directive(self) -> str:
        if self._random.random() > 0.08:
            return ""
        kept = self._random.random() < 0.6
        skips = self._random.random() < 0.5
        condition = json.dumps(kept != skips)
        if self._random.random() < 0.6:
            condition = self._inputs.variable(kept != skips, GraphQLNonNull(self._schema.type_map["Boolean"]))
        return f" @{'skip' if skips else 'include'}(if: {condition})"

    def _alias(self, name: str) -> str:
        return self._unique(name, chance=0.1)

    def _unique(self, name: str, chance: float = 0.8) -> str:
        if self._random.random() > chance:
            return name
        self._aliases += 1
        return f"a{self._aliases}: {name}"
