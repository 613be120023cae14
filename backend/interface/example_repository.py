"""Example repository: a place that holds examples. How to get in there never leaves."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, Select, Text, func, literal_column

from backend.access.policy import Grant, Level, Policy, courses
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityList,
    BaseEntityUpdate,
    EntityInterface,
    Expression,
    ListQuery,
    Row,
    UnversionedEntityGet,
)
from backend.interface.rules import Kept
from backend.interface.search import equalities
from backend.model import ExampleRepository

RepositoryName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


class ExampleSource(StrEnum):
    """What kind of place examples come from."""

    GIT = "git"
    MINIO = "minio"
    GITHUB = "github"
    S3 = "s3"
    GITLAB = "gitlab"


class ExampleRepositoryList(BaseEntityList):
    """An example repository in a list."""

    id: str = Field(description="Key.")
    name: str = Field(max_length=255, description="Name shown to people.")
    description: str | None = Field(None, description="What is in it.")
    source_type: ExampleSource | None = Field(None, description="What kind of place it is.")
    source_url: str = Field(
        description="Where it is, without user and query; in object storage, the path begins with the bucket."
    )
    organization_id: str | None = Field(None, description="Key of the organization that owns it.")


class ExampleRepositoryGet(ExampleRepositoryList, UnversionedEntityGet):
    """A place that holds examples."""

    default_version: str | None = Field(None, max_length=100, description="Branch or version to read.")


class ExampleRepositoryUpdate(BaseEntityUpdate):
    """What to change in an example repository; where it is stays."""

    name: Kept[RepositoryName] = Field(None, description="Name shown to people.")
    description: str | None = Field(None, description="What is in it.")
    access_credentials: str | None = Field(None, description="How to get in; never shown again.")
    default_version: str | None = Field(None, max_length=100, description="Branch or version to read.")


class ExampleRepositoryCreate(BaseEntityCreate, ExampleRepositoryUpdate):
    """An example repository to create."""

    name: RepositoryName = Field(description="Name shown to people.")
    source_type: ExampleSource = Field(ExampleSource.GIT, description="What kind of place it is.")
    source_url: str = Field(min_length=1, description="Where it is.")
    organization_id: str | None = Field(None, description="Key of the organization that owns it.")


class ExampleRepositoryQuery(ListQuery):
    """Search for example repositories."""

    name: str | None = Field(None, description="Part of the name, whatever the case.")
    source_type: ExampleSource | None = Field(None, description="What kind of place it is.")
    organization_id: str | None = Field(None, description="Key of the organization that owns it.")


def example_repository_search(statement: Select[Any], query: ExampleRepositoryQuery) -> Select[Any]:
    """Example repositories that agree with all that is given."""
    statement = equalities(statement, ExampleRepository, query, ("source_type", "organization_id"))
    if query.name is not None:
        statement = statement.where(ExampleRepository.name.icontains(query.name, autoescape=True))
    return statement


def _without_secrets(row: Row) -> ColumnElement[Any]:
    """The address without user, password, query and fragment, any of which may let somebody in.

    A password may hold any character, so all goes that stands before the last @.
    """
    of_url = literal_column(r"'^([a-zA-Z][a-zA-Z0-9+.-]*://)?(?:.*@)?([^?#]*).*$'", Text)
    return func.regexp_replace(row["source_url"], of_url, literal_column(r"'\1\2'", Text), type_=Text)


class ExampleRepositoryInterface(EntityInterface):
    """A place that holds examples."""

    create = ExampleRepositoryCreate
    get = ExampleRepositoryGet
    list = ExampleRepositoryList
    update = ExampleRepositoryUpdate
    query = ExampleRepositoryQuery
    search = example_repository_search
    endpoint = "example-repositories"
    model = ExampleRepository
    policy = Policy(read=(Grant(values=courses(at_least=Level.LECTURER)),))
    computed = {"source_url": Expression(_without_secrets)}
    default_order = ("name",)
    relations = {"examples": "What it holds."}
