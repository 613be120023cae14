"""Submission group: who works together on one assignment."""

from typing import Any

from pydantic import Field
from sqlalchemy import ColumnElement, func, or_, select

from backend.access.policy import Action, Check, Grant, Level, Policy, Stage, courses, own_memberships
from backend.interface.base import (
    BaseEntityGet,
    BaseEntityList,
    BaseEntityUpdate,
    EntityInterface,
    KeyedEntityCreate,
    ListQuery,
    Related,
    Row,
)
from backend.interface.rules import GroupSize, Kept, Quota, Title
from backend.interface.submission_group_grading import GradingStatus
from backend.model import Result, SubmissionGroup, SubmissionGroupGrading, SubmissionGroupMember
from backend.model.base import table_of


class SubmissionGroupList(BaseEntityList):
    """A submission group in a list."""

    id: str = Field(description="Key.")
    course_content_id: str = Field(description="Key of the assignment.")
    course_id: str = Field(description="Key of the course.")
    max_group_size: int = Field(description="How many members it may have.")
    max_test_runs: int | None = Field(None, description="How many test runs it has; null is unlimited.")
    max_submissions: int | None = Field(None, description="How many submissions it has; null is unlimited.")
    display_name: str | None = Field(None, max_length=255, description="Name of the team.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class SubmissionGroupGet(SubmissionGroupList, BaseEntityGet):
    """A submission group."""

    member_count: int = Field(description="How many members the caller sees.")
    test_run_count: int = Field(description="How many test runs of it the caller sees.")
    submission_count: int = Field(description="How many of these count as submissions.")
    last_submitted_result_id: str | None = Field(None, description="Key of the newest of these.")
    grading_count: int = Field(description="How many grades of it the caller sees.")
    latest_grading_id: str | None = Field(None, description="Key of the newest of these, which counts.")
    latest_grade: float | None = Field(None, description="The newest of these, from 0 to 1.")
    status: GradingStatus | None = Field(None, description="What the newest of these asks for.")


class SubmissionGroupUpdate(BaseEntityUpdate):
    """What to change in a submission group; it stays with its assignment."""

    max_group_size: Kept[GroupSize] = Field(None, description="How many members it may have.")
    max_test_runs: Quota | None = Field(None, description="How many test runs it has; null is unlimited.")
    max_submissions: Quota | None = Field(None, description="How many submissions it has; null is unlimited.")
    display_name: Title | None = Field(None, description="Name of the team.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class SubmissionGroupCreate(KeyedEntityCreate, SubmissionGroupUpdate):
    """A submission group to create; its course follows from the assignment."""

    course_content_id: str = Field(description="Key of the assignment.")
    max_group_size: GroupSize = Field(1, description="How many members it may have.")


class SubmissionGroupQuery(ListQuery):
    """Search for submission groups."""

    course_content_id: str | None = Field(None, description="Key of the assignment.")
    course_id: str | None = Field(None, description="Key of the course.")
    max_group_size: int | None = Field(None, description="Largest size, exactly.")
    max_submissions: int | None = Field(None, description="Submissions, exactly.")
    display_name: str | None = Field(None, description="Name of the team, exactly.")


def _has_room(row: Row) -> ColumnElement[bool]:
    """For who is in it, unless it becomes no smaller: groups of old may be overfull."""
    seat, stored = table_of(SubmissionGroupMember).alias(), table_of(SubmissionGroup).alias()
    taken = select(func.count()).where(seat.c.course_submission_group_id == row["id"]).scalar_subquery()
    size = select(stored.c.max_group_size).where(stored.c.id == row["id"]).scalar_subquery()
    return or_(row["max_group_size"] >= taken, row["max_group_size"] >= size)


_NEWEST = ("-created_at", "-id")


class SubmissionGroupInterface(EntityInterface):
    """Who works together on one assignment: one student, or a team."""

    create = SubmissionGroupCreate
    get = SubmissionGroupGet
    list = SubmissionGroupList
    update = SubmissionGroupUpdate
    query = SubmissionGroupQuery
    endpoint = "submission-groups"
    model = SubmissionGroup
    cache_ttl = 120
    policy = Policy(
        read=(
            Grant("members.course_member_id", own_memberships()),
            Grant("course_id", courses(at_least=Level.TUTOR)),
        ),
        create=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        update=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        delete=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        checks=(
            Check(
                "Only what can be submitted has submission groups.",
                Stage.PLANNED,
                frozenset({Action.CREATE}),
                lambda row: row["course_content.course_content_type.course_content_kind.submittable"],
                "course_content_id",
            ),
            Check(
                "The submission group has more members than this.",
                Stage.PLANNED,
                frozenset({Action.UPDATE}),
                _has_room,
                "max_group_size",
            ),
        ),
    )
    children = ("members",)
    computed = {
        "member_count": Related("members", lambda row: func.count(row["id"])),
        "test_run_count": Related("results", lambda row: func.count(row["id"])),
        "submission_count": Related("results", lambda row: func.count(row["id"]), where=lambda row: row["submit"]),
        "last_submitted_result_id": Related(
            "results", lambda row: row["id"], where=lambda row: row["submit"], order=_NEWEST, target=Result
        ),
        "grading_count": Related("gradings", lambda row: func.count(row["id"])),
        "latest_grading_id": Related("gradings", lambda row: row["id"], order=_NEWEST, target=SubmissionGroupGrading),
        "latest_grade": Related("gradings", lambda row: row["grading"], order=_NEWEST),
        "status": Related("gradings", lambda row: row["status"], order=_NEWEST),
    }
    derived = {
        "course_id": lambda row: row["course_content.course_id"],
        "max_test_runs": lambda row: row["course_content.max_test_runs"],
    }
    default_order = ("created_at",)
    relations = {
        "course_content": "The assignment.",
        "members": "Who is in it.",
        "artifacts": "What it uploaded.",
        "results": "The test runs of its work.",
    }
