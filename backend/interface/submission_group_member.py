"""Submission group member: a course member's place in a submission group."""

from typing import Any

from pydantic import Field
from sqlalchemy import ColumnElement, Select, func, select

from backend.access.policy import Action, Check, Grant, Level, Policy, Stage, courses, own_memberships
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityGet,
    BaseEntityList,
    BaseEntityUpdate,
    EntityInterface,
    Expression,
    ListQuery,
    Row,
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


def _is_of_the_course(row: Row) -> ColumnElement[bool]:
    return row["course_member.course_id"] == row["submission_group.course_id"]


def _is_alone(row: Row) -> ColumnElement[bool]:
    seat, group = SubmissionGroupMember.__table__.alias(), SubmissionGroup.__table__.alias()
    other = select(seat.c.id).join(group, group.c.id == seat.c.course_submission_group_id)
    same = group.c.course_content_id == row["submission_group.course_content_id"]
    return ~other.where(seat.c.course_member_id == row["course_member_id"], same, seat.c.id != row["id"]).exists()


def _has_room(row: Row) -> ColumnElement[bool]:
    seat = SubmissionGroupMember.__table__.alias()
    taken = select(func.count()).where(seat.c.course_submission_group_id == row["submission_group_id"])
    return taken.scalar_subquery() <= row["submission_group.max_group_size"]


_CREATED = frozenset({Action.CREATE})
_CHECKS = (
    Check("The member is of another course.", Stage.PLANNED, _CREATED, _is_of_the_course, "course_member_id"),
    Check("The member is in a group for this content already.", Stage.AFTER, _CREATED, _is_alone, "course_member_id"),
    Check("The submission group is full.", Stage.AFTER, _CREATED, _has_room, "submission_group_id"),
)


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
        ),
        create=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        update=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        delete=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        checks=_CHECKS,
    )
    derived = {"course_id": lambda row: row["submission_group.course_id"]}
    locks = ("submission_group", "course_member")
    computed = {
        "course_content_id": Expression(lambda row: row["submission_group.course_content_id"], target=CourseContent)
    }
    default_order = ("created_at",)
    relations = {"course_member": "Who has the place."}
