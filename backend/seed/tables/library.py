"""Examples, and where they are deployed to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from backend.json import Json


class ExampleRepository(NamedTuple):
    """Of `example_repository`."""

    id: str
    created_at: datetime
    name: str
    source_type: str
    source_url: str
    description: str | None = None
    access_credentials: str | None = None
    default_version: str | None = None
    organization_id: str | None = None
    created_by: str | None = None


class Example(NamedTuple):
    """Of `example`."""

    id: str
    created_at: datetime
    updated_at: datetime
    example_repository_id: str
    directory: str
    identifier: str
    title: str
    tags: tuple[str, ...]
    description: str | None = None
    category: str | None = None
    created_by: str | None = None


class ExampleVersion(NamedTuple):
    """Of `example_version`, which is written once."""

    id: str
    created_at: datetime
    example_id: str
    version_tag: str
    version_number: int
    storage_path: str
    meta_yaml: str
    test_yaml: str | None = None
    created_by: str | None = None


class ExampleDependency(NamedTuple):
    """Of `example_dependency`, which is written once."""

    id: str
    created_at: datetime
    example_id: str
    depends_id: str
    version_constraint: str | None = None


class Deployment(NamedTuple):
    """Of `course_content_deployment`."""

    id: str
    created_at: datetime
    updated_at: datetime
    course_content_id: str
    deployment_status: str
    assigned_at: datetime
    example_version_id: str | None = None
    example_identifier: str | None = None
    version_tag: str | None = None
    version_identifier: str | None = None
    deployment_message: str | None = None
    deployed_at: datetime | None = None
    last_attempt_at: datetime | None = None
    deployment_path: str | None = None
    deployment_metadata: Json | None = None
    workflow_id: str | None = None
    created_by: str | None = None
    updated_by: str | None = None


class DeploymentHistory(NamedTuple):
    """Of `deployment_history`, which is written once."""

    id: str
    created_at: datetime
    deployment_id: str
    action: str
    action_details: str | None = None
    example_version_id: str | None = None
    previous_example_version_id: str | None = None
    example_identifier: str | None = None
    version_tag: str | None = None
    meta: Json | None = None
    workflow_id: str | None = None
    created_by: str | None = None
