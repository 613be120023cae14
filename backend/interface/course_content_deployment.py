"""Course content deployment: the example version that an assignment uses or is to use."""

from datetime import datetime
from typing import Any

from pydantic import Field
from sqlalchemy import Select, inspect

from backend.access.policy import Grant, Level, Policy, courses, not_archived
from backend.interface.base import BaseEntityList, EntityInterface, ListQuery
from backend.interface.deployment_status import DeploymentStatus
from backend.interface.search import equalities
from backend.model import CourseContentDeployment

# A column that is added is hidden from students until it is named here.
_OPEN = frozenset({"id", "course_content_id", "deployment_status", "assigned_at", "deployed_at"})
_FOR_TUTORS = frozenset(inspect(CourseContentDeployment).columns.keys()) - _OPEN


class CourseContentDeploymentList(BaseEntityList):
    """A deployment in a list."""

    id: str = Field(description="Key.")
    course_content_id: str = Field(description="Key of the assignment.")
    example_version_id: str | None = Field(None, description="Key of the example version; for tutors.")
    example_identifier: str | None = Field(None, description="Identifier of the example; for tutors.")
    version_tag: str | None = Field(None, max_length=64, description="Tag of the version; for tutors.")
    version_identifier: str | None = Field(None, max_length=64, description="Commit of the release; for tutors.")
    deployment_status: DeploymentStatus | None = Field(None, description="How far it has come.")
    assigned_at: datetime = Field(description="When the example was assigned.")
    deployed_at: datetime | None = Field(None, description="When it was released.")
    created_at: datetime | None = Field(None, description="When it was created; for tutors.")
    updated_at: datetime | None = Field(None, description="When it was last updated; for tutors.")


class CourseContentDeploymentGet(CourseContentDeploymentList):
    """The example version that an assignment uses or is to use."""

    deployment_message: str | None = Field(None, description="Why it failed; for tutors.")
    last_attempt_at: datetime | None = Field(None, description="When a release last began; for tutors.")
    deployment_path: str | None = Field(None, description="Directory in the template of students; for tutors.")
    deployment_metadata: dict[str, Any] | None = Field(None, description="What the job reported; for tutors.")
    workflow_id: str | None = Field(None, max_length=255, description="Key of the last job; for tutors.")
    created_by_id: str | None = Field(None, description="Key of the user who created it; for tutors.")
    updated_by_id: str | None = Field(None, description="Key of the user who last updated it; for tutors.")


class CourseContentDeploymentQuery(ListQuery):
    """Search for deployments."""

    course_content_id: str | None = Field(None, description="Key of the assignment.")
    example_version_id: str | None = Field(None, description="Key of the example version.")
    deployment_status: DeploymentStatus | None = Field(None, description="How far it has come.")
    deployed: bool | None = Field(None, description="Whether it was ever released.")
    failed: bool | None = Field(None, description="Whether the last release failed.")


def course_content_deployment_search(statement: Select[Any], query: CourseContentDeploymentQuery) -> Select[Any]:
    """Deployments that agree with all that is given."""
    deployment = CourseContentDeployment
    statement = equalities(
        statement, deployment, query, ("course_content_id", "example_version_id", "deployment_status")
    )
    if query.deployed is not None:
        deployed = deployment.deployed_at.is_not(None)
        statement = statement.where(deployed if query.deployed else ~deployed)
    if query.failed is not None:
        failed = deployment.deployment_status.is_not_distinct_from(DeploymentStatus.FAILED.value)
        statement = statement.where(failed if query.failed else ~failed)
    return statement


class CourseContentDeploymentInterface(EntityInterface):
    """The example version that an assignment uses or is to use. It changes by operations of its own."""

    get = CourseContentDeploymentGet
    list = CourseContentDeploymentList
    query = CourseContentDeploymentQuery
    search = course_content_deployment_search
    endpoint = "course-content-deployments"
    model = CourseContentDeployment
    cache_ttl = 60
    policy = Policy(
        read=(
            Grant(
                "course_content.course_id",
                courses(at_least=Level.STUDENT),
                where=not_archived("course_content.archived_at"),
                hides=_FOR_TUTORS,
            ),
            Grant("course_content.course_id", courses(at_least=Level.TUTOR)),
        )
    )
    default_order = ("-assigned_at",)
    relations = {"history": "What happened to it, the newest first."}
