"""Every entity as every kind of reader: rows and columns, through each clause that could tell of hidden ones.

What is expected stands in tests/support/read_cases.py. An entity without an entry there fails here. Rows are asked for
as every kind of reader; the other clauses as those whose rows differ most, unless READ_ALL=1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import inspect

from backend.access.credentials import create_token
from backend.interface.entity import Entity, Kind
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from tests.support.discussion import build_discussion
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.read_cases import EVERY, HIDDEN, KINDS, MATRIX
from tests.support.repeat import tries_all
from tests.support.submissions import build_submissions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

CATALOG = reflect(INTERFACES)
PAGE, AT_ONCE = 9, 40
# By entity, the ids of rows by what these are called in the matrix.
Ids = dict[str, dict[Any, str]]
SOME = ("student", "tutor", "lecturer", "organization manager", "narrowed student")
ASKING = tuple(KINDS) if tries_all("READ") else SOME


@pytest.fixture(scope="module")
def read(own_world: World) -> Iterator[RunningGateway]:
    """The gateway over everything, with a token for each kind of reader."""
    build_discussion(own_world)
    build_submissions(own_world)
    url = own_world.database_url
    tokens = {kind: create_token(url, user=user, name=kind, scopes=scopes) for kind, (user, scopes) in KINDS.items()}
    with running_gateway(url, tokens) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def every(read: RunningGateway, own_world: World) -> Ids:
    """By entity: the ids of all its rows, by what they are called in the matrix, read past the gateway."""
    del read
    return {name: dict(_rows(own_world, entity)) for name, entity in CATALOG.items()}


def _rows(world: World, entity: Entity) -> Iterator[tuple[Any, str]]:
    columns = inspect(entity.model).columns
    keys = ", ".join(f'"{columns[part].name}"::text' for part in entity.key)
    if entity.name == "ApiToken":
        keys += """, (SELECT username FROM "user" WHERE "user".id = user_id) || ': ' || name"""
    query = f'SELECT {keys} FROM "{entity.model.__tablename__}"'  # noqa: S608 - of the models
    for row in world.connection.execute(query.encode()):
        key = row[: len(entity.key)]
        names = row[len(key) :] or [part if ":" in part else world.name(part) for part in key]
        escaped = ",".join(part.replace("%", "%25").replace(",", "%2C") for part in key) if key[1:] else key[0]
        yield names[0] if len(names) == 1 else tuple(names), f"{entity.name}:{escaped}"


def _expected(every: Ids, name: str, kind: str) -> set[str]:
    rows = MATRIX[name].get(kind, set())
    return set(every[name].values()) if rows is EVERY else {every[name][row] for row in rows}


def _all_of(entity: Entity, *more: str) -> str:
    archived = ["archived: INCLUDE"] if entity.archivable else []
    return f"{entity.plural}({', '.join([*archived, *more])})"


def _group_key(entity: Entity) -> str:
    groupable = (field.name for field in entity.fields.values() if field.in_sql and field.computed is None)
    unlike = (Kind.DATETIME, Kind.STRING_LIST)
    return next(
        name for name in groupable if name not in ("id", "databaseId") and entity.fields[name].kind not in unlike
    )


def test_every_entity_has_its_entry_and_every_kind_of_reader_is_one(every: Ids) -> None:
    assert list(MATRIX) == [interface.model.__name__ for interface in INTERFACES]
    for name, entry in MATRIX.items():
        assert entry.keys() <= KINDS.keys(), name
        # An entity of which there is nothing to hide proves nothing.
        assert every[name], name
        assert _expected(every, name, "admin") == set(every[name].values()), name
    assert HIDDEN.keys() == {name for name, entity in CATALOG.items() if entity.interface.policy.hideable()}


def test_nobody_reads_anything_without_a_token(read: RunningGateway) -> None:
    for entity in CATALOG.values():
        query = f"{{ {entity.plural} {{ totalCount }} }}"
        response = read.client.post(f"{read.url}/graphql", json={"query": query})
        answer = response.json()
        assert (answer.get("data"), answer["errors"][0]["extensions"]["code"]) == (None, "UNAUTHENTICATED"), entity.name


@pytest.mark.parametrize("kind", KINDS)
def test_lists_counts_and_ids_are_of_what_the_reader_may_see(read: RunningGateway, every: Ids, kind: str) -> None:
    ids = [key for rows in every.values() for key in rows.values()]
    lists = " ".join(f"{_all_of(entity, 'first: 500')} {{ totalCount nodes {{ id }} }}" for entity in CATALOG.values())
    data = read.data(kind, f"query ($ids: [ID!]!) {{ {lists} nodes(ids: $ids) {{ id }} }}", ids=ids)
    by_id = {node["id"] for node in data["nodes"] if node}
    for name, entity in CATALOG.items():
        found, expected = data[entity.plural], _expected(every, name, kind)
        assert {node["id"] for node in found["nodes"]} == expected, name
        assert found["totalCount"] == len(expected), name
        assert by_id & set(every[name].values()) == expected, name


@pytest.mark.parametrize("kind", ASKING)
def test_filters_figures_and_groups_are_over_what_the_reader_may_see(
    read: RunningGateway, every: Ids, kind: str
) -> None:
    filters = (
        f"{_all_of(entity, f'first: 500, filter: {{ id: {{ in: ${name} }} }}')} {{ nodes {{ id }} aggregate {{ count }}"
        f" groups(by: [{{ {_group_key(entity)}: VALUE }}], first: 500) {{ count }} }}"
        for name, entity in CATALOG.items()
    )
    variables = {name: list(rows.values()) for name, rows in every.items()}
    definitions = " ".join(f"${name}: [ID!]!" for name in variables)
    data = read.data(kind, f"query ({definitions}) {{ {' '.join(filters)} }}", **variables)
    for name, entity in CATALOG.items():
        found, expected = data[entity.plural], _expected(every, name, kind)
        assert {node["id"] for node in found["nodes"]} == expected, name
        counts = (found["aggregate"]["count"], sum(group["count"] for group in found["groups"]))
        assert counts == (len(expected), len(expected)), name


@pytest.mark.parametrize("kind", [kind for kind in ASKING if ASKING is not SOME or kind in ("student", "tutor")])
def test_filters_on_relations_do_not_find_what_is_hidden(read: RunningGateway, every: Ids, kind: str) -> None:
    hidden = {name: sorted(set(every[name].values()) - _expected(every, name, kind)) for name in CATALOG}
    probes, asked = [], set()
    for entity in CATALOG.values():
        for relation in entity.relations.values():
            if hidden[relation.target]:
                test = f"{{ id: {{ in: ${relation.target} }} }}"
                found = f"{{ some: {test} }}" if relation.to_many else test
                probes.append(f"{_all_of(entity, f'filter: {{ {relation.name}: {found} }}')} {{ totalCount }}")
                asked.add(relation.target)
    told = set()
    for start in range(0, len(probes), AT_ONCE):
        some = probes[start : start + AT_ONCE]
        names = [name for name in sorted(asked) if any(f"${name} " in probe for probe in some)]
        definitions = " ".join(f"${name}: [ID!]!" for name in names)
        query = " ".join(f"p{index}: {probe}" for index, probe in enumerate(some))
        data = read.data(kind, f"query ({definitions}) {{ {query} }}", **{name: hidden[name] for name in names})
        told |= {some[int(alias[1:])] for alias, found in data.items() if found["totalCount"]}
    assert told == set()


def test_filters_on_relations_find_what_is_there(read: RunningGateway, every: Ids) -> None:
    for entity in CATALOG.values():
        relation = next(iter(entity.relations.values()), None)
        if relation is not None:
            test = "{ some: { id: { in: $ids } } }" if relation.to_many else "{ id: { in: $ids } }"
            asked = _all_of(entity, f"filter: {{ {relation.name}: {test} }}")
            ids = list(every[relation.target].values())
            data = read.data("admin", f"query ($ids: [ID!]!) {{ {asked} {{ totalCount }} }}", ids=ids)
            assert data[entity.plural]["totalCount"], entity.name


@pytest.mark.parametrize("kind", ASKING)
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_pages_hold_each_visible_row_once_in_order(read: RunningGateway, every: Ids, kind: str, direction: str) -> None:
    size, cursor, more = (
        ("first", "after", "hasNextPage") if direction == "ASC" else ("last", "before", "hasPreviousPage")
    )
    at = "endCursor" if direction == "ASC" else "startCursor"
    left: dict[str, str | None] = dict.fromkeys(CATALOG)
    seen: dict[str, list[str]] = {name: [] for name in CATALOG}
    while left:
        pages = (
            f"{_all_of(CATALOG[name], f'{size}: {PAGE}, {cursor}: ${name}, orderBy: [{{ id: ASC }}]')}"
            f" {{ nodes {{ id }} pageInfo {{ {more} {at} }} }}"
            for name in left
        )
        definitions = " ".join(f"${name}: String" for name in left)
        data = read.data(kind, f"query ({definitions}) {{ {' '.join(pages)} }}", **left)
        for name in list(left):
            page = data[CATALOG[name].plural]
            rows = [node["id"] for node in page["nodes"]]
            seen[name] = seen[name] + rows if direction == "ASC" else rows + seen[name]
            left[name] = page["pageInfo"][at]
            if not page["pageInfo"][more]:
                del left[name]
    for name, rows in seen.items():
        assert len(rows) == len(set(rows)), name
        assert set(rows) == _expected(every, name, kind), name


@pytest.mark.parametrize("kind", ASKING)
def test_cursors_of_hidden_rows_lead_to_visible_ones(read: RunningGateway, every: Ids, kind: str) -> None:
    first = " ".join(
        f"{_all_of(entity, 'first: 1, orderBy: [{ id: ASC }]')} {{ edges {{ cursor node {{ id }} }} }}"
        for entity in CATALOG.values()
    )
    edges = {name: found["edges"][0] for name, found in read.data("admin", f"{{ {first} }}").items()}
    after = " ".join(
        f"{_all_of(entity, f'after: ${entity.plural}, orderBy: [{{ id: ASC }}], first: 500')} {{ nodes {{ id }} }}"
        for entity in CATALOG.values()
    )
    definitions = " ".join(f"${name}: String" for name in edges)
    cursors = {name: edge["cursor"] for name, edge in edges.items()}
    data = read.data(kind, f"query ({definitions}) {{ {after} }}", **cursors)
    for name, entity in CATALOG.items():
        rows = {node["id"] for node in data[entity.plural]["nodes"]}
        assert rows == _expected(every, name, kind) - {edges[entity.plural]["node"]["id"]}, name


@pytest.mark.parametrize("kind", ASKING)
def test_columns_are_read_tested_ordered_and_grouped_by_those_who_may(read: RunningGateway, kind: str) -> None:
    for name, (columns, readers) in HIDDEN.items():
        entity, opened = CATALOG[name], kind in readers
        # The order by a hidden column is that of the rows' keys.
        query = f"{_all_of(entity, 'orderBy: [{ id: DESC }]')} {{ nodes {{ id {' '.join(columns)} }} }}"
        for column in columns:
            by = f"{column}: {'DAY' if entity.fields[column].kind is Kind.DATETIME else 'VALUE'}"
            query += f"""
                t_{column}: {_all_of(entity, f"filter: {{ {column}: {{ isNull: false }} }}")} {{ totalCount }}
                o_{column}: {_all_of(entity, f"orderBy: [{{ {column}: DESC }}]")} {{
                    nodes {{ id }} groups(by: [{{ {by} }}]) {{ keys {{ {column} }} }} }}"""
        data = read.data(kind, f"{{ {query} }}")
        nodes = data[entity.plural]["nodes"]
        for column in columns:
            keys = [group["keys"][column] for group in data[f"o_{column}"]["groups"]]
            assert {node[column] is not None for node in nodes} <= {opened}, (name, column)
            assert {key is not None for key in keys} <= {opened}, (name, column)
            assert data[f"t_{column}"]["totalCount"] == (len(nodes) if opened else 0), (name, column)
            if not opened:
                assert [node["id"] for node in data[f"o_{column}"]["nodes"]] == [node["id"] for node in nodes]
        assert nodes or not opened, name
