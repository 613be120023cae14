"""Writing through the gateway: what comes of each mutation, for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backend.access.credentials import create_token
from tests import university
from tests.gateway import RunningGateway, running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.builder import World


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[tuple[World, RunningGateway]]:
    university.build_university(own_world)
    tokens = {
        user: create_token(own_world.database_url, user=user, name="tests", scopes=["*"]) for user in university.READERS
    }
    with running_gateway(own_world.database_url, tokens) as running:
        yield own_world, running


def do(gateway: RunningGateway, user: str, mutation: str, selection: str = "", **variables: Any) -> dict[str, Any]:
    """The payload of one mutation with its errors; `mutation` is its name, variables by their declared types."""
    text = f"mutation($id: ID, $input: JSON) {{ {mutation} {{ errors {{ code message path }} {selection} }} }}"
    answer = gateway.ask(user, text, **variables)
    assert "errors" not in answer, answer
    payload: dict[str, Any] = next(iter(answer["data"].values()))
    return payload


def test_a_lecturer_creates_updates_and_deletes_a_course_group(campus: tuple[World, RunningGateway]) -> None:
    world, gateway = campus
    create = """mutation($input: CreateCourseGroupInput!) {
      createCourseGroup(input: $input) { courseGroup { id title version createdBy { username } } errors { code path message } }
    }"""
    given = {"courseId": world.id("course", "algebra"), "title": "Thursday"}
    made = gateway.data("lea", create, input=given)["createCourseGroup"]
    assert made["errors"] == []
    assert made["courseGroup"]["title"] == "Thursday"
    assert made["courseGroup"]["createdBy"] is None or made["courseGroup"]["createdBy"]["username"] == "lea"
    update = """mutation($id: ID!, $v: BigInt) {
      updateCourseGroup(id: $id, input: {title: "Friday"}, expectedVersion: $v) {
        courseGroup { title version } errors { code ... on StaleVersionError { currentVersion } } }
    }"""
    key = made["courseGroup"]["id"]
    assert gateway.data("lea", update, id=key, v=0)["updateCourseGroup"]["courseGroup"] == {
        "title": "Friday",
        "version": "1",
    }
    assert gateway.data("lea", update, id=key, v=0)["updateCourseGroup"] == {
        "courseGroup": None,
        "errors": [{"code": "STALE_VERSION", "currentVersion": "1"}],
    }
    assert gateway.data("ada", update, id=key)["updateCourseGroup"]["errors"] == [{"code": "FORBIDDEN"}]
    assert gateway.data("cyd", update, id=key)["updateCourseGroup"]["errors"] == [{"code": "NOT_FOUND"}]
    delete = "mutation($id: ID!, $dry: Boolean!) { deleteCourseGroup(id: $id, dryRun: $dry) { deletedCourseGroupId affected { typeName count } errors { code } } }"
    assert gateway.data("lea", delete, id=key, dry=True)["deleteCourseGroup"] == {
        "deletedCourseGroupId": None,
        "affected": [{"typeName": "CourseGroup", "count": 1}],
        "errors": [],
    }
    assert gateway.data("lea", delete, id=key, dry=False)["deleteCourseGroup"]["deletedCourseGroupId"] == key
    assert gateway.data("lea", delete, id=key, dry=False)["deleteCourseGroup"]["errors"] == [{"code": "NOT_FOUND"}]
