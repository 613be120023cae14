"""What writers must not learn, break or get: each of these was tried."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backend.access.credentials import create_token
from tests.support import university
from tests.support.gateway import Campus, RunningGateway, running_gateway
from tests.support.waiting import blocked, wait_for_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[Campus]:
    university.build_university(own_world)
    own_world.claim("editor", f"course:get:{own_world.id('course', 'chemistry')}")
    own_world.claim("editor", f"course:update:{own_world.id('course', 'chemistry')}")
    own_world.role("sol", "editor")
    url = own_world.database_url
    tokens = {user: create_token(url, user=user, name="tests", scopes=["*"]) for user in university.READERS}
    tokens["narrow adi"] = create_token(url, user="adi", name="tests", scopes=["course:get", "course:update"])
    with running_gateway(url, tokens) as running:
        yield own_world, running


def ask(gateway: RunningGateway, user: str, text: str, **variables: Any) -> dict[str, Any]:
    answer = gateway.ask(user, text, **variables)
    codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
    assert "INTERNAL_SERVER_ERROR" not in codes, answer
    return answer


UPDATE = """mutation($id: ID!, $input: UpdateCourseGroupInput!, $version: BigInt) {
  updateCourseGroup(id: $id, input: $input, expectedVersion: $version) { errors { code message path } }
}"""
CREATE = """mutation($input: CreateCourseGroupInput!) {
  createCourseGroup(input: $input) { courseGroup { id } errors { code message path } }
}"""

ODD_VALUES = (
    {"title": "a\0b"},
    {"title": "x" * 300},
    {"title": ""},
    {"description": "x" * 5000},
    {"properties": {"a\0": 1}},
    {"properties": {"a": ["b\0"]}},
    {"properties": [1]},
    {"properties": "text"},
    {"properties": {"deep": [[[[[[[[[[1]]]]]]]]]]}},
    {"properties": {"huge": 10**400}},
    {"courseId": "nonsense"},
    {"courseId": "User:00000000-0000-4000-8000-000000000000"},
    {"id": "nonsense"},
    {"id": "Course:00000000-0000-4000-8000-000000000000"},
)


@pytest.mark.parametrize("odd", ODD_VALUES, ids=lambda odd: str(odd)[:40])
def test_odd_values_are_refused_or_taken_and_never_break(campus: Campus, odd: dict[str, Any]) -> None:
    world, gateway = campus
    whole = {"title": "odd", "courseId": world.id("course", "algebra"), **odd}
    ask(gateway, "lea", CREATE, input=whole)
    if "courseId" not in odd and "id" not in odd:
        ask(gateway, "lea", UPDATE, id=world.id("course_group", "algebra/group"), input=odd)
    world.connection.execute("DELETE FROM course_group WHERE title = 'odd'")


@pytest.mark.parametrize("key", ["", ":", "CourseGroup:", "CourseGroup:x", "x,y", "%", "\0", "CourseGroup:1,2"])
def test_odd_ids_are_refused(campus: Campus, key: str) -> None:
    _, gateway = campus
    (error,) = ask(gateway, "lea", UPDATE, id=key, input={})["data"]["updateCourseGroup"]["errors"]
    assert (error["code"], error["path"]) == ("VALIDATION", ["id"])


def test_what_is_not_seen_answers_like_what_is_not_there(campus: Campus) -> None:
    world, gateway = campus
    nobody = "00000000-0000-4000-8000-000000000000"
    hidden = world.id("course_group", "chemistry/group")
    asked: tuple[dict[str, Any], ...] = (
        {"input": {}},
        {"input": {"title": "x"}, "version": 0},
        {"input": {"title": "x"}, "version": 77},
    )
    for given in asked:
        there, not_there = (ask(gateway, "lea", UPDATE, id=key, **given)["data"] for key in (hidden, nobody))
        assert there == not_there
    for key in (world.id("course", "chemistry"), nobody):
        (error,) = ask(gateway, "lea", CREATE, input={"title": "x", "courseId": key})["data"]["createCourseGroup"][
            "errors"
        ]
        assert error["code"] == "NOT_FOUND"
    delete = "mutation($id: ID!) { deleteCourse(id: $id, dryRun: true) { affected { count } errors { code message } } }"
    there, not_there = (
        ask(gateway, "lea", delete, id=key)["data"] for key in (world.id("course", "chemistry"), nobody)
    )
    assert there == not_there


def test_a_claim_on_one_row_writes_that_row_alone(campus: Campus) -> None:
    world, gateway = campus
    text = 'mutation($id: ID!) { updateCourse(id: $id, input: {description: "by sol"}) { errors { code } } }'
    assert ask(gateway, "sol", text, id=world.id("course", "chemistry"))["data"]["updateCourse"]["errors"] == []
    other = ask(gateway, "sol", text, id=world.id("course", "algebra"))
    assert other["data"]["updateCourse"]["errors"] == [{"code": "NOT_FOUND"}]


def test_a_narrowed_token_of_an_admin_is_no_admin(campus: Campus) -> None:
    world, gateway = campus
    text = 'mutation($id: ID!) { updateCourse(id: $id, input: {title: "x"}) { errors { code } } }'
    answer = ask(gateway, "narrow adi", text, id=world.id("course", "algebra"))
    assert answer["data"]["updateCourse"]["errors"] == [{"code": "NOT_FOUND"}]


def test_a_member_cannot_be_put_into_a_group_of_another_course(campus: Campus) -> None:
    world, gateway = campus
    text = """mutation($id: ID!, $group: ID!) {
      updateCourseMember(id: $id, input: {courseGroupId: $group}) { errors { code path } }
    }"""
    member = world.id("course_member", "bob@algebra")
    for user in ("lea", "adi"):
        answer = ask(gateway, user, text, id=member, group=world.id("course_group", "geometry/group"))
        (error,) = answer["data"]["updateCourseMember"]["errors"]
        assert (error["code"], error["path"]) == ("NOT_FOUND", ["input", "courseGroupId"])


def test_a_payload_may_be_spelled_in_every_way(campus: Campus) -> None:
    world, gateway = campus
    text = """mutation($input: CreateCourseGroupInput!, $no: Boolean!) {
      __typename
      ... on Mutation { a: createCourseGroup(input: $input) { ...P __typename } }
    }
    fragment P on CreateCourseGroupPayload {
      g: courseGroup { ...G @skip(if: $no) id @skip(if: $no) course { title } }
      errors { ...E }
      query { __typename me { username } courses(first: 1) { totalCount } }
    }
    fragment G on CourseGroup { title }
    fragment E on MutationError {
      __typename code
      ... on ConflictError { fields conflicting { __typename ... on CourseGroup { title } } }
    }"""
    given = {"title": "spelled", "courseId": world.id("course", "algebra")}
    first = ask(gateway, "lea", text, input=given, no=False)["data"]
    assert list(first) == ["__typename", "a"]
    assert first["a"]["__typename"] == "CreateCourseGroupPayload"
    assert list(first["a"]["g"]) == ["title", "id", "course"]
    assert first["a"]["query"] == {"__typename": "Query", "me": {"username": "lea"}, "courses": {"totalCount": 1}}
    second = ask(gateway, "lea", text, input=given, no=True)["data"]["a"]
    assert second["g"] is None
    assert second["errors"] == [
        {
            "__typename": "ConflictError",
            "code": "CONFLICT",
            "fields": ["courseId", "title"],
            "conflicting": {"__typename": "CourseGroup", "title": "spelled"},
        }
    ]
    refused = gateway.ask("lea", 'mutation { deleteCourse(id: "x") { query { __schema { types { name } } } } }')
    assert refused["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_lists_of_no_and_of_too_many_rows(campus: Campus) -> None:
    world, gateway = campus
    text = """mutation($inputs: [CreateCourseGroupInput!]!) {
      createCourseGroups(inputs: $inputs) { courseGroups { id } errors { code path } }
    }"""
    assert ask(gateway, "lea", text, inputs=[])["data"]["createCourseGroups"] == {"courseGroups": [], "errors": []}
    many = [{"title": f"t{number}", "courseId": world.id("course", "algebra")} for number in range(1001)]
    (error,) = ask(gateway, "lea", text, inputs=many)["data"]["createCourseGroups"]["errors"]
    assert (error["code"], error["path"]) == ("VALIDATION", ["inputs"])


def test_a_submission_group_is_never_overfilled(campus: Campus) -> None:
    world, gateway = campus
    algebra = world.course("algebra")
    members = [algebra.student(f"student{number}") for number in range(8)]
    text = """mutation($group: ID!, $member: ID!) {
      createSubmissionGroupMember(input: {submissionGroupId: $group, courseMemberId: $member}) { errors { code } }
    }"""
    content = algebra.content("week_1.sheet_7", "assignment", max_group_size=3)
    make = """mutation($c: ID!) {
      createSubmissionGroup(input: {courseContentId: $c, maxGroupSize: 3}) { submissionGroup { id } }
    }"""
    group = ask(gateway, "lea", make, c=content)["data"]["createSubmissionGroup"]["submissionGroup"]["id"]

    def join(member: str) -> list[str]:
        errors = ask(gateway, "lea", text, group=group, member=member)["data"]["createSubmissionGroupMember"]["errors"]
        return [error["code"] for error in errors]

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(join, members))
    assert sorted(outcomes) == [[]] * 3 + [["VALIDATION"]] * 5


def test_subtrees_that_move_at_once_leave_a_tree(campus: Campus) -> None:
    world, gateway = campus
    geometry = world.course("geometry")
    paths = ("a", "a.b", "a.b.c", "x", "x.y", "x.y.z")
    keys = {path: geometry.content(path) for path in paths}
    text = """mutation($id: ID!, $path: TreePath!) {
      updateCourseContent(id: $id, input: {path: $path}) { errors { code } }
    }"""
    moves = (("a", "x.a"), ("x", "a.x"), ("a.b", "b"), ("x.y", "a.b.y"), ("a.b.c", "c"), ("x.y.z", "z"))

    def move(each: tuple[str, str]) -> None:
        ask(gateway, "adi", text, id=keys[each[0]], path=each[1])

    for _ in range(4):
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(move, moves))
        orphans = world.connection.execute(
            """SELECT count(*) FROM course_content c WHERE nlevel(path) > 1 AND NOT EXISTS (
                 SELECT FROM course_content p WHERE p.course_id = c.course_id AND p.path = subpath(c.path, 0, -1))"""
        ).fetchone()
        assert orphans == (0,)


def test_a_killed_backend_leaves_all_or_nothing(campus: Campus) -> None:
    world, gateway = campus
    given = {"title": "killed", "courseId": world.id("course", "algebra")}
    with psycopg.connect(world.database_url) as blocker:
        # The lecturer's write waits for this lock; then its backend is ended.
        blocker.execute("LOCK TABLE course_group IN EXCLUSIVE MODE")
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(gateway.ask, "lea", CREATE, input=given)
            wait_for_lock(world)
            world.connection.execute("SELECT pg_terminate_backend(unnest(%s::int[]))", [blocked(world.connection)])
            refused = answer.result()
    assert refused["data"] is None
    assert refused["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert world.connection.execute("SELECT count(*) FROM course_group WHERE title = 'killed'").fetchone() == (0,)
    assert ask(gateway, "lea", CREATE, input=given)["data"]["createCourseGroup"]["errors"] == []


def test_who_seats_nobody_learns_of_no_user(campus: Campus) -> None:
    world, gateway = campus
    algebra, uni, math = (
        world.id(*row) for row in (("course", "algebra"), ("organization", "uni"), ("course_family", "math"))
    )
    seats = {
        "createCourseMember": {"courseId": algebra, "courseRoleId": "_tutor"},
        "createOrganizationMember": {"organizationId": uni, "organizationRoleId": "_developer"},
        "createCourseFamilyMember": {"courseFamilyId": math, "courseFamilyRoleId": "_developer"},
    }
    for name, given in seats.items():
        kind = name[:1].upper() + name[1:]
        text = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ errors {{ code path }} }} }}"
        for user in (world.id("user", "dan"), "00000000-0000-4000-8000-000000000000"):
            # Students see the course, and none of these users.
            answer = ask(gateway, "ada", text, input={**given, "userId": user})
            assert answer["data"][name]["errors"] == [{"code": "NOT_FOUND", "path": ["input", "userId"]}]
