"""The library of examples: repositories, examples, their versions and dependencies."""

from typing import TYPE_CHECKING

from sqlalchemy import ARRAY, CheckConstraint, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import (
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
    from backend.model.deployment import CourseContentDeployment
    from backend.model.organization import Organization


class ExampleRepository(Keyed, Timed, AuthoredByKey, Base):
    """A place that holds examples; `access_credentials` is a secret."""

    __tablename__ = "example_repository"
    __table_args__ = (
        CheckConstraint("source_type IN ('git', 'minio', 'github', 's3', 'gitlab')", name="check_source_type"),
        UniqueConstraint("source_url"),
        Index(None, "name", "id"),
    )

    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    source_type: Mapped[str] = mapped_column(String(20))
    source_url: Mapped[str] = mapped_column(Text)
    access_credentials: Mapped[str | None] = mapped_column(Text)
    default_version: Mapped[str | None] = mapped_column(String(100))
    organization_id: Mapped[str | None] = mapped_column(
        UUID, reference("organization.id", ondelete=None, onupdate=None), index=True
    )

    organization: Mapped["Organization | None"] = to_one(
        "ExampleRepository.organization_id", "Organization", back="example_repositories"
    )
    examples: Mapped[list["Example"]] = to_many(
        "ExampleRepository", "Example.example_repository_id", back="example_repository"
    )


class Example(Keyed, Timed, AuthoredByKey, Base):
    """The source of an assignment, reusable and versioned."""

    __tablename__ = "example"
    __table_args__ = (
        CheckConstraint("directory ~ '^[a-zA-Z0-9._-]+$'", name="check_directory_format"),
        UniqueConstraint("example_repository_id", "directory", name="unique_example_per_directory"),
        UniqueConstraint("example_repository_id", "identifier", name="unique_example_per_identifier"),
        Index(None, "title", "id"),
        Index("example_identifier_gist", "identifier", postgresql_using="gist"),
    )

    example_repository_id: Mapped[str] = mapped_column(UUID, reference("example_repository.id", onupdate=None))
    directory: Mapped[str] = mapped_column(String(255))
    identifier: Mapped[str] = mapped_column(Ltree)
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(String(100))
    tags: Mapped[list[str]] = mapped_column(ARRAY(String), server_default=text("'{}'::character varying[]"))

    example_repository: Mapped["ExampleRepository"] = to_one(
        "Example.example_repository_id", "ExampleRepository", back="examples"
    )
    dependencies: Mapped[list["ExampleDependency"]] = to_many("Example", "ExampleDependency.example_id", back="example")
    dependents: Mapped[list["ExampleDependency"]] = to_many("Example", "ExampleDependency.depends_id", back="depends")
    versions: Mapped[list["ExampleVersion"]] = to_many("Example", "ExampleVersion.example_id", back="example")


class ExampleVersion(Keyed, Created, CreatedByKey, Base):
    """An immutable snapshot of an example."""

    __tablename__ = "example_version"
    __table_args__ = (
        UniqueConstraint("example_id", "version_number", name="unique_example_version_number"),
        UniqueConstraint("example_id", "version_tag", name="unique_example_version_tag"),
        CheckConstraint("version_number >= 1", name="example_version_version_number_check"),
        Index(None, "version_number", "id"),
    )

    example_id: Mapped[str] = mapped_column(UUID, reference("example.id", onupdate=None))
    version_tag: Mapped[str] = mapped_column(String(64))
    version_number: Mapped[int] = mapped_column(Integer)
    storage_path: Mapped[str] = mapped_column(Text)
    meta_yaml: Mapped[str] = mapped_column(Text)
    test_yaml: Mapped[str | None] = mapped_column(Text)

    example: Mapped["Example"] = to_one("ExampleVersion.example_id", "Example", back="versions")
    deployments: Mapped[list["CourseContentDeployment"]] = to_many(
        "ExampleVersion", "CourseContentDeployment.example_version_id", back="example_version"
    )


class ExampleDependency(Keyed, Created, Base):
    """One example needs another; no `version_constraint` means its latest version."""

    __tablename__ = "example_dependency"
    __table_args__ = (
        CheckConstraint("depends_id <> example_id", name="example_dependency_check"),
        UniqueConstraint("example_id", "depends_id", name="unique_example_dependency"),
        Index(None, "created_at", "id"),
    )

    example_id: Mapped[str] = mapped_column(UUID, reference("example.id", onupdate=None))
    depends_id: Mapped[str] = mapped_column(UUID, reference("example.id", onupdate=None), index=True)
    version_constraint: Mapped[str | None] = mapped_column(String(100))

    example: Mapped["Example"] = to_one("ExampleDependency.example_id", "Example", back="dependencies")
    depends: Mapped["Example"] = to_one("ExampleDependency.depends_id", "Example", back="dependents")
