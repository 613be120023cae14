"""Courses: members and contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from backend.json import Json


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


class CourseExecutionBackend(NamedTuple):
    """Of `course_execution_backend`."""

    execution_backend_id: str
    course_id: str
    created_at: datetime
    properties: Json | None = None


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


class CourseMemberComment(NamedTuple):
    """Of `course_member_comment`."""

    id: str
    created_at: datetime
    transmitter_id: str
    course_member_id: str
    message: str
    created_by: str


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
