"""Course member comment: a note of the staff about a member."""

from typing import Annotated

from pydantic import Field, StringConstraints

from backend.access.policy import Grant, Level, Policy, courses, own_memberships
from backend.interface.base import (
    BaseEntityGet,
    BaseEntityUpdate,
    EntityInterface,
    KeyedEntityCreate,
    ListQuery,
    TimedEntityList,
)
from backend.interface.membership import own_membership
from backend.interface.rules import Kept
from backend.model import CourseMemberComment

Comment = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4096)]


class CourseMemberCommentList(TimedEntityList):
    """A comment in a list."""

    id: str = Field(description="Key.")
    message: str = Field(max_length=4096, description="What it says.")
    transmitter_id: str = Field(description="Key of the membership of who wrote it.")
    course_member_id: str = Field(description="Key of the member whom it is about.")


class CourseMemberCommentGet(CourseMemberCommentList, BaseEntityGet):
    """A note of the staff about a member."""


class CourseMemberCommentUpdate(BaseEntityUpdate):
    """What to change in a comment."""

    message: Kept[Comment] = Field(None, description="What it says.")


class CourseMemberCommentCreate(KeyedEntityCreate, CourseMemberCommentUpdate):
    """A comment to create; who writes it follows from the caller."""

    message: Comment = Field(description="What it says.")
    course_member_id: str = Field(description="Key of the member whom it is about.")


class CourseMemberCommentQuery(ListQuery):
    """Search for comments."""

    transmitter_id: str | None = Field(None, description="Key of the membership of who wrote it.")
    course_member_id: str | None = Field(None, description="Key of the member whom it is about.")


class CourseMemberCommentInterface(EntityInterface):
    """A note of the staff about a member, which students never read."""

    create = CourseMemberCommentCreate
    get = CourseMemberCommentGet
    list = CourseMemberCommentList
    update = CourseMemberCommentUpdate
    query = CourseMemberCommentQuery
    endpoint = "course-member-comments"
    model = CourseMemberComment
    cache_ttl = 120
    policy = Policy(
        read=(Grant("course_member.course_id", courses(at_least=Level.TUTOR)),),
        create=(Grant("course_member.course_id", courses(at_least=Level.TUTOR)),),
        update=(Grant("transmitter_id", own_memberships(at_least=Level.TUTOR)),),
        delete=(
            Grant("transmitter_id", own_memberships(at_least=Level.TUTOR)),
            Grant("course_member.course_id", courses(at_least=Level.MAINTAINER)),
        ),
    )
    derived = {"transmitter_id": lambda row: own_membership(row["course_member.course_id"])}
    default_order = ("created_at",)
    relations = {"transmitter": "Who wrote it.", "course_member": "Whom it is about."}
