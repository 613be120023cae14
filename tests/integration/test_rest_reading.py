"""REST: who reads what, in which order, and how much of it; the same rows as GraphQL gives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from backend.access.credentials import create_token
from backend.interface.annotation import unwrap
from backend.interface.entity import Kind
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from backend.settings import DEFAULTS
from tests.support import university

if TYPE_CHECKING:
    import httpx

    from backend.interface.entity import Entity
    from tests.support.gateway import GatewayHere, RunningGateway
    from tests.support.world import World

CATALOG = reflect(INTERFACES)
MOST = DEFAULTS.max_page_size


def _rows(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()
    return found


def _as_graphql(entity: Entity, row: dict[str, Any]) -> dict[str, Any]:
    """A row as GraphQL has it: ids with their types, enums by their names, big integers as texts."""
    made = {}
    for attribute, value in row.items():
        field = entity.by_attribute[attribute]
        if value is not None and field.target is not None:
            value = f"{field.target}:{value}"  # noqa: PLW2901 - that value, in the other form
        elif value is not None and field.kind is Kind.BIGINT:
            value = str(value)  # noqa: PLW2901 - likewise
        elif value is not None and field.enum is not None:
            value = field.enum(value).name  # noqa: PLW2901 - likewise
        made[field.name] = value
    return made


@pytest.mark.parametrize("entity", CATALOG.values(), ids=lambda entity: entity.name)
def test_lists_and_rows_are_those_of_graphql(world_gateway: RunningGateway, entity: Entity) -> None:
    endpoint, interface = f"/{entity.interface.endpoint}", entity.interface
    in_list = [entity.by_attribute[name].name for name in interface.list.model_fields]
    in_get = [entity.by_attribute[name].name for name in interface.get.model_fields]
    query = f"""query($first: Int!) {{
      {entity.plural}(first: $first) {{ totalCount nodes {{ {" ".join(in_list)} }} }}
      rows: {entity.plural}(first: 2) {{ nodes {{ databaseId {" ".join(in_get)} }} }}
    }}"""
    for user in ("ada", "tom", "adi"):
        expected = world_gateway.data(user, query, first=MOST)
        response = world_gateway.send(user, "GET", f"{endpoint}?limit={MOST}")
        assert [_as_graphql(entity, row) for row in _rows(response)] == expected[entity.plural]["nodes"]
        assert response.headers["x-total-count"] == str(expected[entity.plural]["totalCount"])
        for node in expected["rows"]["nodes"]:
            read = world_gateway.send(user, "GET", f"{endpoint}/{quote(node.pop('databaseId'), safe='')}")
            assert _as_graphql(entity, read.json()) == node


def test_nobody_reads_what_they_may_not_see(world_gateway: RunningGateway, world: World) -> None:
    chemistry = world.id("course", "chemistry")
    for user in university.READERS:
        seen = {row["id"] for row in _rows(world_gateway.send(user, "GET", "/courses"))}
        status = world_gateway.send(user, "GET", f"/courses/{chemistry}").status_code
        assert (chemistry in seen) == (status == 200)
        assert status in (200, 404)
    assert _rows(world_gateway.send("sol", "GET", "/courses")) == []


def test_tokens_read_within_their_scopes(world_gateway: RunningGateway, world: World) -> None:
    narrow = create_token(world.database_url, user="lea", name="tests", scopes=["course_group:get"])

    def total(path: str) -> str:
        sent = {"Authorization": f"Bearer {narrow}"}
        return world_gateway.client.get(f"{world_gateway.url}{path}", headers=sent).headers["x-total-count"]

    assert total("/courses") == "0"
    assert int(total("/course-groups")) > 0


def test_pages_make_up_the_whole(world_gateway: RunningGateway) -> None:
    whole = _rows(world_gateway.send("adi", "GET", f"/users?limit={MOST}"))
    found = []
    for skip in range(0, len(whole) + 3, 3):
        response = world_gateway.send("adi", "GET", f"/users?skip={skip}&limit=3")
        assert response.headers["x-total-count"] == str(len(whole))
        found += _rows(response)
    assert found == whole
    assert _rows(world_gateway.send("adi", "GET", "/users?limit=0")) == []


def test_the_total_is_of_what_the_caller_sees_and_asks_for(world_gateway: RunningGateway) -> None:
    def total(user: str, query: str = "") -> int:
        return int(world_gateway.send(user, "GET", f"/courses{query}").headers["x-total-count"])

    assert (total("ada"), total("adi"), total("sol")) == (1, 3, 0)
    assert (total("adi", "?title=Chemistry"), total("ada", "?title=Chemistry")) == (1, 0)


REFUSED = (
    ("limit=501", "limit"),
    ("limit=-1", "limit"),
    ("limit=ten", "limit"),
    ("limit=1&limit=2", "limit"),
    ("limit=99999999999999999999", "limit"),
    ("skip=-1", "skip"),
    ("skip=2147483648", "skip"),
    ("nonsense=1", "nonsense"),
    ("title=%00", "title"),
    ("course_family_id=nonsense", "course_family_id"),
    ("path=a..b", "path"),
    ("nlevel=x", "nlevel"),
    ("nlevel=99999999999", "nlevel"),
    ("archived=only", "archived"),
)


@pytest.mark.parametrize(("query", "parameter"), REFUSED)
def test_parameters_that_break_a_rule_are_named(world_gateway: RunningGateway, query: str, parameter: str) -> None:
    response = world_gateway.send("adi", "GET", f"/courses?{query}")
    assert response.status_code == 422
    assert response.json()["code"] == "BAD_USER_INPUT"
    assert [error["parameter"] for error in response.json()["errors"]] == [parameter]


def test_every_search_parameter_is_taken(world_gateway: RunningGateway) -> None:
    samples: dict[str, str] = {
        "str": "a",
        "int": "1",
        "float": "0.5",
        "bool": "true",
        "datetime": "2026-01-01T00:00:00Z",
    }
    for entity in CATALOG.values():
        query = entity.interface.query
        for name, info in query.model_fields.items() if query else ():
            kind = unwrap(info.annotation)[0]
            sample = samples.get(getattr(kind, "__name__", ""), "a")
            if hasattr(kind, "__members__"):
                sample = str(next(iter(kind)).value)
            if name.endswith("_id") or name == "id":
                sample = "00000000-0000-4000-8000-000000000000"
            response = world_gateway.send("adi", "GET", f"/{entity.interface.endpoint}?{name}={sample}")
            assert response.status_code == 200, (entity.name, name, response.text)


def test_statements_of_one_shape_are_made_once(world_gateway: GatewayHere) -> None:
    compiler = world_gateway.app.engine.callers.compiler
    titles = ["Algebra", "Chemistry", "Geometry"]
    seen = []
    for number, title in enumerate(["Nothing", *titles]):
        before = compiler.compiled
        for user in ("adi", "ada"):
            for path in (f"/courses?title={title}", f"/courses?title={title}&limit={number}&skip=0", "/courses/active"):
                rows = _rows(world_gateway.send(user, "GET", path))
                assert {row["title"] for row in rows} <= ({title} if "title" in path else set(titles))
                seen += [(user, row["title"]) for row in rows if path.endswith(title)]
        assert compiler.compiled == before or number == 0
    assert seen == [("adi", "Algebra"), ("ada", "Algebra"), ("adi", "Chemistry"), ("adi", "Geometry")]


@pytest.mark.parametrize("entity", CATALOG.values(), ids=lambda entity: entity.name)
def test_searches_find_what_those_of_graphql_find(world_gateway: RunningGateway, entity: Entity) -> None:
    query = entity.interface.query
    rows = _rows(world_gateway.send("adi", "GET", f"/{entity.interface.endpoint}?limit={MOST}"))
    for parameter in entity.parameters if query else ():
        values = {row.get(parameter.attribute) for row in rows if not isinstance(row.get(parameter.attribute), list)}
        for value in sorted(values - {None}, key=str)[:3]:
            if parameter.enum is not None or parameter.kind is Kind.BIGINT:
                continue
            literal = json.dumps(value)
            asked = f"{{ {entity.plural}(search: {{ {parameter.name}: {literal} }}) {{ nodes {{ databaseId }} }} }}"
            expected = [row["databaseId"] for row in world_gateway.data("ada", asked)[entity.plural]["nodes"]]
            sent = quote(value if isinstance(value, str) else literal)
            found = world_gateway.send("ada", "GET", f"/{entity.interface.endpoint}?{parameter.attribute}={sent}")
            keys = [",".join(str(row[part]) for part in entity.key) for row in _rows(found)]
            assert keys == expected, (parameter.name, value)


def test_active_courses_are_written_by_hand(world_gateway: RunningGateway) -> None:
    def titles(user: str, query: str = "") -> list[str]:
        return [row["title"] for row in _rows(world_gateway.send(user, "GET", f"/courses/active{query}"))]

    assert titles("adi") == ["Algebra", "Chemistry", "Geometry"]
    assert titles("ada") == ["Algebra"]
    page = world_gateway.send("adi", "GET", "/courses/active?skip=1&limit=1")
    assert ([row["title"] for row in _rows(page)], page.headers["x-total-count"]) == (["Chemistry"], "3")
    for query, status in (("limit=x", 422), ("limit=501", 422), ("skip=-1", 422)):
        response = world_gateway.send("adi", "GET", f"/courses/active?{query}")
        assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
        assert [error["parameter"] for error in response.json()["errors"]] == [query.partition("=")[0]]
