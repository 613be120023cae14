"""Relations to one of what ids name are asked for together with it, and lead to what they would lead to one by one."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import pytest

from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from tests.support.gateway import running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.interface.entity import Entity
    from tests.support.gateway import RunningGateway

CATALOG = reflect(INTERFACES)
READERS = ("admin", "lecturer", "student")
_CHAIN = """query ($id: ID!) {
  courseMember(id: $id) {
    id user { username } course { title organization { title } courseFamily { organization { title } } }
  }
}"""


@pytest.fixture(scope="module")
def telling(demo_database: str, gateway: RunningGateway) -> Iterator[RunningGateway]:
    """A gateway that tells everyone its plans."""
    with running_gateway(demo_database, gateway.tokens, explain="everyone") as running:
        yield running


def _told(gateway: RunningGateway, user: str, query: str, **variables: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Data and plan."""
    headers = {"Authorization": f"Bearer {gateway.tokens[user]}", "X-Explain": "1"}
    sent = {"query": query, "variables": variables}
    answer = gateway.client.post(f"{gateway.url}/graphql", json=sent, headers=headers).json()
    return answer["data"], answer["extensions"]["plan"]


def _rows(load: dict[str, Any]) -> list[int]:
    return [load["rows"], *(count for below in load["loads"] for count in _rows(below))]


def test_a_chain_of_relations_takes_one_round_trip(telling: RunningGateway) -> None:
    (member,) = telling.data("admin", "{ courseMembers(first: 1) { nodes { id } } }")["courseMembers"]["nodes"]
    data, plan = _told(telling, "admin", _CHAIN, id=member["id"])
    assert [level["statements"] for level in plan["levels"]] == [6]
    assert _rows(plan["loads"][0]) == [1] * 6
    course = data["courseMember"]["course"]
    assert course["organization"]["title"]
    assert course["courseFamily"]["organization"] == course["organization"]


def test_what_is_hidden_leads_nowhere(telling: RunningGateway) -> None:
    mine = telling.data("stranger", "{ courseMembers { totalCount } }")["courseMembers"]
    assert mine == {"totalCount": 0}
    (member,) = telling.data("admin", "{ courseMembers(first: 1) { nodes { id } } }")["courseMembers"]["nodes"]
    data, plan = _told(telling, "stranger", _CHAIN, id=member["id"])
    assert data == {"courseMember": None}
    assert _rows(plan["loads"][0]) == [0] * 6


def test_a_level_that_must_be_waited_for_anyway_is_waited_for_once(telling: RunningGateway) -> None:
    (course,) = telling.data("admin", "{ courses(first: 1) { nodes { id } } }")["courses"]["nodes"]
    query = "query ($id: ID!) { course(id: $id) { organization { title } members(first: 1) { nodes { id } } } }"
    _, plan = _told(telling, "admin", query, id=course["id"])
    assert len(plan["levels"]) == 2


@pytest.mark.parametrize(
    "beneath",
    [
        f"organization {{ {reduce(lambda below, _: f'parent {{ id {below} }}', range(12), 'id')} }}",
        " ".join(f"organization{place}: organization {{ id }}" for place in range(40)),
    ],
    ids=["deep", "wide"],
)
def test_what_lies_deep_or_far_apart_is_asked_level_by_level(telling: RunningGateway, beneath: str) -> None:
    """A statement has those above it within it: making many of them, or long ones, would hold up everybody."""
    (course,) = telling.data("admin", "{ courses(first: 1) { nodes { id } } }")["courses"]["nodes"]
    query = f"query ($id: ID!) {{ course(id: $id) {{ title {beneath} }} }}"
    data, plan = _told(telling, "admin", query, id=course["id"])
    assert data["course"]["title"]
    assert plan["levels"][0]["statements"] == 1


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("entity", CATALOG.values(), ids=CATALOG)
def test_every_relation_to_one_leads_where_it_leads_from_a_list(
    gateway: RunningGateway, entity: Entity, reader: str
) -> None:
    relations = [name for name, relation in entity.relations.items() if not relation.to_many]
    selected = " ".join(f"{name} {{ __typename id }}" for name in relations)
    found = gateway.data(reader, f"{{ {entity.plural}(first: 3) {{ nodes {{ id {selected} }} }} }}")
    for node in found[entity.plural]["nodes"]:
        query = f"query ($id: ID!) {{ {entity.singular}(id: $id) {{ id {selected} }} }}"
        assert gateway.data(reader, query, id=node["id"])[entity.singular] == node
