"""REST: what requests cost, which is what the same costs in GraphQL; and who has spent too much."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from backend.face.weights import STATEMENT
from tests.support.gateway import running_gateway
from tests.support.rest import problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.support.gateway import Campus, RunningGateway

A_MINUTE = 10**12


@pytest.fixture(scope="module")
def counting(rest_campus: Campus) -> Iterator[RunningGateway]:
    """A gateway where cost is counted, and no time passes that gives it back."""
    world, gateway = rest_campus
    with (
        pytest.MonkeyPatch.context() as patch,
        running_gateway(world.database_url, gateway.tokens, cost_per_minute=A_MINUTE) as running,
    ):
        patch.setattr(running.app.engine.callers.admission, "_clock", lambda: 0.0)
        yield running


def _left(response: httpx.Response) -> int:
    assert response.headers["ratelimit-policy"] == f'"cost";q={A_MINUTE};w=60'
    found = re.fullmatch('"cost";r=([0-9]+);t=[0-9]+', response.headers["ratelimit"])
    assert found is not None
    return int(found[1])


def _cost(gateway: RunningGateway, query: str, **variables: Any) -> int:
    response = gateway.send(
        "adi", "POST", "/graphql", {"query": query, "variables": variables}, GraphQL_Cost="report"
    ).json()
    cost: int = response["extensions"]["cost"]["cost"]
    return cost


SAME = (
    ("GET", "/courses", None, "{ courses { totalCount nodes { id title } } }"),
    ("HEAD", "/courses", None, "{ courses { totalCount nodes { id title } } }"),
    ("GET", "/courses?limit=500", None, "{ courses(first: 500) { totalCount nodes { id title } } }"),
    ("GET", "/courses?limit=0&skip=7", None, "{ courses(first: 0) { totalCount nodes { id title } } }"),
    ("GET", "/courses/active?limit=3", None, "{ courses(first: 3) { totalCount nodes { id title } } }"),
    ("GET", "/courses/{id}", None, "query ($id: ID!) { course(id: $id) { id title path } }"),
    (
        "POST",
        "/course-groups",
        {"title": "dear"},
        "mutation ($i: CreateCourseGroupInput!) { createCourseGroup(input: $i) { courseGroup { id title } } }",
    ),
    (
        "POST",
        "/course-groups/bulk",
        [{"title": "dear"}] * 7,
        "mutation ($is: [CreateCourseGroupInput!]!) { createCourseGroups(inputs: $is) { courseGroups { id } } }",
    ),
    (
        "PATCH",
        "/courses/{id}",
        {"title": "Dear"},
        'mutation ($id: ID!) { updateCourse(id: $id, input: {title: ""}) { course { id } } }',
    ),
    (
        "PATCH",
        "/course-contents/{id}/archive",
        None,
        "mutation ($id: ID!) { archiveCourseContent(id: $id) { courseContent { id } } }",
    ),
    (
        "DELETE",
        "/courses/{id}?dry_run=true",
        None,
        "mutation ($id: ID!) { deleteCourse(id: $id, dryRun: true) { affected { typeName count } } }",
    ),
)


@pytest.mark.parametrize(("method", "path", "body", "query"), SAME, ids=[f"{each[0]} {each[1]}" for each in SAME])
def test_a_request_costs_what_its_document_costs(
    rest_campus: Campus, counting: RunningGateway, method: str, path: str, body: Any, query: str
) -> None:
    world, _ = rest_campus
    key = world.id("course", "algebra")
    inputs = [{"courseId": key, "title": " "}] * (len(body) if isinstance(body, list) else 1)
    cost = _cost(counting, query, id=key, i=inputs[0], **{"is": inputs})
    # Its statements are made, and owed for.
    counting.send("lea", "GET", "/courses?limit=0")
    before = _left(counting.send("lea", "GET", "/courses?limit=0"))
    after = counting.send("lea", method, path.format(id=key), body)
    assert before - _left(after) == cost


def test_what_a_body_holds_costs_what_variables_cost(rest_campus: Campus, counting: RunningGateway) -> None:
    world, _ = rest_campus
    key, properties = world.id("course", "algebra"), {"a": [1] * 2_000}
    create = "mutation ($i: [CreateCourseGroupInput!]!) { createCourseGroups(inputs: $i) { courseGroups { id } } }"
    cost = _cost(counting, create, i=[{"courseId": key, "title": " ", "properties": properties}] * 3)
    assert cost > 50 * 3 * 1_000
    counting.send("lea", "GET", "/courses?limit=0")
    group = {"course_id": key, "title": " ", "properties": properties}
    for method, path, body, expected in (
        ("POST", "/course-groups/bulk", [group] * 3, cost),
        ("POST", "/course-groups", group, 14 + 50 * (2_007 - 1_000)),
        ("PATCH", f"/courses/{key}", {"title": " ", "properties": properties}, 14 + 50 * (2_006 - 1_000)),
    ):
        before = _left(counting.send("lea", "GET", "/courses?limit=0"))
        assert before - _left(counting.send("lea", method, path, body)) == expected


def test_who_asks_for_what_nobody_has_owes_for_its_statements(counting: RunningGateway) -> None:
    page, plain = 9, "/organizations?limit=0"
    counting.send("adi", "GET", plain)
    left = _left(counting.send("adi", "GET", plain))
    for search, made in (
        ("title=a", 2),
        ("title=b", 0),
        ("title=b&number=c", 2),
        ("title=a&number=d", 0),
        ("title=a&archived=only", 2),
    ):
        assert _left(counting.send("adi", "GET", f"{plain}&{search}")) == left - page
        # What is owed is taken out afterwards.
        paid, left = left - 2 * page, _left(counting.send("adi", "GET", plain))
        assert paid - left == made * STATEMENT, search


def test_who_sends_large_bodies_for_nothing_owes_for_them(rest_campus: Campus, monkeypatch: pytest.MonkeyPatch) -> None:
    world, gateway = rest_campus
    wrong = {"a": "x" * 100_000}
    with running_gateway(world.database_url, gateway.tokens, cost_per_minute=250_000) as narrow:
        monkeypatch.setattr(narrow.app.engine.callers.admission, "_clock", lambda: 0.0)
        for user, path in (("lea", "/courses"), ("tom", "/graphql"), ("unknown", "/courses")):
            assert narrow.send(user, "GET", "/courses?limit=0").status_code == (401 if user == "unknown" else 200)
            status = 401 if user == "unknown" else 400 if path == "/graphql" else 422
            assert narrow.send(user, "POST", path, wrong).status_code == status
            # Whoever is nobody owes nothing.
            assert narrow.send(user, "GET", "/courses?limit=0").status_code == (401 if user == "unknown" else 429)
        assert narrow.send("adi", "GET", "/courses?limit=0").status_code == 200


def test_who_has_spent_it_all_waits(rest_campus: Campus, monkeypatch: pytest.MonkeyPatch) -> None:
    world, gateway = rest_campus
    place = f"/courses/{world.id('course', 'algebra')}"
    now = 0.0
    with running_gateway(world.database_url, gateway.tokens, cost_per_minute=100) as narrow:
        monkeypatch.setattr(narrow.app.engine.callers.admission, "_clock", lambda: now)
        # It takes its time until the statements of the list are paid for.
        assert narrow.send("lea", "GET", "/courses").status_code == 200
        now = 60 * 2 * STATEMENT / 100 + 60
        assert narrow.send("lea", "GET", "/courses?limit=90").status_code == 200
        assert narrow.send("lea", "GET", "/courses?limit=nonsense").status_code == 422
        for method, path, body in (
            ("GET", place, None),
            ("PATCH", place, {"title": "never"}),
            ("GET", "/courses", None),
        ):
            refused = narrow.send("lea", method, path, body)
            assert problem(refused)[:2] == (429, "RATE_LIMITED")
            assert (refused.json()["limit"], refused.json()["allowed"]) == ("costPerMinute", 100)
            assert 1 <= int(refused.headers["retry-after"]) <= 60
        # Documents are paid from the same bucket, and nobody else's is touched.
        asked = {"query": "{ courses { totalCount } }"}
        assert narrow.send("lea", "POST", "/graphql", asked).status_code == 429
        assert narrow.send("adi", "GET", place).json()["title"] != "never"
        # Nobody learns of a budget by a token that does not hold.
        assert narrow.send("unknown", "PATCH", place, {}).status_code == 401
