"""Message read: the mark that a user has read a message."""

from typing import Any

from pydantic import Field

from backend.access.policy import Grant, Policy, user
from backend.interface.base import BaseEntityGet, BaseEntityList, EntityInterface, ListQuery
from backend.model import MessageRead


class MessageReadList(BaseEntityList):
    """A read mark in a list."""

    id: str = Field(description="Key.")
    message_id: str = Field(description="Key of the message.")
    reader_user_id: str = Field(description="Key of the user who read it.")


class MessageReadGet(MessageReadList, BaseEntityGet):
    """A read mark."""

    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class MessageReadQuery(ListQuery):
    """Search for read marks."""

    message_id: str | None = Field(None, description="Key of the message.")
    reader_user_id: str | None = Field(None, description="Key of the user who read it.")


class MessageReadInterface(EntityInterface):
    """The mark that a user has read a message, which is theirs as long as they see it. It is set and cleared."""

    get = MessageReadGet
    list = MessageReadList
    query = MessageReadQuery
    endpoint = "message-reads"
    model = MessageRead
    cache_ttl = 60
    policy = Policy(read=(Grant("reader_user_id", user(), sees="message"),))
    default_order = ("-created_at",)
    relations = {"message": "What was read.", "reader_user": "Who read it."}
