"""REST: which bodies are taken, and how the others are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from backend.operation.create import LARGEST_BATCH
from backend.operation.problem import MOST_PROBLEMS
from backend.settings import DEFAULTS
from tests.support.gateway import running_gateway
from tests.support.rest import MAX_BODY, places, problem

if TYPE_CHECKING:
    from tests.support.gateway import Campus


BAD_BODIES = (
    (b"{", 400, None),
    (b"", 400, None),
    (b'{"title": NaN}', 400, None),
    (b'{"title": "\xff"}', 400, None),
    (b'{"title": "\\ud800"}', 400, None),
    (b"[" * 2000, 400, None),
    (b"null", 422, "#"),
    (b"[]", 422, "#"),
    (b'"title"', 422, "#"),
    (b'{"title": 7}', 422, "#/title"),
    (b'{"title": "a\\u0000b"}', 422, "#/title"),
    (b'{"a/b~c \\u0000": 1}', 422, "#/a~1b~0c%20%00"),
    (b'{"version": 7}', 422, "#/version"),
    (b'{"properties": {"a": {"b": "\\u0000"}}}', 422, "#/properties/a/b"),
    (b'{"properties": [1]}', 422, "#/properties"),
)


@pytest.mark.parametrize(("body", "status", "place"), BAD_BODIES, ids=[str(each[0][:30]) for each in BAD_BODIES])
def test_bodies_that_are_none_are_told_so(rest_campus: Campus, body: bytes, status: int, place: str | None) -> None:
    world, gateway = rest_campus
    refused = gateway.send("lea", "PATCH", f"/courses/{world.id('course', 'algebra')}", body)
    found, code, _ = problem(refused)
    assert (found, code) == (status, "BAD_REQUEST" if status == 400 else "VALIDATION")
    assert places(refused) == ([place] if place else [])


DEEP = DEFAULTS.max_variable_depth


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        (b'{"properties": ' * DEEP + b"{}" + b"}" * DEEP, "variableDepth"),
        (b'{"members": [%s]}' % b",".join([b"0"] * 51), "listLength"),
        (b'{"properties": {"a": [%s], "b": [%s], "c": 0}}' % ((b",".join([b"0"] * 50),) * 2), "variableValues"),
        (b"[" + b",".join([b"{}"] * 200) + b"]", "variableValues"),
    ],
    ids=["deep", "long", "many", "clearly too many"],
)
def test_bodies_are_held_to_the_limits_of_variables(rest_campus: Campus, body: bytes, limit: str) -> None:
    _, gateway = rest_campus
    with running_gateway(gateway.database_url, gateway.tokens, max_variable_values=100, max_list_length=50) as narrow:
        refused = narrow.send("lea", "POST", "/courses", body)
    assert problem(refused)[:2] == (413, "LIMIT_EXCEEDED")
    assert refused.json()["limit"] == limit


def test_children_of_all_kinds_count_before_anybody_looks_at_them(rest_campus: Campus) -> None:
    world, gateway = rest_campus
    half = LARGEST_BATCH // 2
    given = {
        "path": "full",
        "course_family_id": world.id("course_family", "math"),
        "course_groups": [{"title": ""}] * half,
        # Not even objects: were they looked at, each would be told of.
        "members": [7] * (half + 1),
    }
    for path, body in (("/courses", given), ("/courses/bulk", [given])):
        refused = gateway.send("adi", "POST", path, body)
        _, code, (error,) = problem(refused)
        assert (code, error["pointer"]) == ("VALIDATION", "#")
        assert error["detail"].startswith(f"{LARGEST_BATCH + 2} rows are too many")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/course-groups", {f"unknown_{number}": 1 for number in range(5000)}),
        ("/course-groups/bulk", [{}] * 500),
        ("/courses", {"members": [{}] * 500}),
    ],
)
def test_of_many_problems_the_first_are_told(rest_campus: Campus, path: str, body: object) -> None:
    _, gateway = rest_campus
    *told, last = problem(gateway.send("adi", "POST", path, body))[2]
    assert len(told) == MOST_PROBLEMS
    assert len({(error["pointer"], error["detail"]) for error in told}) == MOST_PROBLEMS
    assert (last["pointer"], last["detail"]) == ("#", f"There are more problems than these {MOST_PROBLEMS}.")


@pytest.mark.parametrize("given", ["2026-01-01T00:00:00", "0001-01-01T00:00:00+01:00", "2026-13-01T00:00:00Z", "soon"])
def test_moments_are_moments(rest_campus: Campus, given: str) -> None:
    _, gateway = rest_campus
    refused = gateway.send("lea", "POST", "/api-tokens", {"name": "mine", "expires_at": given})
    assert (problem(refused)[:2], places(refused)) == ((422, "VALIDATION"), ["#/expires_at"])
    refused = gateway.send("lea", "GET", f"/messages?created_after={quote(given)}")
    assert (problem(refused)[:2], places(refused)) == ((422, "BAD_USER_INPUT"), ["created_after"])


def test_moments_may_come_from_any_zone(rest_campus: Campus) -> None:
    _, gateway = rest_campus
    given = {"name": "mine", "expires_at": "2126-03-27T10:29:36+22:52"}
    made = gateway.send("lea", "POST", "/api-tokens", given)
    assert made.json()["expires_at"] == "2126-03-26T11:37:36Z"
    assert gateway.send("lea", "GET", f"/messages?created_after={quote(given['expires_at'])}").json() == []


def test_bodies_are_json_and_of_a_bounded_size(rest_campus: Campus) -> None:
    _, gateway = rest_campus
    form = gateway.send("lea", "POST", "/courses", b"a=b", Content_Type="application/x-www-form-urlencoded")
    assert problem(form)[:2] == (415, "BAD_REQUEST")
    for tail in (b'"}', b""):
        long = gateway.send("lea", "POST", "/courses", b'{"title": "' + b"x" * MAX_BODY + tail)
        assert problem(long)[:2] == (413, "LIMIT_EXCEEDED")
