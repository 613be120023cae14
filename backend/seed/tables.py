"""Rows as they are written: a class for each table, a field for each column that the data fills.

Columns that are not named here keep their defaults; `updated_at` is `created_at`, for nothing has been changed yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

Json = dict[str, Any]


class User(NamedTuple):
    """Of `user`."""

    id: str
    created_at: datetime
    fs_number: int
    username: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    number: str | None = None
    user_type: str = "user"
    token_expiration: datetime | None = None
    properties: Json | None = None
    archived_at: datetime | None = None


class Account(NamedTuple):
    """Of `account`."""

    id: str
    created_at: datetime
    provider: str
    type: str
    provider_account_id: str
    user_id: str
    properties: Json | None = None


class Profile(NamedTuple):
    """Of `profile`."""

    id: str
    created_at: datetime
    user_id: str
    nickname: str | None = None
    avatar_color: int | None = None
    avatar_image: str | None = None
    bio: str | None = None
    url: str | None = None


class StudentProfile(NamedTuple):
    """Of `student_profile`."""

    id: str
    created_at: datetime
    user_id: str
    student_id: str
    student_email: str | None
    organization_id: str | None


class UserRole(NamedTuple):
    """Of `user_role`."""

    user_id: str
    role_id: str
    created_at: datetime
    created_by: str | None = None
    transient: bool = False


class Organization(NamedTuple):
    """Of `organization`."""

    id: str
    created_at: datetime
    organization_type: str
    path: str
    title: str | None = None
    user_id: str | None = None
    number: str | None = None
    description: str | None = None
    email: str | None = None
    telephone: str | None = None
    url: str | None = None
    postal_code: str | None = None
    street_address: str | None = None
    locality: str | None = None
    region: str | None = None
    country: str | None = None
    properties: Json | None = None
    archived_at: datetime | None = None
    created_by: str | None = None


class CourseFamily(NamedTuple):
    """Of `course_family`."""

    id: str
    created_at: datetime
    path: str
    organization_id: str
    title: str | None = None
    description: str | None = None
    properties: Json | None = None
    created_by: str | None = None


class Course(NamedTuple):
    """Of `course`."""

    id: str
    created_at: datetime
    path: str
    course_family_id: str
    organization_id: str
    title: str | None = None
    description: str | None = None
    properties: Json | None = None
    created_by: str | None = None


class CourseGroup(NamedTuple):
    """Of `course_group`."""

    id: str
    created_at: datetime
    course_id: str
    title: str | None = None
    description: str | None = None
    created_by: str | None = None


class CourseMember(NamedTuple):
    """Of `course_member`."""

    id: str
    created_at: datetime
    user_id: str
    course_id: str
    course_role_id: str
    course_group_id: str | None = None
    properties: Json | None = None
    created_by: str | None = None


class CourseContentType(NamedTuple):
    """Of `course_content_type`."""

    id: str
    created_at: datetime
    course_id: str
    course_content_kind_id: str
    slug: str
    title: str | None = None
    description: str | None = None
    color: str | None = None
    created_by: str | None = None


class CourseContent(NamedTuple):
    """Of `course_content`."""

    id: str
    created_at: datetime
    course_id: str
    course_content_type_id: str
    path: str
    position: float
    title: str | None = None
    description: str | None = None
    max_group_size: int | None = None
    max_test_runs: int | None = None
    max_submissions: int | None = None
    execution_backend_id: str | None = None
    properties: Json | None = None
    archived_at: datetime | None = None
    created_by: str | None = None


class ExecutionBackend(NamedTuple):
    """Of `execution_backend`."""

    id: str
    created_at: datetime
    type: str
    slug: str
    properties: Json | None = None
    created_by: str | None = None


class CourseExecutionBackend(NamedTuple):
    """Of `course_execution_backend`."""

    execution_backend_id: str
    course_id: str
    created_at: datetime
    properties: Json | None = None


class SubmissionGroup(NamedTuple):
    """Of `course_submission_group`."""

    id: str
    created_at: datetime
    course_id: str
    course_content_id: str
    max_group_size: int
    max_test_runs: int | None = None
    max_submissions: int | None = None
    properties: Json | None = None


class SubmissionGroupMember(NamedTuple):
    """Of `course_submission_group_member`."""

    id: str
    created_at: datetime
    course_id: str
    course_submission_group_id: str
    course_member_id: str


class Result(NamedTuple):
    """Of `result`."""

    id: str
    created_at: datetime
    submit: bool
    course_member_id: str
    course_submission_group_id: str
    course_content_id: str
    course_content_type_id: str
    execution_backend_id: str
    test_system_id: str
    result: float
    result_json: Json | None
    version_identifier: str
    reference_version_identifier: str | None
    status: int
    properties: Json | None


NAMES: dict[type, str] = {
    User: "user",
    Account: "account",
    Profile: "profile",
    UserRole: "user_role",
    Organization: "organization",
    StudentProfile: "student_profile",
    CourseFamily: "course_family",
    Course: "course",
    CourseGroup: "course_group",
    CourseMember: "course_member",
    CourseContentType: "course_content_type",
    CourseContent: "course_content",
    ExecutionBackend: "execution_backend",
    CourseExecutionBackend: "course_execution_backend",
    SubmissionGroup: "course_submission_group",
    SubmissionGroupMember: "course_submission_group_member",
    Result: "result",
}
"""What the tables are called in SQL."""
