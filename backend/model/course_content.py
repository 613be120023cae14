"""What a course consists of: kinds, types and the tree of contents."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, CheckConstraint, Double, ForeignKeyConstraint, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import (
    CONTENT_PATH_PATTERN,
    JSON,
    LOOSE_SLUG_PATTERN,
    TIMESTAMP,
    UUID,
    Audited,
    Base,
    Keyed,
    Ltree,
    reference,
    to_many,
    to_one,
)

if TYPE_CHECKING:
    from backend.model.course import Course
    from backend.model.deployment import CourseContentDeployment
    from backend.model.execution_backend import ExecutionBackend
    from backend.model.message import Message
    from backend.model.result import Result
    from backend.model.submission import SubmissionGroup


class CourseContentKind(Base):
    """What a node of a course may be: `unit` or `assignment`."""

    __tablename__ = "course_content_kind"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    title: Mapped[str | None] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(String(4096))
    has_ascendants: Mapped[bool] = mapped_column(Boolean)
    has_descendants: Mapped[bool] = mapped_column(Boolean)
    submittable: Mapped[bool] = mapped_column(Boolean)

    course_content_types: Mapped[list["CourseContentType"]] = to_many(
        "CourseContentKind", "CourseContentType.course_content_kind_id", back="course_content_kind"
    )


class CourseContentType(Keyed, Audited, Base):
    """A course's own subdivision of a kind."""

    __tablename__ = "course_content_type"
    __table_args__ = (
        CheckConstraint("slug ~* '^[A-Za-z0-9_.-]+$'", name="course_content_type_slug_check"),
        CheckConstraint(f"slug ~ '{LOOSE_SLUG_PATTERN}'", name="course_content_type_slug_check1"),
        Index("course_content_type_course_id_key", "id", "course_id", unique=True),
        Index("course_content_type_slug_key", "slug", "course_id", "course_content_kind_id", unique=True),
        Index(None, "slug", "id"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    title: Mapped[str | None] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(String(4096))
    slug: Mapped[str] = mapped_column(String(255))
    color: Mapped[str | None] = mapped_column(String(255))
    course_content_kind_id: Mapped[str] = mapped_column(String(255), reference("course_content_kind.id"), index=True)
    course_id: Mapped[str] = mapped_column(UUID, reference("course.id"), index=True)

    course: Mapped["Course"] = to_one("CourseContentType.course_id", "Course", back="content_types")
    course_content_kind: Mapped["CourseContentKind"] = to_one(
        "CourseContentType.course_content_kind_id", "CourseContentKind", back="course_content_types"
    )
    course_contents: Mapped[list["CourseContent"]] = to_many(
        "CourseContentType", "CourseContent.course_content_type_id", back="course_content_type"
    )
    results: Mapped[list["Result"]] = to_many(
        "CourseContentType", "Result.course_content_type_id", back="course_content_type"
    )


class CourseContent(Keyed, Audited, Base):
    """A node of the tree of a course, placed by `path`; in tree order by `tree_key`, which triggers keep."""

    __tablename__ = "course_content"
    __table_args__ = (
        ForeignKeyConstraint(
            ["course_id", "course_content_type_id"],
            ["course_content_type.course_id", "course_content_type.id"],
            ondelete="RESTRICT",
            onupdate="RESTRICT",
        ),
        CheckConstraint(f"ltree2text(path) ~ '{CONTENT_PATH_PATTERN}'", name="course_content_path_check"),
        CheckConstraint("max_group_size >= 1", name="course_content_max_group_size_check"),
        CheckConstraint("max_test_runs >= 0", name="course_content_max_test_runs_check"),
        CheckConstraint("max_submissions >= 0", name="course_content_max_submissions_check"),
        Index("course_content_path_key", "course_id", "path", unique=True),
        Index(None, "course_id", "tree_key", "id"),
        Index("course_content_path_gist", "path", postgresql_using="gist"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    archived_at: Mapped[datetime | None] = mapped_column(TIMESTAMP)
    title: Mapped[str | None] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(String(4096))
    path: Mapped[str] = mapped_column(Ltree)
    course_id: Mapped[str] = mapped_column(UUID, reference("course.id"))
    course_content_type_id: Mapped[str] = mapped_column(
        UUID, reference("course_content_type.id", ondelete="RESTRICT"), index=True
    )
    position: Mapped[float] = mapped_column(Double)
    max_group_size: Mapped[int | None] = mapped_column(Integer)
    max_test_runs: Mapped[int | None] = mapped_column(Integer)
    max_submissions: Mapped[int | None] = mapped_column(Integer)
    execution_backend_id: Mapped[str | None] = mapped_column(UUID, reference("execution_backend.id"), index=True)
    tree_key: Mapped[str] = mapped_column(Text(collation="C"), server_default=text("''"))
    example_version_id: Mapped[str | None] = mapped_column(
        UUID, reference("example_version.id", ondelete="SET NULL"), index=True
    )

    course: Mapped["Course"] = to_one("CourseContent.course_id", "Course", back="contents")
    course_content_type: Mapped["CourseContentType"] = to_one(
        "CourseContent.course_content_type_id", "CourseContentType", back="course_contents"
    )
    execution_backend: Mapped["ExecutionBackend | None"] = to_one(
        "CourseContent.execution_backend_id", "ExecutionBackend", back="course_contents"
    )
    deployment: Mapped["CourseContentDeployment | None"] = to_many(
        "CourseContent", "CourseContentDeployment.course_content_id", back="course_content"
    )
    messages: Mapped[list["Message"]] = to_many("CourseContent", "Message.course_content_id", back="course_content")
    results: Mapped[list["Result"]] = to_many("CourseContent", "Result.course_content_id", back="course_content")
    submission_groups: Mapped[list["SubmissionGroup"]] = to_many(
        "CourseContent", "SubmissionGroup.course_content_id", back="course_content"
    )
