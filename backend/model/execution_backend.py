"""Runners that test submissions, and the courses that may use them."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import (
    JSON,
    LOOSE_SLUG_PATTERN,
    UUID,
    Audited,
    AuthoredByValue,
    Base,
    Keyed,
    Timed,
    Versioned,
    reference,
    to_many,
    to_one,
)

if TYPE_CHECKING:
    from backend.model.course import Course
    from backend.model.course_content import CourseContent
    from backend.model.result import Result


class ExecutionBackend(Keyed, Audited, Base):
    """A runner that can test submissions."""

    __tablename__ = "execution_backend"
    __table_args__ = (
        CheckConstraint("slug ~* '^[A-Za-z0-9_.-]+$'", name="execution_backend_slug_check"),
        CheckConstraint(f"slug ~ '{LOOSE_SLUG_PATTERN}'", name="execution_backend_slug_check1"),
        UniqueConstraint("slug"),
        Index(None, "slug", "id"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    type: Mapped[str] = mapped_column(String(255))
    slug: Mapped[str] = mapped_column(String(255))

    course_contents: Mapped[list["CourseContent"]] = to_many(
        "ExecutionBackend", "CourseContent.execution_backend_id", back="execution_backend"
    )
    course_execution_backends: Mapped[list["CourseExecutionBackend"]] = to_many(
        "ExecutionBackend", "CourseExecutionBackend.execution_backend_id", back="execution_backend"
    )
    results: Mapped[list["Result"]] = to_many(
        "ExecutionBackend", "Result.execution_backend_id", back="execution_backend"
    )


class CourseExecutionBackend(Versioned, Timed, AuthoredByValue, Base):
    """An execution backend that a course may use."""

    __tablename__ = "course_execution_backend"

    execution_backend_id: Mapped[str] = mapped_column(UUID, reference("execution_backend.id"), primary_key=True)
    course_id: Mapped[str] = mapped_column(UUID, reference("course.id"), primary_key=True, index=True)
    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    course: Mapped["Course"] = to_one("CourseExecutionBackend.course_id", "Course", back="course_execution_backends")
    execution_backend: Mapped["ExecutionBackend"] = to_one(
        "CourseExecutionBackend.execution_backend_id", "ExecutionBackend", back="course_execution_backends"
    )
