"""Work, test runs, and what people say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from backend.json import Json


class SubmissionGroup(NamedTuple):
    """Of `course_submission_group`."""

    id: str
    created_at: datetime
    course_id: str
    course_content_id: str
    max_group_size: int
    max_test_runs: int | None = None
    max_submissions: int | None = None
    properties: Json | None = None


class SubmissionGroupMember(NamedTuple):
    """Of `course_submission_group_member`."""

    id: str
    created_at: datetime
    course_id: str
    course_submission_group_id: str
    course_member_id: str


class SubmissionArtifact(NamedTuple):
    """Of `submission_artifact`."""

    id: str
    created_at: datetime
    submission_group_id: str
    uploaded_by_course_member_id: str
    uploaded_at: datetime
    version_identifier: str
    submit: bool
    content_type: str | None
    file_size: int
    bucket_name: str
    object_key: str
    properties: Json | None = None


class Result(NamedTuple):
    """Of `result`."""

    id: str
    created_at: datetime
    submit: bool
    course_member_id: str
    course_submission_group_id: str
    course_content_id: str
    course_content_type_id: str
    execution_backend_id: str
    test_system_id: str
    result: float
    result_json: Json | None
    version_identifier: str
    reference_version_identifier: str | None
    status: int
    properties: Json | None
    submission_artifact_id: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ResultArtifact(NamedTuple):
    """Of `result_artifact`."""

    id: str
    created_at: datetime
    result_id: str
    content_type: str | None
    file_size: int
    bucket_name: str
    object_key: str
    properties: Json | None = None


class Grading(NamedTuple):
    """Of `course_submission_group_grading`."""

    id: str
    created_at: datetime
    course_submission_group_id: str
    graded_by_course_member_id: str
    result_id: str
    submission_artifact_id: str | None
    grading: float
    status: int
    feedback: str | None
    created_by: str


class SubmissionReview(NamedTuple):
    """Of `submission_review`."""

    id: str
    created_at: datetime
    artifact_id: str
    reviewer_course_member_id: str
    body: str
    review_type: str | None = None
