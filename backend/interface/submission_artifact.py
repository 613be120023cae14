"""Submission artifact: one uploaded state of a group's work. Where its bytes are stored never leaves."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select

from backend.access.policy import Action, Check, Grant, Level, Policy, Stage, courses, own_memberships
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityList,
    BaseEntityUpdate,
    EntityInterface,
    ListQuery,
    Newest,
    Related,
    Row,
    UnauthoredEntityGet,
)
from backend.interface.result import ResultStatus
from backend.interface.rules import Kept
from backend.model import Result, SubmissionArtifact, SubmissionGroupGrading
from backend.model.base import table_of

VersionIdentifier = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class SubmissionArtifactList(BaseEntityList):
    """An upload in a list."""

    id: str = Field(description="Key.")
    submission_group_id: str = Field(description="Key of the submission group.")
    uploaded_by_course_member_id: str | None = Field(None, description="Key of the membership of who uploaded it.")
    uploaded_at: datetime = Field(description="When it was uploaded.")
    version_identifier: str | None = Field(None, max_length=255, description="Commit, or another name of the state.")
    submit: bool = Field(description="Whether it is an official submission; else it is for practice.")
    content_type: str | None = Field(None, max_length=120, description="Media type of what was uploaded.")
    file_size: int = Field(description="Bytes in all, unpacked.")
    properties: dict[str, Any] | None = Field(None, description="Its files and original name, without secrets.")


class SubmissionArtifactGet(SubmissionArtifactList, UnauthoredEntityGet):
    """One uploaded state of a group's work."""

    test_results_count: int = Field(description="How many test runs of it the caller sees.")
    grades_count: int = Field(description="How many grades for it the caller sees.")
    reviews_count: int = Field(description="How many reviews of it the caller sees.")
    average_grade: float | None = Field(None, description="Average of these grades.")
    latest_result_id: str | None = Field(None, description="Key of its newest test run that has come to an end.")


class SubmissionArtifactUpdate(BaseEntityUpdate):
    """What to change in an upload; what was uploaded stays."""

    submit: Kept[bool] = Field(None, description="Whether it is an official submission.")
    properties: dict[str, Any] | None = Field(None, description="Its files and original name.")


class SubmissionArtifactCreate(BaseEntityCreate):
    """What to say of an upload; all else follows from the caller and the file."""

    submission_group_id: str = Field(description="Key of the submission group.")
    version_identifier: VersionIdentifier | None = Field(None, description="Commit, or another name of the state.")
    submit: bool = Field(default=False, description="Whether it is an official submission.")


class SubmissionArtifactQuery(ListQuery):
    """Search for uploads."""

    submission_group_id: str | None = Field(None, description="Key of the submission group.")
    uploaded_by_course_member_id: str | None = Field(None, description="Key of the membership of who uploaded it.")
    version_identifier: str | None = Field(None, description="Commit, or another name of the state.")
    submit: bool | None = Field(None, description="Whether it is an official submission.")
    content_type: str | None = Field(None, description="Media type of what was uploaded.")
    latest: bool | None = Field(None, description="Only the newest of each submission group.")


def _is_ungraded(row: Row) -> ColumnElement[bool]:
    """No grade is for it or for a test run of it, and none that names neither came after it."""
    grading, run = table_of(SubmissionGroupGrading).alias(), table_of(Result).alias()
    of_run = select(run.c.id).where(run.c.id == grading.c.result_id, run.c.submission_artifact_id == row["id"])
    of_group = and_(
        grading.c.submission_artifact_id.is_(None),
        grading.c.result_id.is_(None),
        grading.c.created_at >= row["uploaded_at"],
    )
    counts = or_(grading.c.submission_artifact_id == row["id"], of_run.exists(), of_group)
    of_its_group = grading.c.course_submission_group_id == row["submission_group_id"]
    return ~select(grading.c.id).where(of_its_group, counts).exists()


def _is_within_quota(row: Row) -> ColumnElement[bool]:
    """An upload that becomes a submission is one of as many as its group has; test runs of none count, too."""
    artifact, run = table_of(SubmissionArtifact), table_of(Result).alias()
    stored, other = artifact.alias(), artifact.alias()
    was_one = select(stored.c.id).where(stored.c.id == row["id"], stored.c.submit).exists()
    others = select(func.count()).where(
        other.c.submission_group_id == row["submission_group_id"], other.c.submit, other.c.id != row["id"]
    )
    runs = select(func.count()).where(
        run.c.course_submission_group_id == row["submission_group_id"],
        run.c.submit,
        run.c.submission_artifact_id.is_(None),
    )
    most = row["submission_group.max_submissions"]
    return or_(~row["submit"], was_one, most.is_(None), others.scalar_subquery() + runs.scalar_subquery() < most)


_COMPLETED: ColumnElement[int] = literal_column(str(ResultStatus.COMPLETED.value))


class SubmissionArtifactInterface(EntityInterface):
    """One uploaded state of a group's work."""

    create = SubmissionArtifactCreate
    get = SubmissionArtifactGet
    list = SubmissionArtifactList
    update = SubmissionArtifactUpdate
    query = SubmissionArtifactQuery
    endpoint = "submission-artifacts"
    model = SubmissionArtifact
    cache_ttl = 120
    policy = Policy(
        read=(
            Grant("submission_group.members.course_member_id", own_memberships()),
            Grant("submission_group.course_id", courses(at_least=Level.TUTOR)),
        ),
        update=(Grant("submission_group.members.course_member_id", own_memberships(), sets=frozenset({"submit"})),),
        checks=(
            Check("It is graded already.", Stage.BEFORE, frozenset({Action.UPDATE}), _is_ungraded, binds_admins=False),
            Check(
                "The group has no submissions left.",
                Stage.PLANNED,
                frozenset({Action.UPDATE}),
                _is_within_quota,
                "submit",
            ),
        ),
    )
    # Neither grades nor other submissions come in between.
    locks = ("submission_group",)
    # Uploads come with their files.
    operations = frozenset({Action.UPDATE})
    computed = {
        "test_results_count": Related("results", lambda row: func.count(row["id"])),
        "grades_count": Related("gradings", lambda row: func.count(row["id"])),
        "reviews_count": Related("reviews", lambda row: func.count(row["id"])),
        "average_grade": Related("gradings", lambda row: func.avg(row["grading"])),
        "latest_result_id": Related(
            "results",
            lambda row: row["id"],
            where=lambda row: row["status"] == _COMPLETED,
            order=("-created_at", "-id"),
            target=Result,
        ),
    }
    modifiers = {"latest": Newest(per=("submission_group_id",), order=("-uploaded_at", "-id"))}
    default_order = ("-uploaded_at",)
    relations = {
        "uploaded_by_course_member": "Who uploaded it.",
        "results": "The test runs of it.",
        "gradings": "The grades that are for it.",
        "reviews": "What members say about it.",
    }
