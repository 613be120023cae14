"""Example version: an immutable snapshot of an example. Where its files are stored never leaves."""

from typing import Annotated

from pydantic import Field, StringConstraints

from backend.access.policy import Action, Grant, Level, Policy, courses
from backend.interface.base import BaseEntityCreate, CreatedEntityList, EntityInterface, ListQuery, WrittenOnceEntityGet
from backend.interface.rules import LARGEST_INTEGER
from backend.model import ExampleVersion

VersionTag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
VersionNumber = Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]


class ExampleVersionList(CreatedEntityList):
    """A version of an example in a list."""

    id: str = Field(description="Key.")
    example_id: str = Field(description="Key of the example.")
    version_tag: str = Field(max_length=64, description="What people call the version.")
    version_number: int = Field(description="Place among the versions, from 1.")


class ExampleVersionGet(ExampleVersionList, WrittenOnceEntityGet):
    """An immutable snapshot of an example."""

    meta_yaml: str = Field(description="Descriptor, as YAML.")
    test_yaml: str | None = Field(None, description="Specification of its tests, as YAML.")


class ExampleVersionCreate(BaseEntityCreate):
    """A version of an example to create."""

    example_id: str = Field(description="Key of the example.")
    version_tag: VersionTag = Field(description="What people call the version.")
    version_number: VersionNumber = Field(description="Place among the versions, from 1.")
    storage_path: str = Field(min_length=1, description="Where its files are stored; never shown again.")
    meta_yaml: str = Field(description="Descriptor, as YAML.")
    test_yaml: str | None = Field(None, description="Specification of its tests, as YAML.")


class ExampleVersionQuery(ListQuery):
    """Search for versions of examples."""

    example_id: str | None = Field(None, description="Key of the example.")
    version_tag: str | None = Field(None, description="Tag, exactly.")


class ExampleVersionInterface(EntityInterface):
    """An immutable snapshot of an example."""

    create = ExampleVersionCreate
    get = ExampleVersionGet
    list = ExampleVersionList
    query = ExampleVersionQuery
    endpoint = "example-versions"
    model = ExampleVersion
    cache_ttl = 300
    policy = Policy(read=(Grant(values=courses(at_least=Level.LECTURER)),))
    operations = frozenset({Action.CREATE})
    default_order = ("-version_number",)
    relations = {"deployments": "The assignments that use it."}
