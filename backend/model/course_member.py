"""Who is in a course: roles, groups, members and the notes about them."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import JSON, UUID, Audited, Base, Keyed, RoleColumns, reference, role_checks, to_many, to_one

if TYPE_CHECKING:
    from backend.model.course import Course
    from backend.model.message import Message
    from backend.model.result import Result
    from backend.model.submission import SubmissionGroupGrading, SubmissionGroupMember
    from backend.model.submission_artifact import SubmissionArtifact, SubmissionReview
    from backend.model.user import User


class CourseRole(RoleColumns, Base):
    """What a member is in a course, from `_student` up to `_owner`."""

    __tablename__ = "course_role"
    __table_args__ = role_checks("course_role")

    course_members: Mapped[list["CourseMember"]] = to_many(
        "CourseRole", "CourseMember.course_role_id", back="course_role"
    )


class CourseGroup(Keyed, Audited, Base):
    """A seminar or lab group of a course."""

    __tablename__ = "course_group"
    __table_args__ = (
        Index("course_group_course_id_key", "course_id", "id", unique=True),
        Index("course_group_title_key", "course_id", "title", unique=True),
        Index(None, "title", "id"),
        Index(None, "course_id", "title", "id"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    title: Mapped[str | None] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(String(4096))
    course_id: Mapped[str] = mapped_column(UUID, reference("course.id"))

    course: Mapped["Course"] = to_one("CourseGroup.course_id", "Course", back="course_groups")
    course_members: Mapped[list["CourseMember"]] = to_many(
        "CourseGroup", "CourseMember.course_group_id", back="course_group"
    )
    messages: Mapped[list["Message"]] = to_many("CourseGroup", "Message.course_group_id", back="course_group")


class CourseMember(Keyed, Audited, Base):
    """A user in a course, with exactly one course role."""

    __tablename__ = "course_member"
    __table_args__ = (
        CheckConstraint("course_role_id <> '_student' OR course_group_id IS NOT NULL", name="course_member_check"),
        ForeignKeyConstraint(
            ["course_id", "course_group_id"],
            ["course_group.course_id", "course_group.id"],
            ondelete="RESTRICT",
            onupdate="RESTRICT",
        ),
        Index("course_member_key", "user_id", "course_id", unique=True),
        Index(None, "created_at", "id"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    user_id: Mapped[str] = mapped_column(UUID, reference("user.id"))
    course_id: Mapped[str] = mapped_column(UUID, reference("course.id"), index=True)
    course_group_id: Mapped[str | None] = mapped_column(
        UUID, reference("course_group.id", ondelete="RESTRICT"), index=True
    )
    course_role_id: Mapped[str] = mapped_column(String(255), reference("course_role.id"), index=True)

    course: Mapped["Course"] = to_one("CourseMember.course_id", "Course", back="members")
    user: Mapped["User"] = to_one("CourseMember.user_id", "User", back="course_members")
    course_group: Mapped["CourseGroup | None"] = to_one(
        "CourseMember.course_group_id", "CourseGroup", back="course_members"
    )
    course_role: Mapped["CourseRole"] = to_one("CourseMember.course_role_id", "CourseRole", back="course_members")
    comments_received: Mapped[list["CourseMemberComment"]] = to_many(
        "CourseMember", "CourseMemberComment.course_member_id", back="course_member"
    )
    comments_written: Mapped[list["CourseMemberComment"]] = to_many(
        "CourseMember", "CourseMemberComment.transmitter_id", back="transmitter"
    )
    messages: Mapped[list["Message"]] = to_many("CourseMember", "Message.course_member_id", back="course_member")
    results: Mapped[list["Result"]] = to_many("CourseMember", "Result.course_member_id", back="course_member")
    gradings_given: Mapped[list["SubmissionGroupGrading"]] = to_many(
        "CourseMember", "SubmissionGroupGrading.graded_by_course_member_id", back="graded_by_course_member"
    )
    submission_group_members: Mapped[list["SubmissionGroupMember"]] = to_many(
        "CourseMember", "SubmissionGroupMember.course_member_id", back="course_member"
    )
    uploaded_artifacts: Mapped[list["SubmissionArtifact"]] = to_many(
        "CourseMember", "SubmissionArtifact.uploaded_by_course_member_id", back="uploaded_by_course_member"
    )
    reviews_given: Mapped[list["SubmissionReview"]] = to_many(
        "CourseMember", "SubmissionReview.reviewer_course_member_id", back="reviewer_course_member"
    )


class CourseMemberComment(Keyed, Audited, Base):
    """A staff note about a member, written by another member."""

    __tablename__ = "course_member_comment"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index("ix_course_member_comment_course_member_id", "course_member_id"),
        Index("ix_course_member_comment_transmitter_id", "transmitter_id"),
    )

    message: Mapped[str] = mapped_column(String(4096))
    transmitter_id: Mapped[str] = mapped_column(UUID, reference("course_member.id"))
    course_member_id: Mapped[str] = mapped_column(UUID, reference("course_member.id"))

    course_member: Mapped["CourseMember"] = to_one(
        "CourseMemberComment.course_member_id", "CourseMember", back="comments_received"
    )
    transmitter: Mapped["CourseMember"] = to_one(
        "CourseMemberComment.transmitter_id", "CourseMember", back="comments_written"
    )
