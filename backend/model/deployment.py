"""Which example version an assignment uses, and how that came about."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import (
    JSON,
    TIMESTAMP,
    UUID,
    AuthoredByKey,
    Base,
    Created,
    CreatedByKey,
    Keyed,
    Ltree,
    Timed,
    reference,
    to_many,
    to_one,
)

if TYPE_CHECKING:
    from backend.model.course_content import CourseContent
    from backend.model.example import ExampleVersion


class CourseContentDeployment(Keyed, Timed, AuthoredByKey, Base):
    """The example version that an assignment uses or is to use."""

    __tablename__ = "course_content_deployment"
    __table_args__ = (
        UniqueConstraint("course_content_id", name="uq_deployment_per_content"),
        CheckConstraint(
            "deployment_status IN ('pending', 'deploying', 'deployed', 'failed', 'unassigned')",
            name="course_content_deployment_deployment_status_check",
        ),
        Index(None, "assigned_at", "id"),
        Index("idx_deployment_deployed_at", "deployed_at"),
        Index("idx_deployment_example_identifier", "example_identifier"),
        Index("idx_deployment_example_version", "example_version_id"),
        Index("idx_deployment_status", "deployment_status"),
        Index("idx_deployment_version_tag", "version_tag"),
        Index("course_content_deployment_example_identifier_gist", "example_identifier", postgresql_using="gist"),
    )

    course_content_id: Mapped[str] = mapped_column(UUID, reference("course_content.id", onupdate=None))
    example_version_id: Mapped[str | None] = mapped_column(
        UUID, reference("example_version.id", ondelete="SET NULL", onupdate=None)
    )
    example_identifier: Mapped[str | None] = mapped_column(Ltree)
    version_tag: Mapped[str | None] = mapped_column(String(64))
    version_identifier: Mapped[str | None] = mapped_column(String(64))
    deployment_status: Mapped[str] = mapped_column(String(32), server_default=text("'pending'::text"))
    deployment_message: Mapped[str | None] = mapped_column(Text)
    assigned_at: Mapped[datetime] = mapped_column(TIMESTAMP, server_default=func.now())
    deployed_at: Mapped[datetime | None] = mapped_column(TIMESTAMP)
    last_attempt_at: Mapped[datetime | None] = mapped_column(TIMESTAMP)
    deployment_path: Mapped[str | None] = mapped_column(Text)
    deployment_metadata: Mapped[dict[str, Any] | None] = mapped_column(JSON, server_default=text("'{}'::jsonb"))
    workflow_id: Mapped[str | None] = mapped_column(String(255))

    course_content: Mapped["CourseContent"] = to_one(
        "CourseContentDeployment.course_content_id", "CourseContent", back="deployment"
    )
    example_version: Mapped["ExampleVersion | None"] = to_one(
        "CourseContentDeployment.example_version_id", "ExampleVersion", back="deployments"
    )
    history: Mapped[list["DeploymentHistory"]] = to_many(
        "CourseContentDeployment", "DeploymentHistory.deployment_id", back="deployment"
    )


class DeploymentHistory(Keyed, Created, CreatedByKey, Base):
    """An entry of the append-only log of a deployment."""

    __tablename__ = "deployment_history"
    __table_args__ = (
        CheckConstraint(
            "action IN"
            " ('assigned', 'reassigned', 'deploying', 'deployed', 'failed', 'unassigned', 'updated', 'migrated')",
            name="deployment_history_action_check",
        ),
        Index("idx_history_action", "action"),
        Index("idx_history_created_at", "created_at"),
        Index("idx_history_deployment_id", "deployment_id"),
        Index("idx_history_example_identifier", "example_identifier"),
        Index("idx_history_version_tag", "version_tag"),
        Index("idx_history_workflow_id", "workflow_id"),
        Index("deployment_history_example_identifier_gist", "example_identifier", postgresql_using="gist"),
    )

    deployment_id: Mapped[str] = mapped_column(UUID, reference("course_content_deployment.id", onupdate=None))
    action: Mapped[str] = mapped_column(String(32))
    action_details: Mapped[str | None] = mapped_column(Text)
    example_version_id: Mapped[str | None] = mapped_column(
        UUID, reference("example_version.id", ondelete="SET NULL", onupdate=None), index=True
    )
    previous_example_version_id: Mapped[str | None] = mapped_column(
        UUID, reference("example_version.id", ondelete="SET NULL", onupdate=None), index=True
    )
    example_identifier: Mapped[str | None] = mapped_column(Ltree)
    version_tag: Mapped[str | None] = mapped_column(String(64))
    meta: Mapped[dict[str, Any] | None] = mapped_column(JSON, server_default=text("'{}'::jsonb"))
    workflow_id: Mapped[str | None] = mapped_column(String(255))

    deployment: Mapped["CourseContentDeployment"] = to_one(
        "DeploymentHistory.deployment_id", "CourseContentDeployment", back="history"
    )
    example_version: Mapped["ExampleVersion | None"] = to_one("DeploymentHistory.example_version_id", "ExampleVersion")
    previous_example_version: Mapped["ExampleVersion | None"] = to_one(
        "DeploymentHistory.previous_example_version_id", "ExampleVersion"
    )
