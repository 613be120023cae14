"""Organizations."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Computed, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import (
    JSON,
    TIMESTAMP,
    UUID,
    Audited,
    Base,
    Keyed,
    Ltree,
    native_enum,
    reference,
    to_many,
    to_one,
)

if TYPE_CHECKING:
    from backend.model.course import Course
    from backend.model.course_family import CourseFamily
    from backend.model.example import ExampleRepository
    from backend.model.message import Message
    from backend.model.organization_member import OrganizationMember
    from backend.model.user import StudentProfile, User


# The spelling is that of PostgreSQL, so that a comparison with a database finds no difference.
_PARENT_PATH = "CASE WHEN (nlevel(path) > 1) THEN subpath(path, 0, (nlevel(path) - 1)) ELSE NULL::ltree END"


class OrganizationType(Enum):
    """Whose an organization is: one person's, a community's or an institution's."""

    USER = "user"
    COMMUNITY = "community"
    ORGANIZATION = "organization"


class Organization(Keyed, Audited, Base):
    """An institution, a community or the personal space of one user, in a tree by `path`."""

    __tablename__ = "organization"
    __table_args__ = (
        CheckConstraint("(organization_type = 'user') = (title IS NULL)", name="organization_check"),
        CheckConstraint("(organization_type = 'user') = (user_id IS NOT NULL)", name="organization_check1"),
        UniqueConstraint("user_id"),
        Index("ix_organization_organization_type", "organization_type"),
        Index("ix_organization_path", "path"),
        Index("organization_number_key", "organization_type", "number", unique=True),
        Index("organization_path_key", "organization_type", "path", unique=True),
        Index(None, "title", "id"),
        Index("organization_path_gist", "path", postgresql_using="gist"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    number: Mapped[str | None] = mapped_column(String(255))
    title: Mapped[str | None] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(String(4096))
    archived_at: Mapped[datetime | None] = mapped_column(TIMESTAMP)
    email: Mapped[str | None] = mapped_column(String(320))
    telephone: Mapped[str | None] = mapped_column(String(255))
    fax_number: Mapped[str | None] = mapped_column(String(255))
    url: Mapped[str | None] = mapped_column(String(2048))
    postal_code: Mapped[str | None] = mapped_column(String(255))
    street_address: Mapped[str | None] = mapped_column(String(1024))
    locality: Mapped[str | None] = mapped_column(String(255))
    region: Mapped[str | None] = mapped_column(String(255))
    country: Mapped[str | None] = mapped_column(String(255))
    organization_type: Mapped[OrganizationType] = mapped_column(native_enum(OrganizationType, "organization_type"))
    user_id: Mapped[str | None] = mapped_column(UUID, reference("user.id"))
    path: Mapped[str] = mapped_column(Ltree)
    parent_path: Mapped[str | None] = mapped_column(Ltree, Computed(_PARENT_PATH, persisted=True))

    user: Mapped["User | None"] = to_one("Organization.user_id", "User", back="organization")
    courses: Mapped[list["Course"]] = to_many("Organization", "Course.organization_id", back="organization")
    course_families: Mapped[list["CourseFamily"]] = to_many(
        "Organization", "CourseFamily.organization_id", back="organization"
    )
    members: Mapped[list["OrganizationMember"]] = to_many(
        "Organization", "OrganizationMember.organization_id", back="organization"
    )
    messages: Mapped[list["Message"]] = to_many("Organization", "Message.organization_id", back="organization")
    student_profiles: Mapped[list["StudentProfile"]] = to_many(
        "Organization", "StudentProfile.organization_id", back="organization"
    )
    example_repositories: Mapped[list["ExampleRepository"]] = to_many(
        "Organization", "ExampleRepository.organization_id", back="organization"
    )
