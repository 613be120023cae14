"""Who may write what: one expected set of people for each entity and operation, written down from the domain's rules.

Each write is tried for real, in a document that undoes it: its last mutation always fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from backend.access.credentials import create_token
from tests.discussion import SEATS, build_discussion
from tests.gateway import RunningGateway, running_gateway
from tests.university import READERS, build_upload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.builder import World

WRITERS = (*READERS, *SEATS, "nat")
NOBODY = "00000000-0000-4000-8000-000000000000"
LECTURERS = {"lea", "mel", "oda", "adi"}
TUTORS = LECTURERS | {"tom"}
# Admins have no membership of their own to write these as.
STAFF = TUTORS - {"adi"}


@dataclass(frozen=True)
class Case:
    """A write: the mutation, the row by table and name, the input, whose references are `table/name`, and who may."""

    mutation: str
    row: tuple[str, str] | None
    given: dict[str, Any] | None
    allowed: set[str]

    def __str__(self) -> str:
        return f"{self.mutation} {self.row[1] if self.row else ''} {self.given or ''}"


def _ref(table: str, name: str) -> tuple[str, str]:
    return (table, name)


ADA, SOL, ALGEBRA = _ref("user", "ada"), _ref("user", "sol"), _ref("course", "algebra")
SHEET_2 = _ref("course_content", "algebra/week_1.sheet_2")
ALONE, TEAM = _ref("course_submission_group", "ada alone"), _ref("course_submission_group", "team")
UPLOAD = _ref("submission_artifact", "upload ada")
ADA_AT_ALGEBRA = _ref("course_member", "ada@algebra")
TECH, MATH = _ref("organization", "tech"), _ref("course_family", "math")
RUN = {"submit": False, "testSystemId": "new job", "result": 0.5, "versionIdentifier": "new", "status": "COMPLETED"}
TO = {"title": "hello", "content": "there"}


def _seat(role: str, scope: str, name: str) -> dict[str, Any]:
    kind = "".join(word.capitalize() for word in scope.split("_"))
    lower = kind[:1].lower() + kind[1:]
    return {"userId": SOL, f"{lower}Id": _ref(scope, name), f"{lower}RoleId": role}


CASES = (
    Case("createUser", None, {"givenName": "New"}, {"uma", "adi"}),
    Case("updateUser", ADA, {"givenName": "Ida"}, {"ada", "uma", "adi"}),
    Case("updateUser", ADA, {"email": "ida@example.org"}, {"uma", "adi"}),
    Case("updateUser", _ref("user", "adi"), {"givenName": "Ida"}, {"adi"}),
    Case("updateUser", _ref("user", "ron"), {"givenName": "Ida"}, {"ron", "adi"}),
    Case("archiveUser", ADA, None, {"uma", "adi"}),
    # Who archives themselves can do nothing else in the same operation.
    Case("archiveUser", _ref("user", "adi"), None, set()),
    Case("deleteUser", SOL, None, {"adi"}),
    Case("createRole", None, {"id": "helper", "title": "Helper"}, {"adi"}),
    Case(
        "createAccount",
        None,
        {"provider": "x", "type": "oidc", "providerAccountId": "1", "userId": SOL},
        {"uma", "adi"},
    ),
    Case("updateAccount", _ref("account", "account ada"), {"type": "oauth"}, {"uma", "adi"}),
    Case("deleteAccount", _ref("account", "account ada"), None, {"ada", "adi"}),
    Case("createProfile", None, {"userId": SOL, "nickname": "sunny"}, {"sol", "uma", "adi"}),
    Case("updateProfile", _ref("profile", "profile ada"), {"nickname": "adi"}, {"ada", "uma", "adi"}),
    Case("createStudentProfile", None, {"userId": SOL, "organizationId": TECH, "studentId": "m-1"}, {"uma", "adi"}),
    Case("updateStudentProfile", _ref("student_profile", "student ada"), {"studentId": "m-2"}, {"uma", "adi"}),
    Case("deleteSession", _ref("session", "session ada"), None, {"ada", "adi"}),
    Case("deleteApiToken", _ref("api_token", "token ada"), None, {"ada", "adi"}),
    Case("createUserRole", None, {"userId": SOL, "roleId": "_organization_manager"}, {"uma", "adi"}),
    Case("createUserRole", None, {"userId": SOL, "roleId": "_admin"}, {"adi"}),
    Case("createGroup", None, {"title": "New", "slug": "new", "type": "FIXED"}, {"adi"}),
    Case("updateGroup", _ref("group", "group ada"), {"title": "Other"}, {"adi"}),
    Case(
        "createGroupClaim",
        None,
        {"groupId": _ref("group", "group ada"), "claimType": "permissions", "claimValue": "a:b"},
        {"adi"},
    ),
    Case("createUserGroup", None, {"userId": SOL, "groupId": _ref("group", "group ada")}, {"uma", "adi"}),
    Case("createOrganization", None, {"organizationType": "COMMUNITY", "path": "new", "title": "New"}, {"orla", "adi"}),
    Case("updateOrganization", TECH, {"title": "New"}, {"olaf", "mona", "otto", "orla", "adi"}),
    Case("updateOrganization", _ref("organization", "uni"), {"title": "New"}, {"pia", "orla", "adi"}),
    Case("archiveOrganization", TECH, None, {"otto", "orla", "adi"}),
    Case("deleteOrganization", TECH, None, {"otto", "adi"}),
    Case(
        "createOrganizationMember", None, _seat("_developer", "organization", "tech"), {"mona", "otto", "orla", "adi"}
    ),
    Case("createOrganizationMember", None, _seat("_owner", "organization", "tech"), {"otto", "adi"}),
    Case(
        "updateOrganizationMember",
        _ref("organization_member", "olaf@tech"),
        {"organizationRoleId": "_manager"},
        {"mona", "otto", "orla", "adi"},
    ),
    Case(
        "updateOrganizationMember", _ref("organization_member", "otto@tech"), {"organizationRoleId": "_manager"}, set()
    ),
    Case("deleteOrganizationMember", _ref("organization_member", "olaf@tech"), None, {"mona", "otto", "orla", "adi"}),
    Case("deleteOrganizationMember", _ref("organization_member", "otto@tech"), None, set()),
    Case("createCourseFamily", None, {"path": "new", "organizationId": _ref("organization", "uni")}, {"orla", "adi"}),
    Case("updateCourseFamily", MATH, {"title": "New"}, {"fred", "fay", "fox", "orla", "adi"}),
    Case("deleteCourseFamily", MATH, None, {"fox", "adi"}),
    Case("deleteCourseFamily", _ref("course_family", "unused"), None, {"adi"}),
    Case("createCourseFamilyMember", None, _seat("_developer", "course_family", "math"), {"fay", "fox", "orla", "adi"}),
    Case("createCourseFamilyMember", None, _seat("_owner", "course_family", "math"), {"fox", "adi"}),
    Case("deleteCourseFamilyMember", _ref("course_family_member", "fred@math"), None, {"fay", "fox", "orla", "adi"}),
    Case("createCourse", None, {"path": "new", "courseFamilyId": MATH}, {"orla", "adi"}),
    Case("updateCourse", ALGEBRA, {"title": "New"}, LECTURERS | {"orla"}),
    Case("deleteCourse", ALGEBRA, None, {"oda", "adi"}),
    Case("createCourseGroup", None, {"courseId": ALGEBRA, "title": "New"}, LECTURERS),
    Case("updateCourseGroup", _ref("course_group", "algebra/group"), {"title": "New"}, LECTURERS),
    Case("deleteCourseGroup", _ref("course_group", "algebra/group"), None, set()),
    Case("createCourseMember", None, {"userId": SOL, "courseId": ALGEBRA, "courseRoleId": "_tutor"}, LECTURERS),
    Case(
        "createCourseMember",
        None,
        {"userId": SOL, "courseId": ALGEBRA, "courseRoleId": "_maintainer"},
        {"mel", "oda", "adi"},
    ),
    Case("createCourseMember", None, {"userId": SOL, "courseId": ALGEBRA, "courseRoleId": "_owner"}, {"oda", "adi"}),
    Case("updateCourseMember", _ref("course_member", "bob@algebra"), {"courseRoleId": "_tutor"}, LECTURERS),
    Case("updateCourseMember", _ref("course_member", "tom@algebra"), {"courseRoleId": "_owner"}, {"oda", "adi"}),
    Case("updateCourseMember", _ref("course_member", "lea@algebra"), {"courseRoleId": "_tutor"}, {"mel", "oda", "adi"}),
    Case("updateCourseMember", _ref("course_member", "oda@algebra"), {"courseRoleId": "_tutor"}, {"adi"}),
    Case("deleteCourseMember", _ref("course_member", "nat@algebra"), None, LECTURERS),
    Case("createCourseMemberComment", None, {"courseMemberId": ADA_AT_ALGEBRA, "message": "hm"}, STAFF),
    Case("updateCourseMemberComment", _ref("course_member_comment", "comment ada"), {"message": "hm"}, {"tom", "adi"}),
    Case("deleteCourseMemberComment", _ref("course_member_comment", "comment ada"), None, {"tom", "mel", "oda", "adi"}),
    Case(
        "createCourseContentType", None, {"slug": "new", "courseContentKindId": "unit", "courseId": ALGEBRA}, LECTURERS
    ),
    Case("updateCourseContentType", _ref("course_content_type", "algebra/unit"), {"title": "New"}, LECTURERS),
    Case("deleteCourseContentType", _ref("course_content_type", "algebra/unit"), None, set()),
    Case(
        "createCourseContent",
        None,
        {"path": "week_2", "courseId": ALGEBRA, "courseContentTypeId": _ref("course_content_type", "algebra/unit")},
        LECTURERS,
    ),
    Case("updateCourseContent", SHEET_2, {"title": "New"}, LECTURERS),
    Case("archiveCourseContent", SHEET_2, None, LECTURERS),
    Case("unarchiveCourseContent", _ref("course_content", "algebra/week_1.sheet_0"), None, LECTURERS),
    Case("deleteCourseContent", SHEET_2, None, LECTURERS),
    Case("deleteCourseContent", _ref("course_content", "algebra/week_1"), None, set()),
    Case("createExecutionBackend", None, {"type": "temporal:x", "slug": "new"}, {"adi"}),
    Case("updateExecutionBackend", _ref("execution_backend", "python"), {"type": "temporal:y"}, {"adi"}),
    Case("deleteExecutionBackend", _ref("execution_backend", "python"), None, set()),
    Case("deleteExecutionBackend", _ref("execution_backend", "matlab"), None, {"adi"}),
    Case(
        "createCourseExecutionBackend",
        None,
        {"executionBackendId": _ref("execution_backend", "matlab"), "courseId": ALGEBRA},
        LECTURERS,
    ),
    Case("createExampleRepository", None, {"name": "new", "sourceUrl": "https://new.example"}, {"orla", "adi"}),
    Case("updateExampleRepository", _ref("example_repository", "library algebra"), {"name": "new"}, {"orla", "adi"}),
    Case("deleteExampleRepository", _ref("example_repository", "library algebra"), None, {"orla", "adi"}),
    Case("updateExample", _ref("example", "loops algebra"), {"title": "new"}, {"orla", "adi"}),
    Case("deleteExample", _ref("example", "loops algebra"), None, {"orla", "adi"}),
    Case("deleteExampleDependency", _ref("example_dependency", "dependency algebra"), None, {"orla", "adi"}),
    Case("createSubmissionGroup", None, {"courseContentId": SHEET_2}, LECTURERS),
    Case("updateSubmissionGroup", TEAM, {"maxGroupSize": 3}, LECTURERS),
    Case("deleteSubmissionGroup", TEAM, None, LECTURERS),
    Case("deleteSubmissionGroupMember", _ref("course_submission_group_member", "team/ada"), None, LECTURERS),
    Case("updateSubmissionArtifact", UPLOAD, {"submit": True}, {"adi"}),
    Case("updateSubmissionArtifact", _ref("submission_artifact", "upload bob"), {"submit": True}, {"bob", "adi"}),
    Case("updateSubmissionArtifact", _ref("submission_artifact", "upload bob"), {"properties": {}}, {"adi"}),
    Case(
        "createResult",
        None,
        {
            **RUN,
            "courseMemberId": ADA_AT_ALGEBRA,
            "courseContentId": SHEET_2,
            "executionBackendId": _ref("execution_backend", "python"),
        },
        {"adi"},
    ),
    Case("updateResult", _ref("result", "ada 1"), {"result": 0.75}, TUTORS),
    Case("deleteResult", _ref("result", "ada by herself"), None, LECTURERS),
    Case("createSubmissionGroupGrading", None, {"submissionGroupId": ALONE, "grading": 1.0}, STAFF),
    Case(
        "updateSubmissionGroupGrading",
        _ref("course_submission_group_grading", "grade ada"),
        {"grading": 1.0},
        {"tom", "adi"},
    ),
    Case("deleteSubmissionGroupGrading", _ref("course_submission_group_grading", "grade ada"), None, TUTORS),
    Case("createSubmissionReview", None, {"artifactId": UPLOAD, "body": "fine"}, STAFF | {"ada"}),
    Case("updateSubmissionReview", _ref("submission_review", "review ada"), {"body": "good"}, {"tom", "adi"}),
    Case("deleteSubmissionReview", _ref("submission_review", "review ada"), None, TUTORS),
    Case("createMessage", None, {**TO, "userId": ADA}, TUTORS | {"ada", "bob", "mia", "nat"}),
    Case("createMessage", None, {**TO, "courseMemberId": ADA_AT_ALGEBRA}, TUTORS | {"ada"}),
    Case("createMessage", None, {**TO, "submissionGroupId": ALONE}, TUTORS | {"ada"}),
    Case("createMessage", None, {**TO, "submissionGroupId": TEAM}, TUTORS | {"ada", "bob"}),
    Case("createMessage", None, {**TO, "courseContentId": SHEET_2}, LECTURERS),
    Case("createMessage", None, {**TO, "courseGroupId": _ref("course_group", "algebra/group")}, LECTURERS),
    Case("createMessage", None, {**TO, "courseId": ALGEBRA}, LECTURERS),
    Case("createMessage", None, {**TO, "courseFamilyId": MATH}, {"fay", "fox", "adi"}),
    Case("createMessage", None, {**TO, "organizationId": TECH}, {"mona", "otto", "adi"}),
    Case("createMessage", None, TO, {"adi"}),
    Case("updateMessage", _ref("message", "by cyd"), {"title": "New"}, {"cyd", "adi"}),
    Case("deleteMessage", _ref("message", "by cyd"), None, {"cyd", "adi"}),
)


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[tuple[World, RunningGateway]]:
    build_discussion(own_world)
    build_upload(own_world, "bob", "bob alone", "bob 1", "bob")
    url = own_world.database_url
    tokens = {user: create_token(url, user=user, name="tests", scopes=["*"]) for user in WRITERS}
    with running_gateway(url, tokens) as running:
        yield own_world, running


def _attempt(world: World, gateway: RunningGateway, user: str, case: Case) -> str:
    """The code that the write is refused with; ROLLED_BACK where it would have been done."""
    kind = case.mutation[:1].upper() + case.mutation[1:]
    declared: list[str] = []
    passed: list[str] = []
    variables: dict[str, object] = {}
    if case.row is not None:
        declared.append("$id: ID!")
        passed.append("id: $id")
        variables["id"] = world.id(*case.row)
    if case.given is not None:
        declared.append(f"$input: {kind}Input!")
        passed.append("input: $input")
        variables["input"] = {
            name: world.id(*value) if isinstance(value, tuple) else value for name, value in case.given.items()
        }
    text = f"""mutation({", ".join(declared)}) @atomic {{
      it: {case.mutation}({", ".join(passed)}) {{ errors {{ code message path }} }}
      undone: updateUser(id: "{NOBODY}", input: {{}}) {{ errors {{ code }} }}
    }}"""
    answer = gateway.ask(user, text, **variables)
    if "errors" in answer:
        return str(answer["errors"][0]["extensions"]["code"])
    data = answer["data"]
    (error, *_) = data["it"]["errors"]
    return str(error["code"]) if error["code"] != "VALIDATION" else f"VALIDATION: {error['message']} {error['path']}"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_only_they_may(campus: tuple[World, RunningGateway], case: Case) -> None:
    world, gateway = campus
    verdicts = {user: _attempt(world, gateway, user, case) for user in WRITERS}
    allowed = {user for user, code in verdicts.items() if code == "ROLLED_BACK"}
    assert allowed == case.allowed, {user: verdicts[user] for user in allowed ^ case.allowed}
