"""Writing through the gateway: what comes of each kind of mutation, and what follows from it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from backend.access.credentials import create_token
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from backend.operation.create import LARGEST_BATCH
from backend.operation.problem import MOST_PROBLEMS
from tests.support import university
from tests.support.gateway import Campus, running_gateway
from tests.support.mutations import codes, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[Campus]:
    university.build_university(own_world)
    url = own_world.database_url
    tokens = {user: create_token(url, user=user, name="tests", scopes=["*"]) for user in university.READERS}
    tokens |= {f"reading {user}": create_token(url, user=user, name="tests") for user in ("ada", "lea")}
    tokens["narrow lea"] = create_token(
        url, user="lea", name="tests", scopes=["course_group:get", "course_group:create"]
    )
    with running_gateway(url, tokens) as running:
        yield own_world, running


def test_a_group_is_created_changed_and_deleted(campus: Campus) -> None:
    world, gateway = campus
    given = {"courseId": world.id("course", "algebra"), "title": "Thursday"}
    one = "courseGroup { id title version createdBy { id } createdById }"
    made = write(gateway, "lea", "createCourseGroup", one, input=given)
    assert made["errors"] == []
    group = made["courseGroup"]
    assert (group["title"], group["version"]) == ("Thursday", "0")
    # Lecturers see the members of their courses, themselves among them.
    assert group["createdById"] == f"User:{world.id('user', 'lea')}" == group["createdBy"]["id"]
    changed = write(
        gateway, "lea", "updateCourseGroup", one, id=group["id"], input={"title": "Friday"}, expectedVersion=0
    )
    assert changed["courseGroup"]["title"] == "Friday"
    stale = write(gateway, "lea", "updateCourseGroup", one, id=group["id"], input={}, expectedVersion=0)
    assert (codes(stale), stale["errors"][0]["currentVersion"]) == (["STALE_VERSION"], "1")
    # Not seen comes before not allowed, and that before the version.
    assert codes(write(gateway, "cyd", "updateCourseGroup", id=group["id"], input={}, expectedVersion=0)) == [
        "NOT_FOUND"
    ]
    assert codes(write(gateway, "ada", "updateCourseGroup", id=group["id"], input={}, expectedVersion=0)) == [
        "FORBIDDEN"
    ]
    gone = "deletedCourseGroupId affected { typeName count }"
    would = write(gateway, "lea", "deleteCourseGroup", gone, id=group["id"], dryRun=True)
    assert would["deletedCourseGroupId"] is None
    assert would["affected"] == [{"typeName": "CourseGroup", "count": 1}]
    went = write(gateway, "lea", "deleteCourseGroup", gone, id=group["id"])
    assert (went["deletedCourseGroupId"], went["affected"]) == (group["id"], would["affected"])
    assert codes(write(gateway, "lea", "deleteCourseGroup", id=group["id"])) == ["NOT_FOUND"]


def test_scopes_narrow_what_a_token_writes(campus: Campus) -> None:
    world, gateway = campus
    given = {"courseId": world.id("course", "algebra"), "title": "Narrow"}
    assert codes(write(gateway, "reading lea", "createCourseGroup", input=given)) == ["FORBIDDEN"]
    # Of the token alone: the same whether its user might, and whatever rows there are.
    group = world.id("course_group", "algebra/group")
    takes = "that takes one with the scope course_group:{}, and a user who may."
    for reader, operation, arguments, text in (
        ("reading lea", "createCourseGroup", {"input": given}, f"This token only reads: {takes.format('create')}"),
        ("reading ada", "createCourseGroup", {"input": given}, f"This token only reads: {takes.format('create')}"),
        ("reading lea", "deleteCourseGroup", {"id": group}, f"This token only reads: {takes.format('delete')}"),
        (
            "narrow lea",
            "updateCourseGroup",
            {"id": group, "input": {}},
            f"This token's scopes do not let it update course groups: {takes.format('update')}",
        ),
        ("ada", "createCourseGroup", {"input": given}, "You may not create course groups."),
    ):
        assert [error["message"] for error in write(gateway, reader, operation, **arguments)["errors"]] == [text]
    # The course is not in the token's scopes, so that it is not there to be referred to.
    assert codes(write(gateway, "narrow lea", "createCourseGroup", input=given)) == ["NOT_FOUND"]


def test_absent_stays_and_null_clears(campus: Campus) -> None:
    world, gateway = campus
    given = {"courseId": world.id("course", "algebra"), "title": "Null", "description": "x"}
    made = write(gateway, "lea", "createCourseGroup", "courseGroup { id }", input=given)["courseGroup"]
    one = "courseGroup { title description }"
    kept = write(gateway, "lea", "updateCourseGroup", one, id=made["id"], input={"title": "Other"})
    assert kept["courseGroup"] == {"title": "Other", "description": "x"}
    cleared = write(gateway, "lea", "updateCourseGroup", one, id=made["id"], input={"description": None})
    assert cleared["courseGroup"] == {"title": "Other", "description": None}
    refused = write(gateway, "lea", "updateCourseGroup", one, id=made["id"], input={"title": None})
    assert (codes(refused), refused["errors"][0]["path"]) == (["VALIDATION"], ["input", "title"])


def test_a_taken_key_names_the_row_only_to_those_who_see_it(campus: Campus) -> None:
    world, gateway = campus
    given = {"courseId": world.id("course", "algebra"), "title": "group"}
    (error,) = write(gateway, "lea", "createCourseGroup", input=given)["errors"]
    assert (error["code"], error["fields"]) == ("CONFLICT", ["courseId", "title"])
    assert error["conflicting"] == {"id": f"CourseGroup:{world.id('course_group', 'algebra/group')}"}
    # A chosen id that another course has is a conflict without details.
    member = {"userId": world.id("user", "sol"), "courseId": world.id("course", "algebra"), "courseRoleId": "_tutor"}
    taken = world.id("course_member", "dan@chemistry")
    (error,) = write(gateway, "lea", "createCourseMember", input={**member, "id": taken})["errors"]
    assert (error["code"], error["fields"], error["conflicting"]) == ("CONFLICT", ["id"], None)


def test_many_are_created_together_or_not_at_all(campus: Campus) -> None:
    world, gateway = campus
    algebra = world.id("course", "algebra")
    inputs = [{"courseId": algebra, "title": f"many {number}"} for number in range(300)]
    made = write(gateway, "lea", "createCourseGroups", "courseGroups { title }", inputs=inputs)
    assert [group["title"] for group in made["courseGroups"]] == [given["title"] for given in inputs]
    more = [
        {"courseId": algebra, "title": "more 1"},
        {"courseId": algebra, "title": " "},
        {"courseId": world.id("course", "chemistry"), "title": "x"},
    ]
    refused = write(gateway, "lea", "createCourseGroups", "courseGroups { title }", inputs=more)
    assert refused["courseGroups"] is None
    assert [(error["code"], error["path"]) for error in refused["errors"]] == [("VALIDATION", ["inputs", "1", "title"])]
    hidden = write(gateway, "lea", "createCourseGroups", inputs=[more[0], more[2]])
    assert [(error["code"], error["path"]) for error in hidden["errors"]] == [
        ("NOT_FOUND", ["inputs", "1", "courseId"])
    ]
    twice = write(gateway, "lea", "createCourseGroups", inputs=[more[0], inputs[7], more[0]])
    assert codes(twice) == ["CONFLICT"]
    assert twice["errors"][0]["path"][:2] == ["inputs", "1"]
    count = "query($t: String!) { courseGroups(filter: {title: {eq: $t}}) { totalCount } }"
    assert gateway.data("lea", count, t="more 1")["courseGroups"]["totalCount"] == 0


def test_children_of_all_kinds_count_before_anybody_looks_at_them(campus: Campus) -> None:
    world, gateway = campus
    half = LARGEST_BATCH // 2
    given = {
        "path": "full",
        "courseFamilyId": world.id("course_family", "math"),
        "courseGroups": [{"title": ""}] * half,
        "members": [{"userId": "nobody", "courseRoleId": ""}] * half,
    }
    (error,) = write(gateway, "adi", "createCourse", input=given)["errors"]
    assert error["path"] == ["input"]
    assert error["message"].startswith(f"{LARGEST_BATCH + 1} rows are too many")
    fewer = {**given, "members": []}
    assert len(write(gateway, "adi", "createCourse", input=fewer)["errors"]) == MOST_PROBLEMS + 1


def test_a_course_is_created_with_what_belongs_to_it(campus: Campus) -> None:
    world, gateway = campus
    unit = "11111111-2222-4333-8444-555555555555"
    given = {
        "path": "whole",
        "courseFamilyId": world.id("course_family", "math"),
        "courseGroups": [{"title": "Monday"}, {"title": "Tuesday"}],
        "contentTypes": [{"id": unit, "slug": "unit", "courseContentKindId": "unit"}],
        "contents": [{"path": path, "courseContentTypeId": unit} for path in ("a", "a.b")],
        "members": [{"userId": world.id("user", "tom"), "courseRoleId": "_lecturer"}],
    }
    one = """course {
      organization { path }
      courseGroups { nodes { title } } contents { nodes { path } } members { nodes { user { username } } }
    }"""
    made = write(gateway, "adi", "createCourse", one, input=given)
    assert made["errors"] == []
    assert made["course"] == {
        "organization": {"path": "uni"},
        "courseGroups": {"nodes": [{"title": "Monday"}, {"title": "Tuesday"}]},
        "contents": {"nodes": [{"path": "a"}, {"path": "a.b"}]},
        "members": {"nodes": [{"user": {"username": "tom"}}]},
    }
    wrong = {**given, "title": " ", "courseGroups": [{"title": "x"}, {"title": ""}]}
    paths = [error["path"] for error in write(gateway, "adi", "createCourse", input=wrong)["errors"]]
    assert paths == [["input", "title"], ["input", "courseGroups", "1", "title"]]
    # Managers create courses, and have no say in what is in them.
    refused = write(gateway, "orla", "createCourse", input={**given, "path": "orlas"})
    assert [(error["code"], error["path"]) for error in refused["errors"]] == [
        ("FORBIDDEN", ["input", "courseGroups", str(index)]) for index in range(2)
    ]
    assert (
        gateway.data("adi", '{ courses(filter: {path: {eq: "orlas"}}) { totalCount } }')["courses"]["totalCount"] == 0
    )


def test_upserting_creates_and_then_updates(campus: Campus) -> None:
    world, gateway = campus
    given = {"courseId": world.id("course", "algebra"), "title": "Upserted", "description": "first"}
    one = "created courseGroup { id description }"
    first = write(gateway, "lea", "upsertCourseGroup", one, input=given, on="COURSE_ID_TITLE")
    again = write(
        gateway, "lea", "upsertCourseGroup", one, input={**given, "description": "second"}, on="COURSE_ID_TITLE"
    )
    assert (first["created"], again["created"]) == (True, False)
    assert again["courseGroup"] == {"id": first["courseGroup"]["id"], "description": "second"}
    assert codes(write(gateway, "ada", "upsertCourseGroup", input=given, on="COURSE_ID_TITLE")) == ["FORBIDDEN"]


def test_an_atomic_operation_happens_in_whole_or_not_at_all(campus: Campus) -> None:
    world, gateway = campus
    text = """mutation($course: ID!, $title: String!) @atomic {
      first: createCourseGroup(input: {courseId: $course, title: "atomic"}) { courseGroup { title } errors { code } }
      second: createCourseGroup(input: {courseId: $course, title: $title}) { courseGroup { title } errors { code } }
    }"""
    algebra = world.id("course", "algebra")
    refused = gateway.data("lea", text, course=algebra, title="group")
    assert refused["first"] == {"courseGroup": None, "errors": [{"code": "ROLLED_BACK"}]}
    assert refused["second"] == {"courseGroup": None, "errors": [{"code": "CONFLICT"}]}
    done = gateway.data("lea", text, course=algebra, title="atomic too")
    assert done["first"]["courseGroup"] == {"title": "atomic"}
    assert done["second"]["errors"] == []


def test_whoever_creates_an_organization_owns_it(campus: Campus) -> None:
    _, gateway = campus
    given = {"organizationType": "COMMUNITY", "path": "orlas", "title": "Orla's"}
    one = "organization { id members { nodes { organizationRoleId user { username } } } }"
    made = write(gateway, "orla", "createOrganization", one, input=given)
    assert made["errors"] == []
    seats = made["organization"]["members"]["nodes"]
    assert seats == [{"organizationRoleId": "OrganizationRole:_owner", "user": {"username": "orla"}}]
    family = {"path": "orlas", "organizationId": made["organization"]["id"]}
    assert codes(write(gateway, "orla", "createCourseFamily", input=family)) == []


def test_a_new_student_gets_a_group_for_each_individual_content(campus: Campus) -> None:
    world, gateway = campus
    geometry = world.course("geometry")
    given = {
        "userId": world.id("user", "sol"),
        "courseId": geometry.key,
        "courseRoleId": "_student",
        "courseGroupId": world.id("course_group", "geometry/group"),
    }
    one = (
        "courseMember { submissionGroupMembers { nodes { submissionGroup { courseContent { path } maxGroupSize } } } }"
    )
    made = write(gateway, "adi", "createCourseMember", one, input=given)
    assert made["errors"] == []
    (seat,) = made["courseMember"]["submissionGroupMembers"]["nodes"]
    assert seat["submissionGroup"] == {"courseContent": {"path": "week_1.sheet_1"}, "maxGroupSize": 1}
    content = {
        "courseId": geometry.key,
        "path": "week_1.sheet_9",
        "courseContentTypeId": world.id("course_content_type", "geometry/assignment"),
    }
    groups = "courseContent { submissionGroups { totalCount } position }"
    added = write(gateway, "adi", "createCourseContent", groups, input=content)
    assert added["courseContent"] == {"submissionGroups": {"totalCount": 2}, "position": 0.0}
    without = {**given, "userId": world.id("user", "ron"), "courseGroupId": None}
    (error,) = write(gateway, "adi", "createCourseMember", input=without)["errors"]
    assert (error["code"], error["path"]) == ("VALIDATION", ["input", "courseGroupId"])
    other = {**given, "userId": world.id("user", "ron"), "courseGroupId": world.id("course_group", "algebra/group")}
    (error,) = write(gateway, "adi", "createCourseMember", input=other)["errors"]
    assert (error["code"], error["path"]) == ("NOT_FOUND", ["input", "courseGroupId"])


def test_contents_move_with_all_below_them(campus: Campus) -> None:
    world, gateway = campus
    chemistry = world.course("chemistry")
    for path in ("a", "a.b", "a.b.c", "d"):
        chemistry.content(path)
    a, d = (world.id("course_content", f"chemistry/{path}") for path in ("a", "d"))
    one = "courseContent { path descendants { nodes { path } } }"
    moved = write(gateway, "adi", "updateCourseContent", one, id=a, input={"path": "d.moved"})
    assert moved["errors"] == []
    below = [node["path"] for node in moved["courseContent"]["descendants"]["nodes"]]
    assert (moved["courseContent"]["path"], below) == ("d.moved", ["d.moved.b", "d.moved.b.c"])
    (inside,) = write(gateway, "adi", "updateCourseContent", id=a, input={"path": "d.moved.b.x"})["errors"]
    assert (inside["code"], inside["path"]) == ("VALIDATION", ["input", "path"])
    (nowhere,) = write(gateway, "adi", "updateCourseContent", id=a, input={"path": "nowhere.x"})["errors"]
    assert (nowhere["code"], nowhere["path"]) == ("VALIDATION", ["input", "path"])
    (taken,) = write(gateway, "adi", "updateCourseContent", id=a, input={"path": "d"})["errors"]
    assert taken["code"] == "CONFLICT"
    retyped = {"courseContentTypeId": world.id("course_content_type", "chemistry/assignment")}
    (parent,) = write(gateway, "adi", "updateCourseContent", id=d, input=retyped)["errors"]
    assert (parent["code"], parent["path"]) == ("VALIDATION", ["input", "courseContentTypeId"])
    (kept,) = write(gateway, "adi", "deleteCourseContent", id=d)["errors"]
    assert kept["code"] == "CONFLICT"


def test_a_populated_course_goes_with_all_that_its_dry_run_says(campus: Campus) -> None:
    world, gateway = campus
    gone = "deletedCourseId affected { typeName count }"
    key = world.id("course", "algebra")
    would = write(gateway, "adi", "deleteCourse", gone, id=key, dryRun=True)
    assert would["errors"] == []
    counts = {each["typeName"]: each["count"] for each in would["affected"]}
    before = _counts(world, counts)
    went = write(gateway, "adi", "deleteCourse", gone, id=key)
    assert went["errors"] == []
    assert went["affected"] == would["affected"]
    after = _counts(world, counts)
    assert {kind: before[kind] - after[kind] for kind in counts} == counts
    assert counts["Course"] == 1
    assert counts["Result"] > 3


def _counts(world: World, kinds: Any) -> dict[str, int]:
    catalog = reflect(INTERFACES)
    found = {}
    for kind in kinds:
        table = catalog[kind].model.__tablename__
        row = world.connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()  # noqa: S608
        found[kind] = int(row[0]) if row else 0
    return found


def test_a_deleted_message_leaves_a_notice_to_its_replies(campus: Campus) -> None:
    world, gateway = campus
    made = write(
        gateway,
        "cyd",
        "createMessage",
        "message { id authorId level scope reads { totalCount } }",
        input={"title": "Hi", "content": "there", "courseMemberId": world.id("course_member", "cyd@geometry")},
    )
    message = made["message"]
    assert (message["level"], message["scope"], message["reads"]) == (0, "COURSE_MEMBER", {"totalCount": 1})
    reply = {"title": "Re", "content": "hello", "parentId": message["id"]}
    answered = write(gateway, "mia", "createMessage", "message { id level courseMemberId }", input=reply)
    assert answered["errors"] == []
    assert answered["message"]["level"] == 1
    assert (
        write(gateway, "cyd", "deleteMessage", "deletedMessageId", id=message["id"])["deletedMessageId"]
        == message["id"]
    )
    seen = gateway.data(
        "cyd", "query($id: ID!) { message(id: $id) { title content replies { totalCount } } }", id=message["id"]
    )
    assert seen["message"] == {"title": "Deleted", "content": "This message was deleted.", "replies": {"totalCount": 1}}
    assert codes(write(gateway, "cyd", "updateMessage", id=message["id"], input={"title": "x"})) == ["FORBIDDEN"]


def test_of_fifty_who_expect_a_version_one_wins(campus: Campus) -> None:
    world, gateway = campus
    given = {"courseId": world.id("course", "geometry"), "title": "Race"}
    key = write(gateway, "adi", "createCourseGroup", "courseGroup { id }", input=given)["courseGroup"]["id"]

    def change(number: int) -> list[str]:
        return codes(
            write(gateway, "adi", "updateCourseGroup", id=key, input={"title": f"by {number}"}, expectedVersion=0)
        )

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(change, range(50)))
    assert sorted(outcomes) == [[], *[["STALE_VERSION"]] * 49]

    def create(number: int) -> list[str]:
        made = {"courseId": world.id("course", "geometry"), "title": "One of fifty", "description": str(number)}
        return codes(write(gateway, "adi", "createCourseGroup", input=made))

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(create, range(50)))
    assert sorted(outcomes) == [[], *[["CONFLICT"]] * 49]
