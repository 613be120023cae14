"""Test runs, and the files that they produce."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Double, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import (
    JSON,
    TIMESTAMP,
    UUID,
    Audited,
    Base,
    Keyed,
    Timed,
    Versioned,
    reference,
    to_many,
    to_one,
)

if TYPE_CHECKING:
    from backend.model.course_content import CourseContent, CourseContentType
    from backend.model.course_member import CourseMember
    from backend.model.execution_backend import ExecutionBackend
    from backend.model.submission import SubmissionGroup, SubmissionGroupGrading
    from backend.model.submission_artifact import SubmissionArtifact


class Result(Keyed, Audited, Base):
    """One test run of a submission, scored from 0 to 1."""

    __tablename__ = "result"
    __table_args__ = (
        CheckConstraint("result BETWEEN 0 AND 1", name="result_result_check"),
        CheckConstraint("status BETWEEN 0 AND 7", name="result_status_check"),
        Index("ix_result_course_content_id", "course_content_id"),
        Index("ix_result_course_member_id", "course_member_id"),
        Index("ix_result_course_submission_group_id", "course_submission_group_id"),
        Index("result_commit_test_system_key", "test_system_id", "execution_backend_id", unique=True),
        Index(
            "result_version_identifier_group_content_partial_key",
            "course_submission_group_id",
            "version_identifier",
            "course_content_id",
            unique=True,
            postgresql_where=text("status <> ALL (ARRAY[1, 2, 6])"),
        ),
        Index(
            "result_version_identifier_member_content_partial_key",
            "course_member_id",
            "version_identifier",
            "course_content_id",
            unique=True,
            postgresql_where=text("status <> ALL (ARRAY[1, 2, 6])"),
        ),
        Index(
            "result_submission_artifact_member_partial_key",
            "submission_artifact_id",
            "course_member_id",
            unique=True,
            postgresql_where=text("status <> ALL (ARRAY[1, 2, 6])"),
        ),
        Index(None, "created_at", "id"),
        Index(None, "course_member_id", "created_at", "id"),
        Index(None, "course_content_id", "created_at", "id"),
        Index(None, "course_submission_group_id", "created_at", "id"),
        Index(None, "submission_artifact_id", "created_at", "id"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    submit: Mapped[bool] = mapped_column(Boolean)
    course_member_id: Mapped[str] = mapped_column(UUID, reference("course_member.id", ondelete="RESTRICT"))
    submission_group_id: Mapped[str | None] = mapped_column(
        "course_submission_group_id", UUID, reference("course_submission_group.id", ondelete="SET NULL")
    )
    course_content_id: Mapped[str] = mapped_column(UUID, reference("course_content.id"))
    course_content_type_id: Mapped[str] = mapped_column(
        UUID, reference("course_content_type.id", ondelete="RESTRICT"), index=True
    )
    execution_backend_id: Mapped[str] = mapped_column(
        UUID, reference("execution_backend.id", ondelete="RESTRICT"), index=True
    )
    test_system_id: Mapped[str] = mapped_column(String(255))
    result: Mapped[float] = mapped_column(Double)
    result_json: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    version_identifier: Mapped[str] = mapped_column(String(2048))
    reference_version_identifier: Mapped[str | None] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(Integer)
    submission_artifact_id: Mapped[str | None] = mapped_column(UUID, reference("submission_artifact.id"))
    started_at: Mapped[datetime | None] = mapped_column(TIMESTAMP)
    finished_at: Mapped[datetime | None] = mapped_column(TIMESTAMP)

    course_member: Mapped["CourseMember"] = to_one("Result.course_member_id", "CourseMember", back="results")
    submission_group: Mapped["SubmissionGroup | None"] = to_one(
        "Result.submission_group_id", "SubmissionGroup", back="results"
    )
    course_content: Mapped["CourseContent"] = to_one("Result.course_content_id", "CourseContent", back="results")
    course_content_type: Mapped["CourseContentType"] = to_one(
        "Result.course_content_type_id", "CourseContentType", back="results"
    )
    execution_backend: Mapped["ExecutionBackend"] = to_one(
        "Result.execution_backend_id", "ExecutionBackend", back="results"
    )
    gradings: Mapped[list["SubmissionGroupGrading"]] = to_many(
        "Result", "SubmissionGroupGrading.result_id", back="result"
    )
    submission_artifact: Mapped["SubmissionArtifact | None"] = to_one(
        "Result.submission_artifact_id", "SubmissionArtifact", back="results"
    )
    artifacts: Mapped[list["ResultArtifact"]] = to_many("Result", "ResultArtifact.result_id", back="result")


class ResultArtifact(Keyed, Versioned, Timed, Base):
    """A file that a test run produced; its bytes lie in the object storage."""

    __tablename__ = "result_artifact"
    __table_args__ = (Index(None, "created_at", "id"), Index(None, "result_id", "created_at", "id"))

    result_id: Mapped[str] = mapped_column(UUID, reference("result.id"))
    content_type: Mapped[str | None] = mapped_column(String(120))
    file_size: Mapped[int] = mapped_column(BigInteger)
    bucket_name: Mapped[str] = mapped_column(String(255))
    object_key: Mapped[str] = mapped_column(String(2048))
    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    result: Mapped["Result"] = to_one("ResultArtifact.result_id", "Result", back="artifacts")
