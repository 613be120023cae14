"""Submission review: what a course member says about an upload."""

from typing import Annotated

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, and_, func, or_

from backend.access.policy import Action, Check, Grant, Level, Policy, Stage, courses, own_memberships
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityUpdate,
    CreatedEntityList,
    EntityInterface,
    ListQuery,
    Row,
    UnauthoredEntityGet,
)
from backend.interface.membership import own_membership
from backend.interface.rules import Kept
from backend.model import SubmissionReview

Review = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4096)]
ReviewType = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]


class SubmissionReviewList(CreatedEntityList):
    """A review in a list."""

    id: str = Field(description="Key.")
    artifact_id: str = Field(description="Key of the upload.")
    reviewer_course_member_id: str = Field(description="Key of the membership of who wrote it.")
    body: str = Field(max_length=4096, description="What it says.")
    review_type: str | None = Field(None, max_length=50, description="Its kind, such as peer or instructor.")


class SubmissionReviewGet(SubmissionReviewList, UnauthoredEntityGet):
    """What a course member says about an upload."""


class SubmissionReviewUpdate(BaseEntityUpdate):
    """What to change in a review; it stays with its upload and its writer."""

    body: Kept[Review] = Field(None, description="What it says.")
    review_type: ReviewType | None = Field(None, description="Its kind, such as peer or instructor.")


class SubmissionReviewCreate(BaseEntityCreate, SubmissionReviewUpdate):
    """A review to create; who writes it follows from the caller."""

    artifact_id: str = Field(description="Key of the upload.")
    body: Review = Field(description="What it says.")


class SubmissionReviewQuery(ListQuery):
    """Search for reviews."""

    artifact_id: str | None = Field(None, description="Key of the upload.")
    reviewer_course_member_id: str | None = Field(None, description="Key of the membership of who wrote it.")
    review_type: str | None = Field(None, description="Its kind, such as peer or instructor.")


_OF_STAFF = ("instructor", "automated")


def _speaks_for_themselves(row: Row) -> ColumnElement[bool]:
    kind, role = func.lower(row["review_type"]), row["reviewer_course_member.course_role_id"]
    is_staff = (role == level.value for level in Level.TUTOR.met_by())
    return or_(row["review_type"].is_(None), and_(*(kind != each for each in _OF_STAFF)), *is_staff)


class SubmissionReviewInterface(EntityInterface):
    """What a course member says about an upload."""

    create = SubmissionReviewCreate
    get = SubmissionReviewGet
    list = SubmissionReviewList
    update = SubmissionReviewUpdate
    query = SubmissionReviewQuery
    endpoint = "submission-reviews"
    model = SubmissionReview
    cache_ttl = 60
    policy = Policy(
        read=(
            Grant("artifact.submission_group.members.course_member_id", own_memberships()),
            Grant("reviewer_course_member_id", own_memberships()),
            Grant("artifact.submission_group.course_id", courses(at_least=Level.TUTOR)),
        ),
        create=(Grant("artifact.submission_group.course_id", courses(at_least=Level.STUDENT)),),
        update=(Grant("reviewer_course_member_id", own_memberships()),),
        delete=(
            Grant("reviewer_course_member_id", own_memberships()),
            Grant("artifact.submission_group.course_id", courses(at_least=Level.LECTURER)),
        ),
        checks=(
            Check(
                "Only staff review as instructor or automated.",
                Stage.PLANNED,
                frozenset({Action.CREATE, Action.UPDATE}),
                _speaks_for_themselves,
                "review_type",
            ),
        ),
    )
    # Peers review what they are told of, and do not see.
    links = {"artifact_id": (Grant("submission_group.course_id", courses(at_least=Level.STUDENT)),)}
    derived = {"reviewer_course_member_id": lambda row: own_membership(row["artifact.submission_group.course_id"])}
    default_order = ("created_at",)
    relations = {"artifact": "The upload.", "reviewer_course_member": "Who wrote it."}
