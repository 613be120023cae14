"""Who works together on an assignment, and the grades for it."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Double, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import JSON, UUID, Audited, Base, Keyed, reference, to_many, to_one

if TYPE_CHECKING:
    from backend.model.course import Course
    from backend.model.course_content import CourseContent
    from backend.model.course_member import CourseMember
    from backend.model.message import Message
    from backend.model.result import Result
    from backend.model.submission_artifact import SubmissionArtifact


class SubmissionGroup(Keyed, Audited, Base):
    """Who works together on one assignment: one student or a team."""

    __tablename__ = "course_submission_group"
    __table_args__ = (
        CheckConstraint("max_group_size >= 1", name="course_submission_group_max_group_size_check"),
        Index(None, "created_at", "id"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    max_group_size: Mapped[int] = mapped_column(Integer)
    max_test_runs: Mapped[int | None] = mapped_column(Integer)
    max_submissions: Mapped[int | None] = mapped_column(Integer)
    course_id: Mapped[str] = mapped_column(UUID, reference("course.id"), index=True)
    course_content_id: Mapped[str] = mapped_column(UUID, reference("course_content.id"), index=True)
    display_name: Mapped[str | None] = mapped_column(String(255))

    course: Mapped["Course"] = to_one("SubmissionGroup.course_id", "Course", back="submission_groups")
    course_content: Mapped["CourseContent"] = to_one(
        "SubmissionGroup.course_content_id", "CourseContent", back="submission_groups"
    )
    messages: Mapped[list["Message"]] = to_many(
        "SubmissionGroup", "Message.submission_group_id", back="submission_group"
    )
    results: Mapped[list["Result"]] = to_many("SubmissionGroup", "Result.submission_group_id", back="submission_group")
    gradings: Mapped[list["SubmissionGroupGrading"]] = to_many(
        "SubmissionGroup", "SubmissionGroupGrading.submission_group_id", back="submission_group"
    )
    members: Mapped[list["SubmissionGroupMember"]] = to_many(
        "SubmissionGroup", "SubmissionGroupMember.submission_group_id", back="submission_group"
    )
    artifacts: Mapped[list["SubmissionArtifact"]] = to_many(
        "SubmissionGroup", "SubmissionArtifact.submission_group_id", back="submission_group"
    )


class SubmissionGroupMember(Keyed, Audited, Base):
    """A course member in a submission group."""

    __tablename__ = "course_submission_group_member"
    __table_args__ = (
        Index("course_submission_group_member_key", "course_submission_group_id", "course_member_id", unique=True),
        Index("ix_course_submission_group_member_course_id", "course_id"),
        Index(None, "created_at", "id"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    course_id: Mapped[str] = mapped_column(UUID, reference("course.id", ondelete="RESTRICT"))
    submission_group_id: Mapped[str] = mapped_column(
        "course_submission_group_id", UUID, reference("course_submission_group.id")
    )
    course_member_id: Mapped[str] = mapped_column(UUID, reference("course_member.id", ondelete="RESTRICT"), index=True)

    submission_group: Mapped["SubmissionGroup"] = to_one(
        "SubmissionGroupMember.submission_group_id", "SubmissionGroup", back="members"
    )
    course_member: Mapped["CourseMember"] = to_one(
        "SubmissionGroupMember.course_member_id", "CourseMember", back="submission_group_members"
    )
    course: Mapped["Course"] = to_one("SubmissionGroupMember.course_id", "Course")


class SubmissionGroupGrading(Keyed, Audited, Base):
    """A human's grade of a submission group; the newest counts."""

    __tablename__ = "course_submission_group_grading"
    __table_args__ = (
        CheckConstraint("grading BETWEEN 0 AND 1", name="course_submission_group_grading_grading_check"),
        CheckConstraint("status BETWEEN 0 AND 3", name="course_submission_group_grading_status_check"),
        Index("idx_grading_graded_by", "graded_by_course_member_id"),
        Index("idx_grading_result", "result_id"),
        Index("idx_grading_submission_group", "course_submission_group_id"),
        Index("idx_grading_submission_group_created_at", "course_submission_group_id", "created_at", "id"),
        Index("idx_grading_submission_artifact", "submission_artifact_id"),
        Index(None, "created_at", "id"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    submission_group_id: Mapped[str] = mapped_column(
        "course_submission_group_id", UUID, reference("course_submission_group.id")
    )
    graded_by_course_member_id: Mapped[str] = mapped_column(UUID, reference("course_member.id", ondelete="RESTRICT"))
    result_id: Mapped[str | None] = mapped_column(UUID, reference("result.id", ondelete="SET NULL"))
    grading: Mapped[float] = mapped_column(Double)
    status: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    feedback: Mapped[str | None] = mapped_column(String(4096))
    submission_artifact_id: Mapped[str | None] = mapped_column(
        UUID, reference("submission_artifact.id", ondelete="SET NULL")
    )

    submission_group: Mapped["SubmissionGroup"] = to_one(
        "SubmissionGroupGrading.submission_group_id", "SubmissionGroup", back="gradings"
    )
    graded_by_course_member: Mapped["CourseMember"] = to_one(
        "SubmissionGroupGrading.graded_by_course_member_id", "CourseMember", back="gradings_given"
    )
    result: Mapped["Result | None"] = to_one("SubmissionGroupGrading.result_id", "Result", back="gradings")
    submission_artifact: Mapped["SubmissionArtifact | None"] = to_one(
        "SubmissionGroupGrading.submission_artifact_id", "SubmissionArtifact", back="gradings"
    )
