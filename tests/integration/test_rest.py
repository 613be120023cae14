"""REST: what each kind of route does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.operation.create import LARGEST_BATCH
from tests.support.rest import a_group, places, problem

if TYPE_CHECKING:
    from tests.support.gateway import Campus


def test_a_row_is_created_read_changed_and_deleted(rest_campus: Campus) -> None:
    _, gateway = rest_campus
    made = a_group(rest_campus, "Thursday")
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


def test_many_are_created_together_or_not_at_all(rest_campus: Campus) -> None:
    world, gateway = rest_campus
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


def test_a_course_is_created_with_what_belongs_to_it(rest_campus: Campus) -> None:
    world, gateway = rest_campus
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


def test_archived_rows_leave_the_list(rest_campus: Campus) -> None:
    world, gateway = rest_campus
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


def test_keys_of_several_parts_stand_in_the_url(rest_campus: Campus) -> None:
    world, gateway = rest_campus
    sol = world.id("user", "sol")
    made = gateway.send("adi", "POST", "/user-roles", {"user_id": sol, "role_id": "_organization_manager"})
    assert made.headers["location"] == f"/user-roles/{sol}%2C_organization_manager"
    for key in (f"{sol},_organization_manager", f"UserRole:{sol},_organization_manager"):
        assert gateway.send("adi", "GET", f"/user-roles/{key}").json() == made.json()
    assert gateway.send("adi", "GET", f"/user-roles/{sol}").status_code == 404
    assert gateway.send("adi", "DELETE", made.headers["location"]).status_code == 200


def test_the_secret_of_a_token_is_told_once(rest_campus: Campus) -> None:
    _, gateway = rest_campus
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
