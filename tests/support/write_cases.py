"""Who may write what: the expected people of each entity and operation, written down from the domain's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.discussion import SEATS, build_discussion
from tests.support.university import READERS, build_upload

if TYPE_CHECKING:
    from tests.support.world import World

WRITERS = (*READERS, *SEATS, "nat")
LECTURERS = {"lea", "mel", "oda", "adi"}
TUTORS = LECTURERS | {"tom"}
# Admins have no membership of their own to write these as.
STAFF = TUTORS - {"adi"}


Ref = tuple[str, str]


@dataclass(frozen=True)
class Case:
    """A write: the mutation, the row, the input, and who may.

    Rows are pairs of a table and a name. A key that has none, or has several parts, is a list of rows and values.
    """

    mutation: str
    row: Ref | list[Ref | str] | None
    given: dict[str, Any] | None
    allowed: set[str]

    def __str__(self) -> str:
        parts = self.row if isinstance(self.row, list) else [self.row] if self.row else []
        named = " ".join(part if isinstance(part, str) else part[1] for part in parts)
        return f"{self.mutation} {named} {self.given or ''}"

    def key(self, world: World) -> str | None:
        """The bare key of the row."""
        if self.row is None:
            return None
        parts = self.row if isinstance(self.row, list) else [self.row]
        return ",".join(part if isinstance(part, str) else world.id(*part) for part in parts)

    def filled(self, world: World) -> dict[str, Any]:
        """The input with keys for rows."""
        given = self.given or {}
        return {name: world.id(*value) if isinstance(value, tuple) else value for name, value in given.items()}


def _ref(table: str, name: str) -> tuple[str, str]:
    return (table, name)


ADA, SOL, ALGEBRA = _ref("user", "ada"), _ref("user", "sol"), _ref("course", "algebra")
SHEET_2 = _ref("course_content", "algebra/week_1.sheet_2")
ALONE, TEAM = _ref("course_submission_group", "ada alone"), _ref("course_submission_group", "team")
UPLOAD = _ref("submission_artifact", "upload ada")
ADA_AT_ALGEBRA = _ref("course_member", "ada@algebra")
TECH, MATH = _ref("organization", "tech"), _ref("course_family", "math")
PYTHON = _ref("execution_backend", "python")
SEATED: list[Ref | str] = [ADA, _ref("group", "group ada")]
CLAIM: list[Ref | str] = [_ref("group", "group ada"), "permissions", "nothing:list"]
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
    Case("archiveUser", _ref("user", "adi"), None, {"adi"}),
    Case("unarchiveUser", _ref("user", "gus"), None, {"uma", "adi"}),
    Case("deleteUser", SOL, None, {"adi"}),
    Case("createRole", None, {"id": "helper", "title": "Helper"}, {"adi"}),
    Case("updateRole", ["idle"], {"title": "New"}, {"adi"}),
    Case("updateRole", ["_admin"], {"title": "New"}, set()),
    Case("deleteRole", ["idle"], None, {"adi"}),
    Case("deleteRole", ["collector"], None, set()),
    Case(
        "createAccount",
        None,
        {"provider": "x", "type": "oidc", "providerAccountId": "1", "userId": SOL},
        {"uma", "adi"},
    ),
    Case(
        "createAccount",
        None,
        {"provider": "x", "type": "oidc", "providerAccountId": "1", "userId": _ref("user", "ron")},
        {"adi"},
    ),
    Case("updateAccount", _ref("account", "account ada"), {"type": "oauth"}, {"uma", "adi"}),
    Case("deleteAccount", _ref("account", "account ada"), None, {"ada", "adi"}),
    Case("createProfile", None, {"userId": SOL, "nickname": "sunny"}, {"sol", "uma", "adi"}),
    Case("updateProfile", _ref("profile", "profile ada"), {"nickname": "adi"}, {"ada", "uma", "adi"}),
    Case("deleteProfile", _ref("profile", "profile ada"), None, {"adi"}),
    Case("createStudentProfile", None, {"userId": SOL, "organizationId": TECH, "studentId": "m-1"}, {"uma", "adi"}),
    Case("updateStudentProfile", _ref("student_profile", "student ada"), {"studentId": "m-2"}, {"uma", "adi"}),
    Case("deleteStudentProfile", _ref("student_profile", "student ada"), None, {"adi"}),
    Case("deleteSession", _ref("session", "session ada"), None, {"ada", "adi"}),
    Case("createApiToken", None, {"name": "new", "scopes": ["*"]}, set(WRITERS)),
    Case("createApiToken", None, {"name": "new", "userId": SOL}, {"sol", "adi"}),
    Case("updateApiToken", _ref("api_token", "token ada"), {"name": "new"}, {"adi"}),
    Case("deleteApiToken", _ref("api_token", "token ada"), None, {"ada", "adi"}),
    Case("createUserRole", None, {"userId": SOL, "roleId": "_organization_manager"}, {"uma", "adi"}),
    Case("createUserRole", None, {"userId": SOL, "roleId": "_admin"}, {"adi"}),
    Case("deleteUserRole", [_ref("user", "cora"), "course_admin"], None, {"uma", "adi"}),
    Case("deleteUserRole", [_ref("user", "adi"), "_admin"], None, {"adi"}),
    Case("createGroup", None, {"title": "New", "slug": "new", "type": "FIXED"}, {"adi"}),
    Case("updateGroup", _ref("group", "group ada"), {"title": "Other"}, {"adi"}),
    Case("deleteGroup", _ref("group", "group ada"), None, set()),
    Case("deleteGroup", _ref("group", "idle"), None, {"adi"}),
    Case(
        "createGroupClaim",
        None,
        {"groupId": _ref("group", "group ada"), "claimType": "permissions", "claimValue": "a:b"},
        {"adi"},
    ),
    Case("updateGroupClaim", CLAIM, {"properties": {}}, {"adi"}),
    Case("deleteGroupClaim", CLAIM, None, {"adi"}),
    Case("updateUserGroup", SEATED, {"transient": True}, {"adi"}),
    Case("deleteUserGroup", SEATED, None, {"uma", "adi"}),
    Case("createUserGroup", None, {"userId": SOL, "groupId": _ref("group", "group ada")}, {"uma", "adi"}),
    Case("createOrganization", None, {"organizationType": "COMMUNITY", "path": "new", "title": "New"}, {"orla", "adi"}),
    Case("updateOrganization", TECH, {"title": "New"}, {"olaf", "mona", "otto", "orla", "adi"}),
    Case("updateOrganization", _ref("organization", "uni"), {"title": "New"}, {"pia", "orla", "adi"}),
    Case("archiveOrganization", TECH, None, {"otto", "orla", "adi"}),
    Case("unarchiveOrganization", _ref("organization", "closed"), None, {"orla", "adi"}),
    # Owners delete what has no families and courses of others.
    Case("deleteOrganization", TECH, None, {"adi"}),
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
    Case("deleteCourseFamily", MATH, None, {"adi"}),
    Case("deleteCourseFamily", _ref("course_family", "unused"), None, {"adi"}),
    Case("createCourseFamilyMember", None, _seat("_developer", "course_family", "math"), {"fay", "fox", "orla", "adi"}),
    Case("createCourseFamilyMember", None, _seat("_owner", "course_family", "math"), {"fox", "adi"}),
    Case(
        "updateCourseFamilyMember",
        _ref("course_family_member", "fred@math"),
        {"courseFamilyRoleId": "_manager"},
        {"fay", "fox", "orla", "adi"},
    ),
    Case(
        "updateCourseFamilyMember",
        _ref("course_family_member", "fred@math"),
        {"courseFamilyRoleId": "_owner"},
        {"fox", "adi"},
    ),
    Case(
        "updateCourseFamilyMember", _ref("course_family_member", "fox@math"), {"courseFamilyRoleId": "_manager"}, set()
    ),
    Case("deleteCourseFamilyMember", _ref("course_family_member", "fox@math"), None, set()),
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
    Case("updateCourseExecutionBackend", [PYTHON, ALGEBRA], {"properties": {}}, LECTURERS),
    Case("deleteCourseExecutionBackend", [PYTHON, ALGEBRA], None, set()),
    Case("deleteCourseExecutionBackend", [_ref("execution_backend", "idle"), ALGEBRA], None, LECTURERS),
    Case("createExampleRepository", None, {"name": "new", "sourceUrl": "https://new.example"}, {"orla", "adi"}),
    Case("updateExampleRepository", _ref("example_repository", "library algebra"), {"name": "new"}, {"orla", "adi"}),
    Case("deleteExampleRepository", _ref("example_repository", "library algebra"), None, {"orla", "adi"}),
    Case("updateExample", _ref("example", "loops algebra"), {"title": "new"}, {"orla", "adi"}),
    Case("deleteExample", _ref("example", "loops algebra"), None, {"orla", "adi"}),
    Case(
        "createExampleVersion",
        None,
        {
            "exampleId": _ref("example", "loops algebra"),
            "versionTag": "3.0",
            "versionNumber": 3,
            "storagePath": "x",
            "metaYaml": "x",
        },
        {"orla", "adi"},
    ),
    Case(
        "createExampleDependency",
        None,
        {"exampleId": _ref("example", "lists algebra"), "dependsId": _ref("example", "loops chemistry")},
        LECTURERS | {"orla"},
    ),
    Case("deleteExampleDependency", _ref("example_dependency", "dependency algebra"), None, LECTURERS | {"orla"}),
    Case("createSubmissionGroup", None, {"courseContentId": SHEET_2}, LECTURERS),
    Case("updateSubmissionGroup", TEAM, {"maxGroupSize": 3}, LECTURERS),
    Case("deleteSubmissionGroup", TEAM, None, LECTURERS),
    Case(
        "createSubmissionGroupMember",
        None,
        {
            "submissionGroupId": _ref("course_submission_group", "empty"),
            "courseMemberId": _ref("course_member", "mia@algebra"),
        },
        LECTURERS,
    ),
    Case(
        "updateSubmissionGroupMember",
        _ref("course_submission_group_member", "team/ada"),
        {"properties": {}},
        LECTURERS,
    ),
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
            "executionBackendId": PYTHON,
        },
        {"adi", "ron"},
    ),
    Case("updateResult", _ref("result", "ada 1"), {"result": 0.75}, TUTORS | {"ron"}),
    Case(
        "createResultArtifact",
        None,
        {"resultId": _ref("result", "ada 1"), "fileSize": 1, "bucketName": "x", "objectKey": "x"},
        {"adi", "ron"},
    ),
    Case("deleteResult", _ref("result", "ada by herself"), None, LECTURERS),
    Case("createSubmissionGroupGrading", None, {"submissionGroupId": ALONE, "grading": 1.0}, STAFF),
    Case(
        "updateSubmissionGroupGrading",
        _ref("course_submission_group_grading", "grade ada"),
        {"grading": 1.0},
        {"tom", "adi"},
    ),
    Case("deleteSubmissionGroupGrading", _ref("course_submission_group_grading", "grade ada"), None, TUTORS),
    Case("createSubmissionReview", None, {"artifactId": UPLOAD, "body": "fine"}, STAFF | {"ada", "bob", "mia", "nat"}),
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


def build_campus(world: World) -> None:
    """The university with what the cases write besides; `ron`, a technical account, works for the test system."""
    build_discussion(world)
    build_upload(world, "bob", "bob alone", "bob 1", "bob")
    world.insert("role", None, id="idle", title="Held by nobody")
    world.insert("group", "idle", slug="idle", title="Without members")
    algebra = world.id("course", "algebra")
    world.insert("course_execution_backend", None, execution_backend_id=world.backend("idle"), course_id=algebra)
    sheet = world.id("course_content", "algebra/week_1.sheet_1")
    group = {"course_id": algebra, "course_content_id": sheet, "max_group_size": 2}
    world.insert("course_submission_group", "empty", **group)
    for claim in ("result:create", "result:update", "result:get", "result_artifact:create", "result_artifact:get"):
        world.claim("worker", claim)
    for table in ("course_member", "course_content"):
        world.claim("worker", f"{table}:get")
    world.role("ron", "worker")
