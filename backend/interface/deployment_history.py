"""Deployment history: an entry of the log of a deployment, which only grows."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field
from sqlalchemy import inspect

from backend.access.policy import Grant, Level, Policy, courses, not_archived
from backend.interface.base import BaseEntityList, EntityInterface, ListQuery
from backend.model import DeploymentHistory

# A column that is added is hidden from students until it is named here.
_OPEN = frozenset({"id", "deployment_id", "action", "created_at"})
_FOR_TUTORS = frozenset(inspect(DeploymentHistory).columns.keys()) - _OPEN


class DeploymentAction(StrEnum):
    """What happened to a deployment."""

    ASSIGNED = "assigned"
    REASSIGNED = "reassigned"
    DEPLOYING = "deploying"
    DEPLOYED = "deployed"
    FAILED = "failed"
    UNASSIGNED = "unassigned"
    UPDATED = "updated"
    MIGRATED = "migrated"


class DeploymentHistoryList(BaseEntityList):
    """An entry in a list."""

    id: str = Field(description="Key.")
    deployment_id: str = Field(description="Key of the deployment.")
    action: DeploymentAction | None = Field(None, description="What happened.")
    created_at: datetime = Field(description="When it happened.")
    workflow_id: str | None = Field(None, max_length=255, description="Key of the job; for tutors.")


class DeploymentHistoryGet(DeploymentHistoryList):
    """An entry of the log of a deployment."""

    action_details: str | None = Field(None, description="More about it; for tutors.")
    example_version_id: str | None = Field(None, description="Key of the version then assigned; for tutors.")
    previous_example_version_id: str | None = Field(None, description="Key of the version before; for tutors.")
    example_identifier: str | None = Field(None, description="Identifier of the example then; for tutors.")
    version_tag: str | None = Field(None, max_length=64, description="Tag of the version then; for tutors.")
    meta: dict[str, Any] | None = Field(None, description="What the job reported; for tutors.")
    created_by_id: str | None = Field(None, description="Key of the user who did it; for tutors.")


class DeploymentHistoryQuery(ListQuery):
    """Search for entries."""

    deployment_id: str | None = Field(None, description="Key of the deployment.")
    action: DeploymentAction | None = Field(None, description="What happened.")


class DeploymentHistoryInterface(EntityInterface):
    """An entry of the log of a deployment, which only grows."""

    get = DeploymentHistoryGet
    list = DeploymentHistoryList
    query = DeploymentHistoryQuery
    endpoint = "deployment-histories"
    model = DeploymentHistory
    cache_ttl = 300
    policy = Policy(
        read=(
            Grant(
                "deployment.course_content.course_id",
                courses(at_least=Level.STUDENT),
                where=not_archived("deployment.course_content.archived_at"),
                hides=_FOR_TUTORS,
            ),
            Grant("deployment.course_content.course_id", courses(at_least=Level.TUTOR)),
        )
    )
    default_order = ("-created_at",)
