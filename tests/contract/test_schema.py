"""schema.graphql is what the code declares, and keeps the shape that clients were promised."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, build_schema, get_named_type, is_abstract_type

from backend import model
from backend.graphql.sdl import check, print_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
RELATIONS = Path(__file__).with_name("relations.tsv")


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(print_schema())


def test_committed_schema_is_what_the_code_declares() -> None:
    assert check(ROOT / "schema.graphql") == []


def test_all_types_but_the_codes_of_errors_are_reached(schema: GraphQLSchema) -> None:
    pending: list[Any] = [schema.query_type, schema.mutation_type]
    pending += [argument.type for directive in schema.directives for argument in directive.args.values()]
    reached: set[str] = set()
    while pending:
        found: Any = get_named_type(pending.pop())
        if found.name in reached:
            continue
        reached.add(found.name)
        fields = getattr(found, "fields", {}).values()
        pending += [field.type for field in fields]
        pending += [argument.type for field in fields for argument in getattr(field, "args", {}).values()]
        pending += getattr(found, "interfaces", ())
        pending += schema.get_possible_types(found) if is_abstract_type(found) else ()
    assert {name for name in schema.type_map if not name.startswith("__")} - reached == {"ErrorCode"}


def test_a_field_that_went_is_named_as_breaking(tmp_path: Path) -> None:
    before = tmp_path / "schema.graphql"
    before.write_text(print_schema() + "\nextend type Role { motto: String }\n")
    assert "breaks clients: Field Role.motto was removed." in check(before)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert check(tmp_path / "schema.graphql") == ["schema.graphql is missing; `computor schema export` writes it."]


def _relations() -> Iterator[tuple[str, ...]]:
    for line in RELATIONS.read_text().splitlines():
        if line and not line.startswith("#"):
            yield tuple(line.split("\t"))


def _objects(schema: GraphQLSchema) -> dict[str, GraphQLObjectType]:
    return {name: found for name, found in schema.type_map.items() if isinstance(found, GraphQLObjectType)}


def test_every_relation_has_its_names_on_both_sides(schema: GraphQLSchema) -> None:
    objects = _objects(schema)
    missing = []
    for source, _, key_field, to_one, target, back in _relations():
        # The other half of the tables has no models yet, or no interfaces.
        if source not in objects or not hasattr(model, target):
            continue
        if key_field not in objects[source].fields:
            missing.append(f"{source}.{key_field}")
        if target not in objects:
            continue
        if str(get_named_type(objects[source].fields[to_one].type)) != target:
            missing.append(f"{source}.{to_one}")
        if back != "-":
            expected = source if back.endswith("?") else f"{source}Connection"
            field = objects[target].fields.get(back.rstrip("?"))
            if field is None or str(get_named_type(field.type)) != expected:
                missing.append(f"{target}.{back}")
    assert missing == []


def test_everything_in_the_schema_is_described(schema: GraphQLSchema) -> None:
    bare = []
    for name, found in schema.type_map.items():
        if name.startswith("__") or name in ("ID", "String", "Int", "Float", "Boolean"):
            continue
        if not found.description:
            bare.append(name)
        for field_name, field in getattr(found, "fields", {}).items():
            if not field.description:
                bare.append(f"{name}.{field_name}")
            bare += [
                f"{name}.{field_name}({arg})" for arg, of in getattr(field, "args", {}).items() if not of.description
            ]
        bare += [f"{name}.{value}" for value, of in getattr(found, "values", {}).items() if not of.description]
    assert bare == []


def test_relations_to_one_may_be_null_and_lists_may_not(schema: GraphQLSchema) -> None:
    objects = _objects(schema)
    for source, _, _, to_one, target, back in _relations():
        if source in objects and target in objects:
            assert not str(objects[source].fields[to_one].type).endswith("!")
            if back != "-" and not back.endswith("?"):
                assert str(objects[target].fields[back].type).endswith("Connection!")
