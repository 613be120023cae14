"""REST: whom and what it refuses, in which order, and what a refusal tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.gateway import running_gateway
from tests.support.rest import a_group, places, problem

if TYPE_CHECKING:
    from tests.support.gateway import Campus


def test_a_taken_key_names_the_row_only_to_those_who_see_it(rest_campus: Campus) -> None:
    world, gateway = rest_campus
    algebra = world.id("course", "algebra")
    taken = gateway.send("lea", "POST", "/course-groups", {"course_id": algebra, "title": "group"})
    status, code, (error,) = problem(taken)
    assert (status, code, error["fields"]) == (409, "CONFLICT", ["course_id", "title"])
    assert error["conflicting"] == {"type": "CourseGroup", "id": world.id("course_group", "algebra/group")}
    member = {"user_id": world.id("user", "sol"), "course_id": algebra, "course_role_id": "_tutor"}
    hidden = {**member, "id": world.id("course_member", "dan@chemistry")}
    status, code, (error,) = problem(gateway.send("lea", "POST", "/course-members", hidden))
    assert (status, code, error["fields"], error.get("conflicting")) == (409, "CONFLICT", ["id"], None)


def test_what_is_not_seen_comes_before_what_may_not_be_done_and_that_before_the_version(rest_campus: Campus) -> None:
    _, gateway = rest_campus
    made = a_group(rest_campus, "Ordered")
    place = made.headers["location"]
    for method, body in (("PATCH", {"title": "x"}), ("DELETE", None)):
        for user, expected in (("cyd", (404, "NOT_FOUND")), ("ada", (403, "FORBIDDEN"))):
            refused = gateway.send(user, method, place, body, If_Match='"7-x"')
            assert problem(refused)[:2] == expected
        status, code, (error,) = problem(gateway.send("lea", method, place, body, If_Match='"7-x"'))
        assert (status, code, error["header"], error["current_version"]) == (412, "STALE_VERSION", "If-Match", 0)


def test_what_is_not_seen_and_what_is_not_there_are_one_answer(rest_campus: Campus) -> None:
    world, gateway = rest_campus
    nowhere, hidden = "00000000-0000-4000-8000-000000000000", world.id("course", "chemistry")
    for method, tail, body in (("GET", "", None), ("PATCH", "", {"title": "x"}), ("DELETE", "", None)):
        answers = [gateway.send("lea", method, f"/courses/{key}{tail}", body) for key in (nowhere, hidden)]
        assert answers[0].status_code == 404
        assert answers[0].content == answers[1].content
    groups = [{"course_id": key, "title": "x"} for key in (nowhere, hidden)]
    refused = [gateway.send("lea", "POST", "/course-groups", group) for group in groups]
    assert problem(refused[0])[:2] == (422, "NOT_FOUND")
    assert places(refused[0]) == ["#/course_id"]
    assert refused[0].content == refused[1].content


def test_scopes_narrow_what_a_token_writes(rest_campus: Campus) -> None:
    world, gateway = rest_campus
    given = {"course_id": world.id("course", "algebra"), "title": "Narrow"}
    assert problem(gateway.send("reading lea", "POST", "/course-groups", given))[:2] == (403, "FORBIDDEN")
    # It may write what it may not read.
    made = gateway.send("narrow lea", "POST", "/course-groups", given)
    assert (made.status_code, made.json(), made.headers.get("etag")) == (201, None, None)
    assert gateway.send("lea", "GET", made.headers["location"]).json()["title"] == "Narrow"
    assert gateway.send("narrow lea", "GET", made.headers["location"]).status_code == 404


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_whoever_is_nobody_is_told_nothing_else(rest_campus: Campus, method: str) -> None:
    world, gateway = rest_campus
    for key in ("nonsense", world.id("course", "algebra")):
        for user in (None, "unknown"):
            refused = gateway.send(user, method, f"/courses/{key}?nonsense=1", {} if method == "PATCH" else None)
            assert problem(refused)[:2] == (401, "UNAUTHENTICATED")
            assert refused.headers["www-authenticate"] == "Bearer"
    refused = gateway.send("unknown", "GET", "/courses?nonsense=1")
    assert problem(refused)[:2] == (401, "UNAUTHENTICATED")
    for body in (b"{", b"[" * 90_000, b'{"title": 7}'):
        assert problem(gateway.send(None, "POST", "/courses", body))[:2] == (401, "UNAUTHENTICATED")


def test_other_addresses_and_methods_are_problems_too(rest_campus: Campus) -> None:
    _, gateway = rest_campus
    assert problem(gateway.send("lea", "GET", "/nonsense"))[:2] == (404, "NOT_FOUND")
    assert problem(gateway.send("lea", "GET", "/courses/"))[:2] == (404, "NOT_FOUND")
    refused = gateway.send("lea", "PUT", "/courses/x", {})
    assert (problem(refused)[:2], refused.headers["allow"]) == ((405, "METHOD_NOT_ALLOWED"), "GET, HEAD, PATCH, DELETE")
    # Nobody creates a role of the ladder.
    refused = gateway.send("adi", "POST", "/course-roles", {"id": "x"})
    assert (problem(refused)[0], refused.headers["allow"]) == (405, "GET, HEAD")


def test_pages_of_other_sites_ask_where_they_are_let(rest_campus: Campus) -> None:
    world, gateway = rest_campus
    asking = {"Origin": "https://app.example.org", "Access_Control_Request_Method": "PATCH"}
    assert gateway.send(None, "OPTIONS", "/courses", **asking).status_code == 405
    assert "access-control-allow-origin" not in gateway.send("lea", "GET", "/courses", **asking).headers
    with running_gateway(world.database_url, gateway.tokens, cors_origins="https://app.example.org") as open_to_some:
        preflight = open_to_some.send(None, "OPTIONS", "/courses/x", **asking)
        assert preflight.status_code == 204
        assert "PATCH" in preflight.headers["access-control-allow-methods"]
        assert "If-Match" in preflight.headers["access-control-allow-headers"]
        for user, status in (("lea", 200), (None, 401)):
            answered = open_to_some.send(user, "GET", "/courses", **asking)
            assert (answered.status_code, answered.headers["access-control-allow-origin"]) == (status, asking["Origin"])
            assert "X-Total-Count" in answered.headers["access-control-expose-headers"]
        elsewhere = open_to_some.send("lea", "GET", "/courses", Origin="https://other.example.org")
        assert "access-control-allow-origin" not in elsewhere.headers


def test_answers_are_for_one_caller_alone(rest_campus: Campus) -> None:
    _, gateway = rest_campus
    for response in (gateway.send("lea", "GET", "/courses"), gateway.send("lea", "GET", "/courses/x")):
        assert response.headers["cache-control"] == "private, no-cache"
        assert response.headers["vary"] == "Authorization, Cookie, Accept, Accept-Encoding"
        assert response.headers["x-content-type-options"] == "nosniff"
