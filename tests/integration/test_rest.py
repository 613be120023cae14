"""REST: what each kind of route does, and how it refuses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from backend.access.credentials import create_token
from backend.face.limits import ValueLimits
from backend.operation.create import LARGEST_BATCH
from backend.operation.problem import MOST_PROBLEMS
from tests.support import university
from tests.support.gateway import RunningGateway, running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.support.world import World

Campus = tuple["World", RunningGateway]
MAX_BODY = 100_000


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[Campus]:
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
    world, gateway = campus
    made = gateway.send(user, "POST", "/course-groups", {"course_id": world.id("course", "algebra"), "title": title})
    assert made.status_code == 201, made.text
    return made


def test_a_row_is_created_read_changed_and_deleted(campus: Campus) -> None:
    _, gateway = campus
    made = a_group(campus, "Thursday")
    row, place = made.json(), made.headers["location"]
    assert place == f"/course-groups/{row['id']}"
    assert (row["title"], row["version"]) == ("Thursday", 0)
    read = gateway.send("lea", "GET", place)
    assert (read.json(), read.headers["etag"]) == (row, made.headers["etag"])
    changed = gateway.send("lea", "PATCH", place, {"description": "early"})
    assert changed.status_code == 200
    assert changed.json() == {**row, "description": "early", "version": 1, "updated_at": changed.json()["updated_at"]}
    cleared = gateway.send("lea", "PATCH", place, {"description": None}).json()
    assert (cleared["title"], cleared["description"]) == ("Thursday", None)
    would = gateway.send("lea", "DELETE", f"{place}?dry_run=true").json()
    assert gateway.send("lea", "GET", place).status_code == 200
    went = gateway.send("lea", "DELETE", place)
    assert (went.status_code, went.json()) == (200, {"affected": {"CourseGroup": 1}})
    assert would == went.json()
    assert problem(gateway.send("lea", "GET", place))[:2] == (404, "NOT_FOUND")


def test_many_are_created_together_or_not_at_all(campus: Campus) -> None:
    world, gateway = campus
    algebra = world.id("course", "algebra")
    given = [{"course_id": algebra, "title": f"many {number}"} for number in range(200)]
    made = gateway.send("lea", "POST", "/course-groups/bulk", given)
    assert made.status_code == 201
    assert [row["title"] for row in made.json()] == [row["title"] for row in given]
    wrong = [{"course_id": algebra, "title": "fine"}, {"course_id": algebra, "title": " "}, {"title": "x"}]
    refused = gateway.send("lea", "POST", "/course-groups/bulk", wrong)
    assert problem(refused)[:2] == (422, "VALIDATION")
    assert places(refused) == ["#/1/title", "#/2/course_id"]
    twice = gateway.send("lea", "POST", "/course-groups/bulk", [wrong[0], given[3]])
    assert problem(twice)[:2] == (409, "CONFLICT")
    assert gateway.send("lea", "GET", "/course-groups?title=fine").json() == []
    assert gateway.send("lea", "POST", "/course-groups/bulk", []).json() == []
    assert places(gateway.send("lea", "POST", "/course-groups/bulk", [{}] * (LARGEST_BATCH + 1))) == ["#"]


def test_a_course_is_created_with_what_belongs_to_it(campus: Campus) -> None:
    world, gateway = campus
    given = {
        "path": "whole",
        "course_family_id": world.id("course_family", "math"),
        "course_groups": [{"title": "Monday"}],
        "members": [{"user_id": world.id("user", "tom"), "course_role_id": "_lecturer"}],
    }
    made = gateway.send("adi", "POST", "/courses", given)
    assert made.status_code == 201
    groups = gateway.send("adi", "GET", f"/course-groups?course_id={made.json()['id']}")
    assert [row["title"] for row in groups.json()] == ["Monday"]
    wrong: list[tuple[object, str]] = [
        ([{"title": ""}], "#/course_groups/0/title"),
        ([3], "#/course_groups/0"),
        ("Monday", "#/course_groups"),
        ([{"title": "x", "course_id": made.json()["id"]}], "#/course_groups/0/course_id"),
    ]
    for groups_given, where in wrong:
        refused = gateway.send("adi", "POST", "/courses", {**given, "path": "other", "course_groups": groups_given})
        assert places(refused) == [where]


def test_archived_rows_leave_the_list(campus: Campus) -> None:
    world, gateway = campus
    key = world.id("course_content", "algebra/week_1.sheet_2")

    def listed(archived: str) -> bool:
        rows = gateway.send("lea", "GET", f"/course-contents?archived={archived}").json()
        return key in [row["id"] for row in rows]

    archived = gateway.send("lea", "PATCH", f"/course-contents/{key}/archive")
    assert archived.json()["archived_at"] is not None
    assert (listed("exclude"), listed("only"), listed("include")) == (False, True, True)
    back = gateway.send("lea", "PATCH", f"/course-contents/{key}/unarchive")
    assert back.json()["archived_at"] is None
    assert (listed("exclude"), listed("only"), listed("include")) == (True, False, True)
    assert places(gateway.send("lea", "GET", "/course-contents?archived=ONLY")) == ["archived"]
    # Rows of this kind are never archived.
    assert gateway.send("lea", "PATCH", f"/courses/{key}/archive").status_code == 404


def test_keys_of_several_parts_stand_in_the_url(campus: Campus) -> None:
    world, gateway = campus
    sol = world.id("user", "sol")
    made = gateway.send("adi", "POST", "/user-roles", {"user_id": sol, "role_id": "_organization_manager"})
    assert made.headers["location"] == f"/user-roles/{sol}%2C_organization_manager"
    for key in (f"{sol},_organization_manager", f"UserRole:{sol},_organization_manager"):
        assert gateway.send("adi", "GET", f"/user-roles/{key}").json() == made.json()
    assert gateway.send("adi", "GET", f"/user-roles/{sol}").status_code == 404
    assert gateway.send("adi", "DELETE", made.headers["location"]).status_code == 200


def test_a_taken_key_names_the_row_only_to_those_who_see_it(campus: Campus) -> None:
    world, gateway = campus
    algebra = world.id("course", "algebra")
    taken = gateway.send("lea", "POST", "/course-groups", {"course_id": algebra, "title": "group"})
    status, code, (error,) = problem(taken)
    assert (status, code, error["fields"]) == (409, "CONFLICT", ["course_id", "title"])
    assert error["conflicting"] == {"type": "CourseGroup", "id": world.id("course_group", "algebra/group")}
    member = {"user_id": world.id("user", "sol"), "course_id": algebra, "course_role_id": "_tutor"}
    hidden = {**member, "id": world.id("course_member", "dan@chemistry")}
    status, code, (error,) = problem(gateway.send("lea", "POST", "/course-members", hidden))
    assert (status, code, error["fields"], error.get("conflicting")) == (409, "CONFLICT", ["id"], None)


def test_what_is_not_seen_comes_before_what_may_not_be_done_and_that_before_the_version(campus: Campus) -> None:
    _, gateway = campus
    made = a_group(campus, "Ordered")
    place = made.headers["location"]
    for method, body in (("PATCH", {"title": "x"}), ("DELETE", None)):
        for user, expected in (("cyd", (404, "NOT_FOUND")), ("ada", (403, "FORBIDDEN"))):
            refused = gateway.send(user, method, place, body, If_Match='"7-x"')
            assert problem(refused)[:2] == expected
        status, code, (error,) = problem(gateway.send("lea", method, place, body, If_Match='"7-x"'))
        assert (status, code, error["header"], error["current_version"]) == (412, "STALE_VERSION", "If-Match", 0)


def test_what_is_not_seen_and_what_is_not_there_are_one_answer(campus: Campus) -> None:
    world, gateway = campus
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


def test_scopes_narrow_what_a_token_writes(campus: Campus) -> None:
    world, gateway = campus
    given = {"course_id": world.id("course", "algebra"), "title": "Narrow"}
    assert problem(gateway.send("reading lea", "POST", "/course-groups", given))[:2] == (403, "FORBIDDEN")
    # It may write what it may not read.
    made = gateway.send("narrow lea", "POST", "/course-groups", given)
    assert (made.status_code, made.json(), made.headers.get("etag")) == (201, None, None)
    assert gateway.send("lea", "GET", made.headers["location"]).json()["title"] == "Narrow"
    assert gateway.send("narrow lea", "GET", made.headers["location"]).status_code == 404


def test_a_tag_that_is_known_is_not_sent_again(campus: Campus) -> None:
    _, gateway = campus
    made = a_group(campus, "Tagged")
    place, tag = made.headers["location"], made.headers["etag"]
    for header in (tag, f'"other", W/{tag}', "*"):
        same = gateway.send("lea", "GET", place, If_None_Match=header)
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    # Nobody learns by a tag that a row is there.
    assert gateway.send("cyd", "GET", place, If_None_Match="*").status_code == 404
    assert gateway.send(None, "GET", place, If_None_Match=tag).status_code == 401
    gateway.send("lea", "PATCH", place, {"title": "Tagged anew"})
    assert gateway.send("lea", "GET", place, If_None_Match=tag).status_code == 200


def test_tags_differ_where_their_readers_see_different_things(campus: Campus) -> None:
    world, gateway = campus
    place = f"/course-contents/{world.id('course_content', 'algebra/week_1.sheet_1')}"
    seen = {user: gateway.send(user, "GET", place) for user in ("lea", "ada")}
    same = seen["lea"].json() == seen["ada"].json()
    assert (seen["lea"].headers["etag"] == seen["ada"].headers["etag"]) == same


@pytest.mark.parametrize("header", ["W/{tag}", '"nonsense"', "nonsense", '"0"', '""'])
def test_a_tag_that_is_none_of_a_version_matches_nothing(campus: Campus, header: str) -> None:
    _, gateway = campus
    made = a_group(campus, f"Matched by {header}")
    if_match = header.replace("{tag}", made.headers["etag"])
    refused = gateway.send("lea", "PATCH", made.headers["location"], {"title": "never"}, If_Match=if_match)
    assert problem(refused)[:2] == (412, "STALE_VERSION")


def test_if_match_takes_the_row_as_it_is_or_any(campus: Campus) -> None:
    _, gateway = campus
    made = a_group(campus, "Matched")
    place = made.headers["location"]
    both = f'"other", {made.headers["etag"]}'
    changed = gateway.send("lea", "PATCH", place, {"title": "Matched once"}, If_Match=both)
    assert (changed.status_code, changed.json()["version"]) == (200, 1)
    assert gateway.send("lea", "PATCH", place, {"title": "Matched by any"}, If_Match="*").status_code == 200
    several = gateway.send("lea", "DELETE", place, If_Match='"1-x", "2-x"')
    assert problem(several)[:2] == (400, "BAD_REQUEST")
    assert gateway.send("lea", "DELETE", place, If_Match='"2-x"').status_code == 200


def test_rows_without_a_version_have_weak_tags_that_no_write_can_ask_for(campus: Campus) -> None:
    _, gateway = campus
    tag = gateway.send("adi", "GET", "/roles/_admin").headers["etag"]
    assert tag.startswith("W/")
    assert gateway.send("adi", "GET", "/roles/_admin", If_None_Match=tag).status_code == 304
    refused = gateway.send("adi", "PATCH", "/roles/_admin", {"title": "x"}, If_Match=tag)
    assert problem(refused)[:2] == (412, "STALE_VERSION")


def test_of_twenty_who_ask_for_a_version_one_wins(campus: Campus) -> None:
    _, gateway = campus
    made = a_group(campus, "Race", "adi")
    place, tag = made.headers["location"], made.headers["etag"]

    def change(number: int) -> int:
        return gateway.send("adi", "PATCH", place, {"title": f"by {number}"}, If_Match=tag).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(change, range(20)))
    assert statuses == [200, *[412] * 19]
    row = gateway.send("adi", "GET", place).json()
    assert row["version"] == 1


def test_of_twenty_who_delete_one_did(campus: Campus) -> None:
    _, gateway = campus
    place = a_group(campus, "Race to delete", "adi").headers["location"]
    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(lambda _: gateway.send("adi", "DELETE", place).status_code, range(20)))
    assert statuses == [200, *[404] * 19]


def test_the_secret_of_a_token_is_told_once(campus: Campus) -> None:
    _, gateway = campus
    given = {"name": "mine", "scopes": ["course:get"]}
    made = gateway.send("lea", "POST", "/api-tokens", given)
    assert made.status_code == 201, made.text
    sent = {"Authorization": f"Bearer {made.json()['secret']}"}
    assert len(gateway.client.get(f"{gateway.url}/courses", headers=sent).json()) == 1
    read = gateway.send("lea", "GET", made.headers["location"])
    assert {**read.json(), "secret": made.json()["secret"]} == made.json()
    assert read.headers["etag"] == made.headers["etag"]
    many = gateway.send("lea", "POST", "/api-tokens/bulk", [given, given]).json()
    assert len({row["secret"] for row in many}) == 2


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
def test_bodies_that_are_none_are_told_so(campus: Campus, body: bytes, status: int, place: str | None) -> None:
    world, gateway = campus
    refused = gateway.send("lea", "PATCH", f"/courses/{world.id('course', 'algebra')}", body)
    found, code, _ = problem(refused)
    assert (found, code) == (status, "BAD_REQUEST" if status == 400 else "VALIDATION")
    assert places(refused) == ([place] if place else [])


DEEP = ValueLimits().variable_depth


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
def test_bodies_are_held_to_the_limits_of_variables(campus: Campus, body: bytes, limit: str) -> None:
    _, gateway = campus
    with running_gateway(gateway.database_url, gateway.tokens, max_variable_values=100, max_list_length=50) as narrow:
        refused = narrow.send("lea", "POST", "/courses", body)
    assert problem(refused)[:2] == (413, "LIMIT_EXCEEDED")
    assert refused.json()["limit"] == limit


def test_children_of_all_kinds_count_before_anybody_looks_at_them(campus: Campus) -> None:
    world, gateway = campus
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
def test_of_many_problems_the_first_are_told(campus: Campus, path: str, body: object) -> None:
    _, gateway = campus
    *told, last = problem(gateway.send("adi", "POST", path, body))[2]
    assert len(told) == MOST_PROBLEMS
    assert len({(error["pointer"], error["detail"]) for error in told}) == MOST_PROBLEMS
    assert (last["pointer"], last["detail"]) == ("#", f"There are more problems than these {MOST_PROBLEMS}.")


@pytest.mark.parametrize("given", ["2026-01-01T00:00:00", "0001-01-01T00:00:00+01:00", "2026-13-01T00:00:00Z", "soon"])
def test_moments_are_moments(campus: Campus, given: str) -> None:
    _, gateway = campus
    refused = gateway.send("lea", "POST", "/api-tokens", {"name": "mine", "expires_at": given})
    assert (problem(refused)[:2], places(refused)) == ((422, "VALIDATION"), ["#/expires_at"])
    refused = gateway.send("lea", "GET", f"/messages?created_after={quote(given)}")
    assert (problem(refused)[:2], places(refused)) == ((422, "BAD_USER_INPUT"), ["created_after"])


def test_moments_may_come_from_any_zone(campus: Campus) -> None:
    _, gateway = campus
    given = {"name": "mine", "expires_at": "2126-03-27T10:29:36+22:52"}
    made = gateway.send("lea", "POST", "/api-tokens", given)
    assert made.json()["expires_at"] == "2126-03-26T11:37:36Z"
    assert gateway.send("lea", "GET", f"/messages?created_after={quote(given['expires_at'])}").json() == []


def test_bodies_are_json_and_of_a_bounded_size(campus: Campus) -> None:
    _, gateway = campus
    form = gateway.send("lea", "POST", "/courses", b"a=b", Content_Type="application/x-www-form-urlencoded")
    assert problem(form)[:2] == (415, "BAD_REQUEST")
    for tail in (b'"}', b""):
        long = gateway.send("lea", "POST", "/courses", b'{"title": "' + b"x" * MAX_BODY + tail)
        assert problem(long)[:2] == (413, "LIMIT_EXCEEDED")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_whoever_is_nobody_is_told_nothing_else(campus: Campus, method: str) -> None:
    world, gateway = campus
    for key in ("nonsense", world.id("course", "algebra")):
        for user in (None, "unknown"):
            refused = gateway.send(user, method, f"/courses/{key}?nonsense=1", {} if method == "PATCH" else None)
            assert problem(refused)[:2] == (401, "UNAUTHENTICATED")
            assert refused.headers["www-authenticate"] == "Bearer"
    refused = gateway.send("unknown", "GET", "/courses?nonsense=1")
    assert problem(refused)[:2] == (401, "UNAUTHENTICATED")


def test_other_addresses_and_methods_are_problems_too(campus: Campus) -> None:
    _, gateway = campus
    assert problem(gateway.send("lea", "GET", "/nonsense"))[:2] == (404, "NOT_FOUND")
    assert problem(gateway.send("lea", "GET", "/courses/"))[:2] == (404, "NOT_FOUND")
    refused = gateway.send("lea", "PUT", "/courses/x", {})
    assert (problem(refused)[:2], refused.headers["allow"]) == ((405, "METHOD_NOT_ALLOWED"), "GET, PATCH, DELETE")
    # Nobody creates a role of the ladder.
    refused = gateway.send("adi", "POST", "/course-roles", {"id": "x"})
    assert (problem(refused)[0], refused.headers["allow"]) == (405, "GET")


def test_pages_of_other_sites_ask_where_they_are_let(campus: Campus) -> None:
    world, gateway = campus
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


def test_answers_are_for_one_caller_alone(campus: Campus) -> None:
    _, gateway = campus
    for response in (gateway.send("lea", "GET", "/courses"), gateway.send("lea", "GET", "/courses/x")):
        assert response.headers["cache-control"] == "private, no-cache"
        assert response.headers["vary"] == "Authorization"
        assert response.headers["x-content-type-options"] == "nosniff"
