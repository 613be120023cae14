"""Submission group grading: a grade that a person gave; the newest counts."""

from collections.abc import Callable
from enum import IntEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, Select, or_, select

from backend.access.policy import Action, Check, Grant, Level, Policy, Stage, courses, own_memberships
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityGet,
    BaseEntityUpdate,
    CreatedEntityList,
    EntityInterface,
    ListQuery,
    Row,
)
from backend.interface.membership import own_membership
from backend.interface.rules import Kept, Score
from backend.interface.search import equalities
from backend.model import SubmissionGroupGrading, SubmissionGroupMember
from backend.model.base import table_of

Feedback = Annotated[str, StringConstraints(max_length=4096)]


class GradingStatus(IntEnum):
    """What the grader asks for."""

    NOT_REVIEWED = 0
    CORRECTED = 1
    CORRECTION_NECESSARY = 2
    IMPROVEMENT_POSSIBLE = 3


class SubmissionGroupGradingList(CreatedEntityList):
    """A grade in a list."""

    id: str = Field(description="Key.")
    submission_group_id: str = Field(description="Key of the submission group.")
    graded_by_course_member_id: str = Field(description="Key of the membership of who gave it.")
    result_id: str | None = Field(None, description="Key of the test run that it is for.")
    submission_artifact_id: str | None = Field(None, description="Key of the upload that it is for.")
    grading: float = Field(description="Grade, from 0 to 1.")
    status: GradingStatus | None = Field(None, description="What the grader asks for.")
    feedback: str | None = Field(None, max_length=4096, description="What the grader says.")


class SubmissionGroupGradingGet(SubmissionGroupGradingList, BaseEntityGet):
    """A grade that a person gave."""


class SubmissionGroupGradingUpdate(BaseEntityUpdate):
    """What to change in a grade; it stays with its group and its grader."""

    result_id: str | None = Field(None, description="Key of the test run that it is for.")
    submission_artifact_id: str | None = Field(None, description="Key of the upload that it is for.")
    grading: Kept[Score] = Field(None, description="Grade, from 0 to 1.")
    status: Kept[GradingStatus] = Field(None, description="What the grader asks for.")
    feedback: Feedback | None = Field(None, description="What the grader says.")


class SubmissionGroupGradingCreate(BaseEntityCreate, SubmissionGroupGradingUpdate):
    """A grade to give; the grader follows from the caller."""

    submission_group_id: str = Field(description="Key of the submission group.")
    grading: Score = Field(description="Grade, from 0 to 1.")
    status: GradingStatus = Field(GradingStatus.NOT_REVIEWED, description="What the grader asks for.")


class SubmissionGroupGradingQuery(ListQuery):
    """Search for grades."""

    submission_group_id: str | None = Field(None, description="Key of the submission group.")
    graded_by_course_member_id: str | None = Field(None, description="Key of the membership of who gave it.")
    result_id: str | None = Field(None, description="Key of the test run that it is for.")
    submission_artifact_id: str | None = Field(None, description="Key of the upload that it is for.")
    min_grade: float | None = Field(None, description="This grade at least.")
    max_grade: float | None = Field(None, description="This grade at most.")
    status: GradingStatus | None = Field(None, description="What the grader asks for.")
    has_feedback: bool | None = Field(None, description="Whether the grader says something.")


_EQUALITIES = ("submission_group_id", "graded_by_course_member_id", "result_id", "submission_artifact_id", "status")


def submission_group_grading_search(statement: Select[Any], query: SubmissionGroupGradingQuery) -> Select[Any]:
    """Grades that agree with all that is given."""
    grading = SubmissionGroupGrading
    statement = equalities(statement, grading, query, _EQUALITIES)
    if query.min_grade is not None:
        statement = statement.where(grading.grading >= query.min_grade)
    if query.max_grade is not None:
        statement = statement.where(grading.grading <= query.max_grade)
    if query.has_feedback is not None:
        says = grading.feedback.is_not(None)
        statement = statement.where(says if query.has_feedback else ~says)
    return statement


def _is_of_the_group(relation: str) -> Callable[[Row], ColumnElement[bool]]:
    def holds(row: Row) -> ColumnElement[bool]:
        of_group = row[f"{relation}.submission_group_id"] == row["submission_group_id"]
        return or_(row[f"{relation}_id"].is_(None), of_group)

    return holds


def _is_of_others(row: Row) -> ColumnElement[bool]:
    seat = table_of(SubmissionGroupMember).alias()
    own = (
        seat.c.course_submission_group_id == row["submission_group_id"],
        seat.c.course_member_id == row["graded_by_course_member_id"],
    )
    return ~select(seat.c.id).where(*own).exists()


_WRITTEN = frozenset({Action.CREATE, Action.UPDATE})
_CHECKS = (
    Check("Nobody grades their own work.", Stage.PLANNED, _WRITTEN, _is_of_others),
    Check("It is of another group.", Stage.PLANNED, _WRITTEN, _is_of_the_group("result"), "result_id"),
    Check(
        "It is of another group.",
        Stage.PLANNED,
        _WRITTEN,
        _is_of_the_group("submission_artifact"),
        "submission_artifact_id",
    ),
)


class SubmissionGroupGradingInterface(EntityInterface):
    """A grade that a person gave to a submission group; the newest counts."""

    create = SubmissionGroupGradingCreate
    get = SubmissionGroupGradingGet
    list = SubmissionGroupGradingList
    update = SubmissionGroupGradingUpdate
    query = SubmissionGroupGradingQuery
    search = submission_group_grading_search
    endpoint = "submission-group-gradings"
    model = SubmissionGroupGrading
    cache_ttl = 60
    policy = Policy(
        read=(
            Grant("submission_group.members.course_member_id", own_memberships()),
            Grant("submission_group.course_id", courses(at_least=Level.TUTOR)),
        ),
        create=(Grant("submission_group.course_id", courses(at_least=Level.TUTOR)),),
        update=(Grant("graded_by_course_member_id", own_memberships(at_least=Level.TUTOR)),),
        delete=(
            Grant("graded_by_course_member_id", own_memberships(at_least=Level.TUTOR)),
            Grant("submission_group.course_id", courses(at_least=Level.LECTURER)),
        ),
        checks=_CHECKS,
    )
    # Who is in the group, and what it submits, stays as it is meanwhile.
    locks = ("submission_group",)
    derived = {"graded_by_course_member_id": lambda row: own_membership(row["submission_group.course_id"])}
    default_order = ("-created_at",)
    relations = {
        "graded_by_course_member": "Who gave it.",
        "result": "The test run that it is for.",
        "submission_artifact": "The upload that it is for.",
    }
