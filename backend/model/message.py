"""Discussions, and who has read what."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import JSON, TIMESTAMP, UUID, Audited, Base, Keyed, reference, to_many, to_one

if TYPE_CHECKING:
    from backend.model.course import Course
    from backend.model.course_content import CourseContent
    from backend.model.course_family import CourseFamily
    from backend.model.course_member import CourseGroup, CourseMember
    from backend.model.organization import Organization
    from backend.model.submission import SubmissionGroup
    from backend.model.user import User


class Message(Keyed, Audited, Base):
    """A contribution to a discussion, with one target among its keys, or none."""

    __tablename__ = "message"
    __table_args__ = (
        Index("msg_author_archived_idx", "author_id", "archived_at"),
        Index("msg_course_archived_idx", "course_id", "archived_at"),
        Index("msg_course_content_archived_idx", "course_content_id", "archived_at"),
        Index("msg_course_group_archived_idx", "course_group_id", "archived_at"),
        Index("msg_course_member_archived_idx", "course_member_id", "archived_at"),
        Index("msg_parent_archived_idx", "parent_id", "archived_at"),
        Index("msg_submission_group_archived_idx", "course_submission_group_id", "archived_at"),
        Index("msg_user_archived_idx", "user_id", "archived_at"),
        Index("msg_course_family_archived_idx", "course_family_id", "archived_at"),
        Index("msg_organization_archived_idx", "organization_id", "archived_at"),
        Index(None, "created_at", "id"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    archived_at: Mapped[datetime | None] = mapped_column(TIMESTAMP)
    author_id: Mapped[str] = mapped_column(UUID, reference("user.id"))
    parent_id: Mapped[str | None] = mapped_column(UUID, reference("message.id"))
    level: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(255))
    content: Mapped[str] = mapped_column(String(16384))
    user_id: Mapped[str | None] = mapped_column(UUID, reference("user.id"))
    course_member_id: Mapped[str | None] = mapped_column(UUID, reference("course_member.id"))
    submission_group_id: Mapped[str | None] = mapped_column(
        "course_submission_group_id", UUID, reference("course_submission_group.id")
    )
    course_group_id: Mapped[str | None] = mapped_column(UUID, reference("course_group.id"))
    course_content_id: Mapped[str | None] = mapped_column(UUID, reference("course_content.id"))
    course_id: Mapped[str | None] = mapped_column(UUID, reference("course.id"))
    course_family_id: Mapped[str | None] = mapped_column(UUID, reference("course_family.id"))
    organization_id: Mapped[str | None] = mapped_column(UUID, reference("organization.id"))

    author: Mapped["User"] = to_one("Message.author_id", "User", back="messages_written")
    parent: Mapped["Message | None"] = to_one("Message.parent_id", "Message", back="replies")
    user: Mapped["User | None"] = to_one("Message.user_id", "User", back="messages_received")
    course_member: Mapped["CourseMember | None"] = to_one("Message.course_member_id", "CourseMember", back="messages")
    submission_group: Mapped["SubmissionGroup | None"] = to_one(
        "Message.submission_group_id", "SubmissionGroup", back="messages"
    )
    course_group: Mapped["CourseGroup | None"] = to_one("Message.course_group_id", "CourseGroup", back="messages")
    course_content: Mapped["CourseContent | None"] = to_one(
        "Message.course_content_id", "CourseContent", back="messages"
    )
    course: Mapped["Course | None"] = to_one("Message.course_id", "Course", back="messages")
    course_family: Mapped["CourseFamily | None"] = to_one("Message.course_family_id", "CourseFamily", back="messages")
    organization: Mapped["Organization | None"] = to_one("Message.organization_id", "Organization", back="messages")
    replies: Mapped[list["Message"]] = to_many("Message", "Message.parent_id", back="parent")
    reads: Mapped[list["MessageRead"]] = to_many("Message", "MessageRead.message_id", back="message")


class MessageRead(Keyed, Audited, Base):
    """A reader has read a message."""

    __tablename__ = "message_read"
    __table_args__ = (
        Index("msg_read_unique_idx", "message_id", "reader_user_id", unique=True),
        Index(None, "created_at", "id"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    message_id: Mapped[str] = mapped_column(UUID, reference("message.id"))
    reader_user_id: Mapped[str] = mapped_column(UUID, reference("user.id"), index=True)

    message: Mapped["Message"] = to_one("MessageRead.message_id", "Message", back="reads")
    reader_user: Mapped["User"] = to_one("MessageRead.reader_user_id", "User", back="message_reads")
