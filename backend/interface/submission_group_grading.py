"""Submission group grading: a grade that a person gave; the newest counts."""

from enum import IntEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import Select

from backend.access.policy import Grant, Level, Policy, courses, own_memberships
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityGet,
    BaseEntityUpdate,
    CreatedEntityList,
    EntityInterface,
    ListQuery,
)
from backend.interface.rules import Kept, Score
from backend.interface.search import equalities
from backend.model import SubmissionGroupGrading

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
        )
    )
    default_order = ("-created_at",)
    relations = {
        "graded_by_course_member": "Who gave it.",
        "result": "The test run that it is for.",
        "submission_artifact": "The upload that it is for.",
    }
