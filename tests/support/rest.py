"""A campus to change through REST, and problem details."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backend.access.credentials import create_token
from tests.support import university
from tests.support.gateway import Campus, running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.support.world import World

MAX_BODY = 100_000


@pytest.fixture(scope="module")
def rest_campus(own_world: World) -> Iterator[Campus]:
    """The university and its gateway, for one module to change; `reading lea` and `narrow lea` may less than `lea`."""
    university.build_university(own_world)
    url = own_world.database_url
    tokens = {user: create_token(url, user=user, name="tests", scopes=["*"]) for user in university.READERS}
    tokens["reading lea"] = create_token(url, user="lea", name="tests")
    tokens["narrow lea"] = create_token(url, user="lea", name="tests", scopes=["course:get", "course_group:create"])
    tokens["unknown"] = "ctp_nobody"
    with running_gateway(url, tokens, max_body_bytes=MAX_BODY) as running:
        yield own_world, running


def problem(response: httpx.Response) -> tuple[int, str, list[dict[str, Any]]]:
    """Status, code and errors of problem details, which must be well formed."""
    assert response.headers["content-type"] == "application/problem+json"
    content = response.json()
    assert (content["type"], content["status"]) == ("about:blank", response.status_code)
    assert content["title"]
    assert content["detail"]
    return response.status_code, content["code"], content.get("errors", [])


def places(response: httpx.Response) -> list[str | None]:
    """Where the errors of problem details are."""
    return [error.get("pointer") or error.get("parameter") or error.get("header") for error in problem(response)[2]]


def a_group(campus: Campus, title: str, user: str = "lea") -> httpx.Response:
    """The response to a group's being created."""
    world, gateway = campus
    made = gateway.send(user, "POST", "/course-groups", {"course_id": world.id("course", "algebra"), "title": title})
    assert made.status_code == 201, made.text
    return made
