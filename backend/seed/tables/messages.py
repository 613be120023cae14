"""Messages, and who has read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


class Message(NamedTuple):
    """Of `message`; at most one of its targets is set."""

    id: str
    created_at: datetime
    author_id: str
    level: int
    title: str
    content: str
    created_by: str
    parent_id: str | None = None
    user_id: str | None = None
    course_member_id: str | None = None
    course_submission_group_id: str | None = None
    course_group_id: str | None = None
    course_content_id: str | None = None
    course_id: str | None = None
    course_family_id: str | None = None
    organization_id: str | None = None
    archived_at: datetime | None = None


class MessageRead(NamedTuple):
    """Of `message_read`."""

    id: str
    created_at: datetime
    message_id: str
    reader_user_id: str
    created_by: str
