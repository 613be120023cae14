"""Every check and unique key of the database that a client can break answers with an error that names the field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import sql

from backend.access.credentials import create_token
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.mutations import write
from tests.support.university import build_university

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

CATALOG = reflect(INTERFACES)
Ref = tuple[str, str]


@dataclass(frozen=True)
class Broken:
    """A mutation that breaks a constraint: its input, in which pairs are rows, the row, and what it answers."""

    mutation: str
    given: dict[str, Any]
    field: str
    code: str = "VALIDATION"
    row: Ref | None = None
    fields: tuple[str, ...] = ()


def _taken(
    mutation: str, given: dict[str, Any], *fields: str, row: Ref | None = None, field: str | None = None
) -> Broken:
    return Broken(mutation, given, field or fields[0], "CONFLICT", row, fields)


ADA, SOL, ALGEBRA = ("user", "ada"), ("user", "sol"), ("course", "algebra")
UNI, TECH, MATH = ("organization", "uni"), ("organization", "tech"), ("course_family", "math")
LOOPS, LISTS, LIBRARY = (
    ("example", "loops algebra"),
    ("example", "lists algebra"),
    ("example_repository", "library algebra"),
)
SHEET, TYPE = ("course_content", "algebra/week_1.sheet_1"), ("course_content_type", "algebra/unit")
TYPES = ("course_content_type", "algebra/assignment")
PYTHON, ALONE, MEMBER = (
    ("execution_backend", "python"),
    ("course_submission_group", "ada alone"),
    ("course_member", "ada@algebra"),
)
UPLOAD = ("submission_artifact", "upload ada")
ACCOUNT = {"provider": "https://git.example", "type": "gitlab"}
RUN = {
    "submit": False,
    "courseMemberId": MEMBER,
    "courseContentId": SHEET,
    "executionBackendId": PYTHON,
    "testSystemId": "a new job",
    "result": 0.5,
    "versionIdentifier": "a new commit",
    "status": "COMPLETED",
}
GRADE = {"submissionGroupId": ALONE, "grading": 0.5}
VERSION = {"exampleId": LOOPS, "storagePath": "x", "metaYaml": "x"}

BROKEN: dict[str, Broken] = {
    "account_provider_type_provider_account_id_key": _taken(
        "createAccount", {**ACCOUNT, "providerAccountId": "ada", "userId": SOL}, "provider", "type", "providerAccountId"
    ),
    "account_provider_type_user_id_key": _taken(
        "createAccount", {**ACCOUNT, "providerAccountId": "new", "userId": ADA}, "provider", "type", "userId"
    ),
    "api_token_expires_at_check": Broken(
        "createApiToken", {"name": "late", "expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"
    ),
    "course_path_key": _taken("createCourse", {"path": "algebra", "courseFamilyId": MATH}, "courseFamilyId", "path"),
    "course_pkey": _taken("createCourse", {"id": ALGEBRA, "path": "new", "courseFamilyId": MATH}, "id"),
    "course_content_max_group_size_check": Broken(
        "updateCourseContent", {"maxGroupSize": 0}, "maxGroupSize", row=SHEET
    ),
    "course_content_max_submissions_check": Broken(
        "updateCourseContent", {"maxSubmissions": -1}, "maxSubmissions", row=SHEET
    ),
    "course_content_max_test_runs_check": Broken("updateCourseContent", {"maxTestRuns": -1}, "maxTestRuns", row=SHEET),
    "course_content_path_check": Broken("updateCourseContent", {"path": "Week"}, "path", row=SHEET),
    "course_content_path_key": _taken(
        "createCourseContent", {"path": "week_1", "courseId": ALGEBRA, "courseContentTypeId": TYPE}, "courseId", "path"
    ),
    "course_content_pkey": _taken(
        "createCourseContent", {"id": SHEET, "path": "new", "courseId": ALGEBRA, "courseContentTypeId": TYPE}, "id"
    ),
    "course_content_type_slug_check": Broken("updateCourseContentType", {"slug": "a b"}, "slug", row=TYPE),
    "course_content_type_slug_check1": Broken("updateCourseContentType", {"slug": "a.b"}, "slug", row=TYPE),
    "course_content_type_slug_key": _taken(
        "createCourseContentType",
        {"slug": "unit", "courseId": ALGEBRA, "courseContentKindId": "unit"},
        "slug",
        "courseId",
        "courseContentKindId",
    ),
    "course_content_type_pkey": _taken(
        "createCourseContentType", {"id": TYPE, "slug": "x", "courseId": ALGEBRA, "courseContentKindId": "unit"}, "id"
    ),
    "course_execution_backend_pkey": _taken(
        "createCourseExecutionBackend",
        {"executionBackendId": PYTHON, "courseId": ALGEBRA},
        "executionBackendId",
        "courseId",
    ),
    "course_family_path_key": _taken(
        "createCourseFamily", {"path": "math", "organizationId": UNI}, "organizationId", "path"
    ),
    "course_family_member_user_id_course_family_id_key": _taken(
        "createCourseFamilyMember",
        {"userId": ADA, "courseFamilyId": MATH, "courseFamilyRoleId": "_owner"},
        "userId",
        "courseFamilyId",
    ),
    "course_group_title_key": _taken("createCourseGroup", {"title": "group", "courseId": ALGEBRA}, "courseId", "title"),
    "course_group_pkey": _taken(
        "createCourseGroup", {"id": ("course_group", "algebra/group"), "title": "new", "courseId": ALGEBRA}, "id"
    ),
    "course_member_check": Broken("updateCourseMember", {"courseGroupId": None}, "courseGroupId", row=MEMBER),
    "course_member_key": _taken(
        "createCourseMember", {"userId": ADA, "courseId": ALGEBRA, "courseRoleId": "_tutor"}, "userId", "courseId"
    ),
    "course_member_pkey": _taken(
        "createCourseMember", {"id": MEMBER, "userId": SOL, "courseId": ALGEBRA, "courseRoleId": "_tutor"}, "id"
    ),
    "course_submission_group_max_group_size_check": Broken(
        "updateSubmissionGroup", {"maxGroupSize": 0}, "maxGroupSize", row=ALONE
    ),
    "course_submission_group_pkey": _taken("createSubmissionGroup", {"id": ALONE, "courseContentId": SHEET}, "id"),
    "course_submission_group_grading_grading_check": Broken(
        "updateSubmissionGroupGrading",
        {"grading": 1.5},
        "grading",
        row=("course_submission_group_grading", "grade ada"),
    ),
    "course_submission_group_member_key": _taken(
        "createSubmissionGroupMember",
        {"submissionGroupId": ALONE, "courseMemberId": MEMBER},
        "submissionGroupId",
        "courseMemberId",
    ),
    "unique_example_per_identifier": _taken(
        "updateExample", {"identifier": "lists.a"}, "exampleRepositoryId", "identifier", row=LOOPS, field="identifier"
    ),
    "example_dependency_check": Broken(
        "createExampleDependency", {"exampleId": LOOPS, "dependsId": LOOPS}, "dependsId"
    ),
    "unique_example_dependency": _taken(
        "createExampleDependency", {"exampleId": LOOPS, "dependsId": LISTS}, "exampleId", "dependsId"
    ),
    "example_repository_source_url_key": _taken(
        "createExampleRepository",
        {"name": "x", "sourceUrl": "https://bot:hid/d#en@examples.example/algebra?token=hidden"},
        "sourceUrl",
    ),
    "example_version_version_number_check": Broken(
        "createExampleVersion", {**VERSION, "versionTag": "new", "versionNumber": 0}, "versionNumber"
    ),
    "unique_example_version_number": _taken(
        "createExampleVersion", {**VERSION, "versionTag": "new", "versionNumber": 1}, "exampleId", "versionNumber"
    ),
    "unique_example_version_tag": _taken(
        "createExampleVersion", {**VERSION, "versionTag": "1.0", "versionNumber": 9}, "exampleId", "versionTag"
    ),
    "execution_backend_slug_check": Broken("updateExecutionBackend", {"slug": "a b"}, "slug", row=PYTHON),
    "execution_backend_slug_check1": Broken("updateExecutionBackend", {"slug": "a.b"}, "slug", row=PYTHON),
    "execution_backend_slug_key": _taken("createExecutionBackend", {"type": "x", "slug": "matlab"}, "slug"),
    "group_slug_check": Broken("createGroup", {"title": "x", "slug": "A b", "type": "FIXED"}, "slug"),
    "group_slug_key": _taken("createGroup", {"title": "x", "slug": "group-ada", "type": "FIXED"}, "slug"),
    "group_claim_pkey": _taken(
        "createGroupClaim",
        {"groupId": ("group", "group ada"), "claimType": "permissions", "claimValue": "nothing:list"},
        "groupId",
        "claimType",
        "claimValue",
    ),
    "organization_check": Broken("updateOrganization", {"title": None}, "title", row=UNI),
    "organization_check1": Broken("updateOrganization", {"userId": SOL}, "userId", row=UNI),
    "organization_number_key": _taken(
        "updateOrganization", {"number": "17"}, "organizationType", "number", row=TECH, field="number"
    ),
    "organization_path_key": _taken(
        "createOrganization",
        {"organizationType": "ORGANIZATION", "path": "uni", "title": "x"},
        "organizationType",
        "path",
    ),
    "organization_user_id_key": _taken(
        "createOrganization", {"organizationType": "USER", "path": "new", "userId": ADA}, "userId"
    ),
    "organization_member_user_id_organization_id_key": _taken(
        "createOrganizationMember",
        {"userId": ADA, "organizationId": UNI, "organizationRoleId": "_owner"},
        "userId",
        "organizationId",
    ),
    "profile_avatar_color_check": Broken(
        "updateProfile", {"avatarColor": 2**24}, "avatarColor", row=("profile", "profile ada")
    ),
    "profile_nickname_key": _taken("createProfile", {"userId": SOL, "nickname": "nick_ada"}, "nickname"),
    "profile_user_id_key": _taken("createProfile", {"userId": ADA}, "userId"),
    "result_commit_test_system_key": _taken(
        "createResult", {**RUN, "testSystemId": "job of ada 1"}, "testSystemId", "executionBackendId"
    ),
    "result_result_check": Broken("updateResult", {"result": 2}, "result", row=("result", "ada 1")),
    "result_submission_artifact_member_partial_key": _taken(
        "createResult", {**RUN, "submissionArtifactId": UPLOAD}, "submissionArtifactId", "courseMemberId"
    ),
    "result_version_identifier_group_content_partial_key": _taken(
        "createResult",
        {
            **RUN,
            "courseMemberId": ("course_member", "bob@algebra"),
            "submissionGroupId": ALONE,
            "versionIdentifier": "commit of ada 1",
        },
        "submissionGroupId",
        "versionIdentifier",
        "courseContentId",
    ),
    "result_version_identifier_member_content_partial_key": _taken(
        "createResult",
        {**RUN, "versionIdentifier": "commit of ada 1"},
        "courseMemberId",
        "versionIdentifier",
        "courseContentId",
    ),
    "role_check1": Broken("createRole", {"id": "a__b"}, "id"),
    "role_check": Broken("createRole", {"id": "_a"}, "id"),
    "role_pkey": _taken("createRole", {"id": "collector"}, "id"),
    "student_profile_student_email_key": _taken(
        "createStudentProfile",
        {"userId": SOL, "organizationId": UNI, "studentEmail": "ada@uni.example"},
        "studentEmail",
    ),
    "student_profile_student_id_key": _taken(
        "createStudentProfile", {"userId": SOL, "organizationId": UNI, "studentId": "m-ada"}, "studentId"
    ),
    "student_profile_user_id_key": _taken("createStudentProfile", {"userId": ADA, "organizationId": TECH}, "userId"),
    "student_profile_pkey": _taken(
        "createStudentProfile",
        {"id": ("student_profile", "student ada"), "userId": SOL, "organizationId": UNI},
        "id",
    ),
    "ck_user_token_expiration": Broken("createUser", {"userType": "TOKEN"}, "userType"),
    "user_email_key": _taken("updateUser", {"email": "ada@example.org"}, "email", row=SOL),
    "user_lower_email_key": _taken("createUser", {"email": "upper@example.org"}, "email"),
    "user_number_key": _taken("createUser", {"number": "17"}, "number"),
    "user_username_key": _taken("createUser", {"username": "ada"}, "username"),
    "user_pkey": _taken("createUser", {"id": ADA}, "id"),
    "user_group_pkey": _taken(
        "createUserGroup", {"userId": ADA, "groupId": ("group", "group ada")}, "userId", "groupId"
    ),
    "user_role_pkey": _taken(
        "createUserRole", {"userId": ("user", "uma"), "roleId": "_user_manager"}, "userId", "roleId"
    ),
    "course_member_comment_pkey": _taken(
        "createCourseMemberComment",
        {"id": ("course_member_comment", "comment ada"), "message": "x", "courseMemberId": MEMBER},
        "id",
    ),
}
# Why no client can break it.
KEPT: dict[str, str] = {
    "api_token_token_hash_key": "the server makes the secret",
    "course_content_deployment_deployment_status_check": "deployments change by operations of their own",
    "uq_deployment_per_content": "deployments change by operations of their own",
    "deployment_history_action_check": "the log is written by the server",
    "check_directory_format": "examples come by upload",
    "unique_example_per_directory": "examples come by upload",
    "check_source_type": "an enum of the input",
    "course_submission_group_grading_status_check": "an enum of the input",
    "result_status_check": "an enum of the input",
    "msg_read_unique_idx": "marks are set by operations of their own",
    "course_content_type_course_id_key": "it has the key itself",
    "course_group_course_id_key": "it has the key itself",
    "session_session_id_key": "logging in makes the session's secret",
    "session_sid_key": "the database makes it",
    "student_profile_user_id_organization_id_key": "student_profile_user_id_key is narrower, and older",
}


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[tuple[World, RunningGateway]]:
    build_university(own_world)
    own_world.connection.execute("UPDATE organization SET number = '17' WHERE path = 'uni'")
    own_world.user("upper", email="Upper@Example.org", number="17")
    for scope, name in (("organization", "uni"), ("course_family", "math")):
        seat = {f"{scope}_id": own_world.id(scope, name), f"{scope}_role_id": "_developer"}
        own_world.insert(f"{scope}_member", f"ada@{name}", user_id=own_world.user("ada"), **seat)
    own_world.course("algebra").member("adi", "_owner")
    tokens = {"adi": create_token(own_world.database_url, user="adi", scopes=["*"])}
    with running_gateway(own_world.database_url, tokens) as running:
        yield own_world, running


def _filled(world: World, given: dict[str, Any]) -> dict[str, Any]:
    return {name: world.id(*value) if isinstance(value, tuple) else value for name, value in given.items()}


@pytest.mark.parametrize("constraint", BROKEN)
def test_what_breaks_it_is_told_which_field(campus: tuple[World, RunningGateway], constraint: str) -> None:
    world, gateway = campus
    case = BROKEN[constraint]
    row = {"id": world.id(*case.row)} if case.row else {}
    errors = write(gateway, "adi", case.mutation, **row, input=_filled(world, case.given))["errors"]
    assert [(each["code"], each["path"]) for each in errors] == [(case.code, ["input", case.field])]
    if case.fields:
        assert tuple(errors[0]["fields"]) == case.fields


def test_of_many_rows_the_one_that_the_database_refuses_is_named(campus: tuple[World, RunningGateway]) -> None:
    world, gateway = campus
    runs = [{**RUN, "testSystemId": f"job {number}", "versionIdentifier": f"commit {number}"} for number in range(7)]
    runs[4]["versionIdentifier"] = "commit of ada 1"
    (error,) = write(gateway, "adi", "createResults", inputs=[_filled(world, run) for run in runs])["errors"]
    assert (error["code"], error["path"]) == ("CONFLICT", ["inputs", "4", "courseMemberId"])
    contents = [
        {"path": path, "courseId": ALGEBRA, "courseContentTypeId": TYPE} for path in ("b", "b.a", "b.a.c", "x.y", "c")
    ]
    given = [_filled(world, each) for each in contents]
    (error,) = write(gateway, "adi", "createCourseContents", inputs=given)["errors"]
    assert (error["code"], error["path"]) == ("VALIDATION", ["inputs", "3", "path"])
    # What belongs to a row that is itself not there yet.
    unit = "11111111-2222-4333-8444-555555555555"
    course = {
        "path": "broken",
        "courseFamilyId": world.id(*MATH),
        "contentTypes": [{"id": unit, "slug": "unit", "courseContentKindId": "unit"}],
        "contents": [{"path": path, "courseContentTypeId": unit} for path in ("a", "b", "x.y", "c")],
    }
    (error,) = write(gateway, "adi", "createCourse", input=course)["errors"]
    assert (error["code"], error["path"]) == ("VALIDATION", ["input", "contents", "2", "path"])


def test_every_constraint_is_tried_or_out_of_reach(campus: tuple[World, RunningGateway]) -> None:
    """A constraint of which nobody has said what breaks it fails here."""
    world, _ = campus
    tables = sql.SQL(", ").join(sql.Literal(entity.model.__tablename__) for entity in CATALOG.values())
    found = world.connection.execute(
        sql.SQL(
            """SELECT t.relname, c.conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
               WHERE c.contype IN ('c', 'u', 'x') AND t.relname IN ({tables})
               UNION SELECT t.relname, i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
               JOIN pg_class t ON t.oid = x.indrelid WHERE x.indisunique AND t.relname IN ({tables})"""
        ).format(tables=tables)
    ).fetchall()
    writable = {entity.model.__tablename__: entity for entity in CATALOG.values() if entity.operations}
    expected = set()
    for table, name in found:
        entity = writable.get(table)
        if entity is None and name not in KEPT:
            continue
        chosen = entity is not None and set(entity.key) <= (
            entity.interface.create.model_fields.keys() if entity.interface.create else set()
        )
        if not name.endswith("_pkey") or chosen:
            expected.add(name)
    assert expected == BROKEN.keys() | KEPT.keys()
