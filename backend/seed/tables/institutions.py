"""Organizations, course families, and what tests assignments."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from backend.json import Json


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


class OrganizationMember(NamedTuple):
    """Of `organization_member`."""

    id: str
    created_at: datetime
    user_id: str
    organization_id: str
    organization_role_id: str
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


class CourseFamilyMember(NamedTuple):
    """Of `course_family_member`."""

    id: str
    created_at: datetime
    user_id: str
    course_family_id: str
    course_family_role_id: str
    created_by: str | None = None


class ExecutionBackend(NamedTuple):
    """Of `execution_backend`."""

    id: str
    created_at: datetime
    type: str
    slug: str
    properties: Json | None = None
    created_by: str | None = None
