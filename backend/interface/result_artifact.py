"""Result artifact: a file that a test run produced. Where its bytes are stored never leaves."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from backend.access.policy import Action, Grant, Level, Policy, courses, own_memberships
from backend.interface.base import BaseEntityCreate, CreatedEntityList, EntityInterface, ListQuery, UnauthoredEntityGet
from backend.model import ResultArtifact

Size = Annotated[int, Field(ge=0)]
BucketName = Annotated[str, StringConstraints(min_length=1, max_length=255)]
ObjectKey = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
MediaType = Annotated[str, StringConstraints(max_length=120)]


class ResultArtifactList(CreatedEntityList):
    """A file in a list."""

    id: str = Field(description="Key.")
    result_id: str = Field(description="Key of the test run.")
    content_type: str | None = Field(None, max_length=120, description="Media type.")
    file_size: int = Field(description="Bytes.")


class ResultArtifactGet(ResultArtifactList, UnauthoredEntityGet):
    """A file that a test run produced."""

    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class ResultArtifactCreate(BaseEntityCreate):
    """What a worker says of a file that it has stored."""

    result_id: str = Field(description="Key of the test run.")
    content_type: MediaType | None = Field(None, description="Media type.")
    file_size: Size = Field(description="Bytes.")
    bucket_name: BucketName = Field(description="Bucket that it is stored in; never shown again.")
    object_key: ObjectKey = Field(description="Key in the bucket; never shown again.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class ResultArtifactQuery(ListQuery):
    """Search for files of test runs."""

    id: str | None = Field(None, description="Key.")
    result_id: str | None = Field(None, description="Key of the test run.")
    content_type: str | None = Field(None, description="Media type.")


class ResultArtifactInterface(EntityInterface):
    """A file that a test run produced; who sees the run sees it."""

    create = ResultArtifactCreate
    get = ResultArtifactGet
    list = ResultArtifactList
    query = ResultArtifactQuery
    endpoint = "result-artifacts"
    model = ResultArtifact
    cache_ttl = 60
    policy = Policy(
        read=(
            Grant("result.submission_group.members.course_member_id", own_memberships()),
            Grant("result.course_member_id", own_memberships()),
            Grant("result.course_content.course_id", courses(at_least=Level.TUTOR)),
        )
    )
    # Files come from those who run the tests, and go with the run.
    operations = frozenset({Action.CREATE})
    default_order = ("created_at",)
    relations = {"result": "The test run."}
