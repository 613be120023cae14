"""Result: one test run of a submission."""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, Select, Text, case, literal_column

from backend.access.policy import Grant, Level, Policy, courses, own_memberships
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityGet,
    BaseEntityList,
    BaseEntityUpdate,
    EntityInterface,
    Expression,
    ListQuery,
    Newest,
    Row,
)
from backend.interface.rules import Kept, Score
from backend.interface.search import equalities
from backend.model import Result, SubmissionGroup, SubmissionGroupMember

TestSystemId = Annotated[str, StringConstraints(max_length=255)]


class ResultStatus(IntEnum):
    """How far a test run has come."""

    COMPLETED = 0
    FAILED = 1
    CANCELLED = 2
    SCHEDULED = 3
    PENDING = 4
    RUNNING = 5
    CRASHED = 6
    PAUSED = 7


class TaskStatus(StrEnum):
    """How far a test run has come, as task queues call it."""

    QUEUED = "queued"
    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"
    DEFERRED = "deferred"
    CANCELLED = "cancelled"


# Whatever else stands in the column reads as failed.
_TASKS = {
    ResultStatus.COMPLETED: TaskStatus.FINISHED,
    ResultStatus.CANCELLED: TaskStatus.CANCELLED,
    ResultStatus.SCHEDULED: TaskStatus.QUEUED,
    ResultStatus.PENDING: TaskStatus.QUEUED,
    ResultStatus.RUNNING: TaskStatus.STARTED,
    ResultStatus.PAUSED: TaskStatus.DEFERRED,
}


class ResultList(BaseEntityList):
    """A test run in a list."""

    id: str = Field(description="Key.")
    submit: bool = Field(description="Whether it counts as a submission.")
    course_member_id: str = Field(description="Key of the member who ran it.")
    submission_group_id: str | None = Field(None, description="Key of the submission group.")
    course_content_id: str = Field(description="Key of the assignment.")
    course_content_type_id: str = Field(description="Key of the content type.")
    execution_backend_id: str = Field(description="Key of the backend that ran it.")
    test_system_id: str = Field(max_length=255, description="Number of the job in the test system.")
    result: float = Field(description="Score, from 0 to 1.")
    version_identifier: str = Field(max_length=2048, description="Commit of the tested work.")
    reference_version_identifier: str | None = Field(
        None, max_length=64, description="Commit of the reference; for tutors."
    )
    status: ResultStatus | None = Field(None, description="How far it has come.")
    task_status: TaskStatus = Field(description="The same in coarser steps; what is unknown reads as failed.")
    submission_artifact_id: str | None = Field(None, description="Key of the upload that was tested.")
    started_at: datetime | None = Field(None, description="When it started.")
    finished_at: datetime | None = Field(None, description="When it ended, well or not.")


class ResultGet(ResultList, BaseEntityGet):
    """One test run of a submission."""

    result_json: dict[str, Any] | None = Field(None, description="Report of the test system.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class ResultChange(BaseEntityUpdate):
    """What may be said of a test run when it is created and later."""

    submit: Kept[bool] = Field(None, description="Whether it counts as a submission.")
    test_system_id: Kept[TestSystemId] = Field(None, description="Number of the job in the test system.")
    result: Kept[Score] = Field(None, description="Score, from 0 to 1.")
    result_json: dict[str, Any] | None = Field(None, description="Report of the test system.")
    status: Kept[ResultStatus] = Field(None, description="How far it has come.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class ResultUpdate(ResultChange):
    """What to change in a test run; who tested what stays."""

    started_at: datetime | None = Field(None, description="When it started.")
    finished_at: datetime | None = Field(None, description="When it ended, well or not.")


class ResultCreate(BaseEntityCreate, ResultChange):
    """A test run to create; its content type follows from the assignment."""

    submit: bool = Field(description="Whether it counts as a submission.")
    course_member_id: str = Field(description="Key of the member who ran it.")
    submission_group_id: str | None = Field(None, description="Key of the submission group.")
    submission_artifact_id: str | None = Field(None, description="Key of the upload that is tested.")
    course_content_id: str = Field(description="Key of the assignment.")
    execution_backend_id: str = Field(description="Key of the backend that ran it.")
    test_system_id: TestSystemId = Field(description="Number of the job in the test system.")
    result: Score = Field(description="Score, from 0 to 1.")
    version_identifier: str = Field(max_length=2048, description="Commit of the tested work.")
    reference_version_identifier: str | None = Field(None, max_length=64, description="Commit of the reference.")
    status: ResultStatus = Field(description="How far it has come.")


class ResultQuery(ListQuery):
    """Search for results."""

    submit: bool | None = Field(None, description="Whether it counts as a submission.")
    submitter_id: str | None = Field(None, description="Key of the member who ran it.")
    course_member_id: str | None = Field(None, description="Key of a member of the submission group.")
    submission_group_id: str | None = Field(None, description="Key of the submission group.")
    submission_artifact_id: str | None = Field(None, description="Key of the upload that was tested.")
    course_content_id: str | None = Field(None, description="Key of the assignment.")
    course_content_type_id: str | None = Field(None, description="Key of the content type.")
    execution_backend_id: str | None = Field(None, description="Key of the backend that ran it.")
    test_system_id: str | None = Field(None, description="Number of the job in the test system.")
    result: float | None = Field(None, description="Score, exactly.")
    version_identifier: str | None = Field(None, description="Commit of the tested work.")
    status: ResultStatus | None = Field(None, description="How far it has come.")
    latest: bool | None = Field(None, description="Only the newest of each assignment.")


_EQUALITIES = (
    "submit",
    "submission_group_id",
    "submission_artifact_id",
    "course_content_id",
    "course_content_type_id",
    "execution_backend_id",
    "test_system_id",
    "result",
    "version_identifier",
    "status",
)


def result_search(statement: Select[Any], query: ResultQuery) -> Select[Any]:
    """Results that agree with all that is given."""
    statement = equalities(statement, Result, query, _EQUALITIES)
    if query.submitter_id is not None:
        statement = statement.where(Result.course_member_id == query.submitter_id)
    if query.course_member_id is not None:
        statement = statement.where(
            Result.submission_group.has(
                SubmissionGroup.members.any(SubmissionGroupMember.course_member_id == query.course_member_id)
            )
        )
    return statement


def _task_status(row: Row) -> ColumnElement[Any]:
    status = row["status"]
    named = (
        (status == literal_column(str(stored.value)), literal_column(f"'{task}'", Text))
        for stored, task in _TASKS.items()
    )
    return case(*named, else_=literal_column(f"'{TaskStatus.FAILED}'", Text))


_FOR_TUTORS = frozenset({"reference_version_identifier"})


class ResultInterface(EntityInterface):
    """One test run of a submission, with a score from 0 to 1."""

    create = ResultCreate
    get = ResultGet
    list = ResultList
    update = ResultUpdate
    query = ResultQuery
    search = result_search
    endpoint = "results"
    model = Result
    cache_ttl = 60
    policy = Policy(
        read=(
            Grant("submission_group.members.course_member_id", own_memberships(), hides=_FOR_TUTORS),
            Grant("course_member_id", own_memberships(), hides=_FOR_TUTORS),
            Grant("course_content.course_id", courses(at_least=Level.TUTOR)),
        ),
        update=(Grant("course_content.course_id", courses(at_least=Level.TUTOR)),),
        delete=(Grant("course_content.course_id", courses(at_least=Level.LECTURER)),),
    )
    derived = {"course_content_type_id": lambda row: row["course_content.course_content_type_id"]}
    computed = {"task_status": Expression(_task_status)}
    modifiers = {"latest": Newest(per=("course_content_id",), order=("-created_at", "-id"))}
    default_order = ("-created_at",)
    relations = {"submission_artifact": "The upload that was tested.", "artifacts": "The files that it produced."}
