"""Courses."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import JSON, UUID, Audited, Base, Keyed, Ltree, reference, to_many, to_one

if TYPE_CHECKING:
    from backend.model.course_content import CourseContent, CourseContentType
    from backend.model.course_family import CourseFamily
    from backend.model.course_member import CourseGroup, CourseMember
    from backend.model.execution_backend import CourseExecutionBackend
    from backend.model.message import Message
    from backend.model.organization import Organization
    from backend.model.submission import SubmissionGroup


class Course(Keyed, Audited, Base):
    """One edition of a course family."""

    __tablename__ = "course"
    __table_args__ = (
        Index("course_path_key", "course_family_id", "path", unique=True),
        Index(None, "title", "id"),
        Index("course_path_gist", "path", postgresql_using="gist"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    title: Mapped[str | None] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(String(4096))
    path: Mapped[str] = mapped_column(Ltree)
    course_family_id: Mapped[str] = mapped_column(UUID, reference("course_family.id"))
    organization_id: Mapped[str] = mapped_column(UUID, reference("organization.id"), index=True)

    course_family: Mapped["CourseFamily"] = to_one("Course.course_family_id", "CourseFamily", back="courses")
    organization: Mapped["Organization"] = to_one("Course.organization_id", "Organization", back="courses")
    contents: Mapped[list["CourseContent"]] = to_many("Course", "CourseContent.course_id", back="course")
    content_types: Mapped[list["CourseContentType"]] = to_many("Course", "CourseContentType.course_id", back="course")
    course_execution_backends: Mapped[list["CourseExecutionBackend"]] = to_many(
        "Course", "CourseExecutionBackend.course_id", back="course"
    )
    course_groups: Mapped[list["CourseGroup"]] = to_many("Course", "CourseGroup.course_id", back="course")
    members: Mapped[list["CourseMember"]] = to_many("Course", "CourseMember.course_id", back="course")
    messages: Mapped[list["Message"]] = to_many("Course", "Message.course_id", back="course")
    submission_groups: Mapped[list["SubmissionGroup"]] = to_many("Course", "SubmissionGroup.course_id", back="course")
