"""Submission group member: a course member's place in a submission group."""

from typing import Any

from pydantic import Field
from sqlalchemy import Select

from backend.access.policy import Grant, Level, Policy, courses, own_memberships
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityGet,
    BaseEntityList,
    BaseEntityUpdate,
    EntityInterface,
    Expression,
    ListQuery,
)
from backend.interface.search import equalities
from backend.model import CourseContent, SubmissionGroup, SubmissionGroupMember


class SubmissionGroupMemberList(BaseEntityList):
    """A place in a list."""

    id: str = Field(description="Key.")
    submission_group_id: str = Field(description="Key of the submission group.")
    course_member_id: str = Field(description="Key of the course member.")
    course_id: str = Field(description="Key of the course.")
    course_content_id: str | None = Field(None, description="Key of the assignment that the group works on.")


class SubmissionGroupMemberGet(SubmissionGroupMemberList, BaseEntityGet):
    """A place in a submission group."""

    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class SubmissionGroupMemberUpdate(BaseEntityUpdate):
    """What to change in a place; who is in which group stays."""

    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class SubmissionGroupMemberCreate(BaseEntityCreate, SubmissionGroupMemberUpdate):
    """A place to create; its course follows from the group."""

    submission_group_id: str = Field(description="Key of the submission group.")
    course_member_id: str = Field(description="Key of a member of the same course.")


class SubmissionGroupMemberQuery(ListQuery):
    """Search for places in submission groups."""

    submission_group_id: str | None = Field(None, description="Key of the submission group.")
    course_member_id: str | None = Field(None, description="Key of the course member.")
    course_id: str | None = Field(None, description="Key of the course.")
    course_content_id: str | None = Field(None, description="Key of the assignment that the group works on.")


def submission_group_member_search(statement: Select[Any], query: SubmissionGroupMemberQuery) -> Select[Any]:
    """Places that agree with all that is given."""
    own = ("submission_group_id", "course_member_id", "course_id")
    statement = equalities(statement, SubmissionGroupMember, query, own)
    if query.course_content_id is not None:
        statement = statement.where(
            SubmissionGroupMember.submission_group.has(SubmissionGroup.course_content_id == query.course_content_id)
        )
    return statement


class SubmissionGroupMemberInterface(EntityInterface):
    """A course member's place in a submission group."""

    create = SubmissionGroupMemberCreate
    get = SubmissionGroupMemberGet
    list = SubmissionGroupMemberList
    update = SubmissionGroupMemberUpdate
    query = SubmissionGroupMemberQuery
    search = submission_group_member_search
    endpoint = "submission-group-members"
    model = SubmissionGroupMember
    cache_ttl = 120
    policy = Policy(
        read=(
            Grant("submission_group.members.course_member_id", own_memberships()),
            Grant("course_id", courses(at_least=Level.TUTOR)),
        )
    )
    computed = {
        "course_content_id": Expression(lambda row: row["submission_group.course_content_id"], target=CourseContent)
    }
    default_order = ("created_at",)
    relations = {"course_member": "Who has the place."}
