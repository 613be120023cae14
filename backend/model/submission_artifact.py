"""What submission groups upload, and what course members say about it."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, Index, String, false, func
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import (
    JSON,
    TIMESTAMP,
    UUID,
    Base,
    Keyed,
    Timed,
    Versioned,
    reference,
    to_many,
    to_one,
)

if TYPE_CHECKING:
    from backend.model.course_member import CourseMember
    from backend.model.result import Result
    from backend.model.submission import SubmissionGroup, SubmissionGroupGrading


class SubmissionArtifact(Keyed, Versioned, Timed, Base):
    """One uploaded state of a group's work; its bytes lie in the object storage."""

    __tablename__ = "submission_artifact"
    __table_args__ = (
        Index(None, "uploaded_by_course_member_id"),
        Index(None, "version_identifier"),
        Index(None, "submission_group_id", "version_identifier"),
        Index(None, "submission_group_id", "uploaded_at", "id"),
        Index(None, "uploaded_at", "id"),
    )

    submission_group_id: Mapped[str] = mapped_column(UUID, reference("course_submission_group.id"))
    uploaded_by_course_member_id: Mapped[str | None] = mapped_column(
        UUID, reference("course_member.id", ondelete="SET NULL")
    )
    uploaded_at: Mapped[datetime] = mapped_column(TIMESTAMP, server_default=func.now())
    version_identifier: Mapped[str | None] = mapped_column(String(255))
    submit: Mapped[bool] = mapped_column(Boolean, server_default=false())
    content_type: Mapped[str | None] = mapped_column(String(120))
    file_size: Mapped[int] = mapped_column(BigInteger)
    bucket_name: Mapped[str] = mapped_column(String(255))
    object_key: Mapped[str] = mapped_column(String(2048))
    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    submission_group: Mapped["SubmissionGroup"] = to_one(
        "SubmissionArtifact.submission_group_id", "SubmissionGroup", back="artifacts"
    )
    uploaded_by_course_member: Mapped["CourseMember | None"] = to_one(
        "SubmissionArtifact.uploaded_by_course_member_id", "CourseMember", back="uploaded_artifacts"
    )
    results: Mapped[list["Result"]] = to_many(
        "SubmissionArtifact", "Result.submission_artifact_id", back="submission_artifact"
    )
    gradings: Mapped[list["SubmissionGroupGrading"]] = to_many(
        "SubmissionArtifact", "SubmissionGroupGrading.submission_artifact_id", back="submission_artifact"
    )
    reviews: Mapped[list["SubmissionReview"]] = to_many(
        "SubmissionArtifact", "SubmissionReview.artifact_id", back="artifact"
    )


class SubmissionReview(Keyed, Versioned, Timed, Base):
    """What a course member says about an upload."""

    __tablename__ = "submission_review"
    __table_args__ = (
        Index(None, "reviewer_course_member_id"),
        Index(None, "artifact_id", "created_at", "id"),
        Index(None, "created_at", "id"),
    )

    artifact_id: Mapped[str] = mapped_column(UUID, reference("submission_artifact.id"))
    reviewer_course_member_id: Mapped[str] = mapped_column(UUID, reference("course_member.id", ondelete="RESTRICT"))
    body: Mapped[str] = mapped_column(String(4096))
    review_type: Mapped[str | None] = mapped_column(String(50))

    artifact: Mapped["SubmissionArtifact"] = to_one(
        "SubmissionReview.artifact_id", "SubmissionArtifact", back="reviews"
    )
    reviewer_course_member: Mapped["CourseMember"] = to_one(
        "SubmissionReview.reviewer_course_member_id", "CourseMember", back="reviews_given"
    )
