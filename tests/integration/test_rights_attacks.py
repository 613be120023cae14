"""Rights that writers must not come by, and rules of courses that they must not get around: each of these was tried."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backend.access.credentials import create_token
from tests.support.gateway import Campus, running_gateway
from tests.support.mutations import codes, told, write
from tests.support.university import READERS, build_university, build_upload
from tests.support.waiting import wait_for_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[Campus]:
    build_university(own_world)
    for claim in ("api_token:create", "session:delete", "session:get", "group:get"):
        own_world.claim("_user_manager", claim)
    build_upload(own_world, "bob", "bob alone", "bob 1", "bob")
    url = own_world.database_url
    tokens = {user: create_token(url, user=user, scopes=["*"]) for user in READERS}
    with running_gateway(url, tokens) as running:
        yield own_world, running


def test_what_belongs_to_admins_and_technical_accounts_is_not_for_user_managers(campus: Campus) -> None:
    world, gateway = campus
    uni, group = world.id("organization", "uni"), world.id("group", "group ada")
    for user, expected in (("adi", ["FORBIDDEN"]), ("ron", ["FORBIDDEN"]), ("dan", [])):
        of_user = {"userId": world.id("user", user)}
        account = {**of_user, "provider": "x", "type": "oidc", "providerAccountId": user}
        creates: tuple[tuple[str, dict[str, Any]], ...] = (
            ("createAccount", account),
            ("createStudentProfile", {**of_user, "organizationId": uni, "studentEmail": f"{user}@tech.example"}),
            ("createProfile", {**of_user, "nickname": f"by_uma_{user}"}),
            ("createUserRole", {**of_user, "roleId": "_organization_manager"}),
            ("createUserGroup", {**of_user, "groupId": group}),
            ("createApiToken", {**of_user, "name": "of another", "scopes": ["*"]}),
        )
        for name, given in creates:
            assert (name, codes(write(gateway, "uma", name, input=given))) == (name, expected)
        matriculation = world.connection.execute(
            """INSERT INTO student_profile (user_id, organization_id) VALUES (%s, %s)
               ON CONFLICT (user_id) DO UPDATE SET organization_id = excluded.organization_id RETURNING id""",
            [of_user["userId"], uni],
        ).fetchone()
        assert matriculation is not None
        login = world.insert("account", f"login {user}", **_of_account(of_user["userId"], f"login {user}"))
        of_session = {"user_id": of_user["userId"], "session_id": user, "ip_address": "10.0.0.1"}
        session = world.insert("session", f"login of {user}", **of_session)
        other = {"studentEmail": f"{user}2@tech.example"}
        writes: tuple[tuple[str, dict[str, Any]], ...] = (
            ("updateStudentProfile", {"id": str(matriculation[0]), "input": other}),
            ("updateAccount", {"id": login, "input": {"providerAccountId": f"mine {user}"}}),
            ("updateUser", {"id": of_user["userId"], "input": {"number": f"n-{user}"}}),
            ("deleteSession", {"id": session}),
        )
        for name, arguments in writes:
            assert (name, codes(write(gateway, "uma", name, **arguments))) == (name, expected)
            if expected:
                assert codes(write(gateway, "adi", name, **arguments)) == []


def _of_account(user: str, name: str) -> dict[str, str]:
    return {"user_id": user, "provider": "y", "type": "oidc", "provider_account_id": name}


def test_a_course_that_is_made_while_its_family_moves_belongs_to_where_that_went(campus: Campus) -> None:
    world, gateway = campus
    family, tech = world.family("wandering", organization="uni"), world.id("organization", "tech")
    with psycopg.connect(world.database_url) as other, ThreadPoolExecutor(1) as pool:
        other.execute("UPDATE course_family SET organization_id = %s WHERE id = %s", [tech, family])
        given = {"path": "late", "courseFamilyId": family}
        answer = pool.submit(write, gateway, "adi", "createCourse", "course { organization { path } }", input=given)
        wait_for_lock(world)
        other.commit()
        assert answer.result()["course"] == {"organization": {"path": "tech"}}


def test_a_group_submits_as_often_as_it_may(campus: Campus) -> None:
    world, gateway = campus
    upload, group = world.id("submission_artifact", "upload bob"), world.id("course_submission_group", "bob alone")
    others = [
        world.insert(
            "submission_artifact",
            f"bob {number}",
            submission_group_id=group,
            file_size=1,
            bucket_name="b",
            object_key=f"k{number}",
        )
        for number in range(3)
    ]

    def submit(key: str) -> list[tuple[str, list[str]]]:
        return told(write(gateway, "bob", "updateSubmissionArtifact", id=key, input={"submit": True}))

    def limit(most: int | None) -> None:
        world.connection.execute("UPDATE course_submission_group SET max_submissions = %s WHERE id = %s", [most, group])

    world.connection.execute("UPDATE result SET submit = FALSE WHERE course_submission_group_id = %s", [group])
    refused = [("VALIDATION", ["input", "submit"])]
    limit(0)
    assert submit(upload) == refused
    limit(2)
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(submit, (upload, *others)))
    assert sorted(outcomes) == [[], [], refused, refused]
    # What is a submission may be said to be one again, and one that is taken back makes room.
    (done, *_) = [key for key, outcome in zip((upload, *others), outcomes, strict=True) if not outcome]
    (waiting, *_) = [key for key, outcome in zip((upload, *others), outcomes, strict=True) if outcome]
    assert submit(done) == []
    assert codes(write(gateway, "bob", "updateSubmissionArtifact", id=done, input={"submit": False})) == []
    assert submit(waiting) == []
    limit(None)
    assert submit(done) == []


def test_a_grade_and_a_submission_do_not_slip_past_each_other(campus: Campus) -> None:
    world, gateway = campus
    group = world.id("course_submission_group", "bob alone")
    key = world.insert(
        "submission_artifact", "bob late", submission_group_id=group, file_size=1, bucket_name="b", object_key="late"
    )
    member = world.id("course_member", "tom@algebra")
    with psycopg.connect(world.database_url) as other, ThreadPoolExecutor(1) as pool:
        other.execute("SELECT FROM course_submission_group WHERE id = %s FOR NO KEY UPDATE", [group])
        other.execute(
            "INSERT INTO course_submission_group_grading"
            " (course_submission_group_id, graded_by_course_member_id, grading, status) VALUES (%s, %s, 1, 0)",
            [group, member],
        )
        given: dict[str, Any] = {"id": key, "input": {"submit": True}}
        answer = pool.submit(write, gateway, "bob", "updateSubmissionArtifact", **given)
        wait_for_lock(world)
        other.commit()
        assert codes(answer.result()) == ["FORBIDDEN"]


def test_a_group_does_not_become_too_small_for_who_is_in_it(campus: Campus) -> None:
    world, gateway = campus
    team = world.id("course_submission_group", "team")
    size = "submissionGroup { maxGroupSize memberCount }"
    smaller = write(gateway, "lea", "updateSubmissionGroup", size, id=team, input={"maxGroupSize": 1})
    assert told(smaller) == [("VALIDATION", ["input", "maxGroupSize"])]
    same = write(gateway, "lea", "updateSubmissionGroup", size, id=team, input={"maxGroupSize": 2, "displayName": "t"})
    assert (same["errors"], same["submissionGroup"]) == ([], {"maxGroupSize": 2, "memberCount": 2})


def test_an_assignment_with_test_runs_stays_one(campus: Campus) -> None:
    world, gateway = campus
    algebra = world.course("algebra")
    sheet = algebra.content("week_1.tested", "assignment")
    algebra.result("alone", "week_1.tested", "ada")
    unit = {"courseContentTypeId": algebra.content_type("unit")}
    refused = write(gateway, "lea", "updateCourseContent", id=sheet, input=unit)
    assert told(refused) == [("VALIDATION", ["input", "courseContentTypeId"])]


def test_nobody_grades_their_own_work(campus: Campus) -> None:
    world, gateway = campus
    algebra = world.course("algebra")
    algebra.content("week_1.seated", "assignment")
    group = algebra.group("tom's", "week_1.seated", "tom", "ada")
    grade = {"submissionGroupId": group, "grading": 1}
    assert codes(write(gateway, "tom", "createSubmissionGroupGrading", input=grade)) == ["FORBIDDEN"]
    assert codes(write(gateway, "lea", "createSubmissionGroupGrading", input=grade)) == []


def test_students_do_not_review_as_staff(campus: Campus) -> None:
    world, gateway = campus
    review = {"artifactId": world.id("submission_artifact", "upload ada"), "body": "fine"}
    refused = [("VALIDATION", ["input", "reviewType"])]
    for kind in ("instructor", "Automated"):
        assert told(write(gateway, "bob", "createSubmissionReview", input={**review, "reviewType": kind})) == refused
        assert codes(write(gateway, "tom", "createSubmissionReview", input={**review, "reviewType": kind})) == []
    made = write(
        gateway, "bob", "createSubmissionReview", "submissionReview { id }", input={**review, "reviewType": "peer"}
    )
    key = made["submissionReview"]["id"]
    assert told(write(gateway, "bob", "updateSubmissionReview", id=key, input={"reviewType": "instructor"})) == refused


def test_what_a_deleted_message_said_is_gone_whoever_deleted_it(campus: Campus) -> None:
    world, gateway = campus
    message = {"title": "Plan #secret", "content": "at noon", "course_id": world.id("course", "algebra"), "level": 0}
    key = world.insert("message", "archived", author_id=world.id("user", "lea"), **message, archived_at="2026-01-01")
    read = """query($id: ID!, $course: ID!) {
      message(id: $id) { title content }
      messages(archived: INCLUDE, filter: {id: {eq: $id}, content: {eq: "at noon"}}) { totalCount }
      tagged: messages(archived: INCLUDE, search: {courseId: $course, tags: ["secret"]}) { totalCount }
    }"""
    for user in ("lea", "ada", "adi"):
        data = gateway.data(user, read, id=key, course=message["course_id"])
        assert data["message"] == {"title": "Deleted", "content": "This message was deleted."}
        assert (data["messages"]["totalCount"], data["tagged"]["totalCount"]) == (0, 0)
