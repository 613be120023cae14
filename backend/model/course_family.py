"""Course families."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import JSON, UUID, Audited, Base, Keyed, Ltree, reference, to_many, to_one

if TYPE_CHECKING:
    from backend.model.course import Course
    from backend.model.course_family_member import CourseFamilyMember
    from backend.model.message import Message
    from backend.model.organization import Organization


class CourseFamily(Keyed, Audited, Base):
    """A recurring course of an organization."""

    __tablename__ = "course_family"
    __table_args__ = (
        Index("course_family_path_key", "organization_id", "path", unique=True),
        Index(None, "title", "id"),
        Index("course_family_path_gist", "path", postgresql_using="gist"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    title: Mapped[str | None] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(String(4096))
    path: Mapped[str] = mapped_column(Ltree)
    organization_id: Mapped[str] = mapped_column(UUID, reference("organization.id"))

    organization: Mapped["Organization"] = to_one(
        "CourseFamily.organization_id", "Organization", back="course_families"
    )
    courses: Mapped[list["Course"]] = to_many("CourseFamily", "Course.course_family_id", back="course_family")
    members: Mapped[list["CourseFamilyMember"]] = to_many(
        "CourseFamily", "CourseFamilyMember.course_family_id", back="course_family"
    )
    messages: Mapped[list["Message"]] = to_many("CourseFamily", "Message.course_family_id", back="course_family")
