"""Execution backend: a runner that can test submissions."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, inspect, select

from backend.access.policy import Action, Check, Grant, Level, Policy, Stage, courses
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityList,
    BaseEntityUpdate,
    EntityInterface,
    ListQuery,
    Row,
)
from backend.interface.rules import Kept, LooseSlug
from backend.model import CourseContent, ExecutionBackend

RunnerType = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]

# A column that is added is hidden until it is named here.
_OPEN = frozenset({"id", "slug", "type"})
_FOR_LECTURERS = frozenset(inspect(ExecutionBackend).columns.keys()) - _OPEN


class ExecutionBackendList(BaseEntityList):
    """An execution backend in a list."""

    id: str = Field(description="Key.")
    type: str = Field(max_length=255, description="What kind of runner it is.")
    slug: str = Field(max_length=255, description="Short name, unique.")
    properties: dict[str, Any] | None = Field(
        None, description="Settings of the runner, without secrets; for lecturers."
    )
    created_at: datetime | None = Field(None, description="When it was created; for lecturers.")
    updated_at: datetime | None = Field(None, description="When it was last updated; for lecturers.")


# Not a BaseEntityGet, whose fields are not hidden from anyone.
class ExecutionBackendGet(ExecutionBackendList):
    """An execution backend."""

    version: int | None = Field(None, description="Count of updates, for expectedVersion; for lecturers.")
    created_by_id: str | None = Field(None, description="Key of the user who created it; for lecturers.")
    updated_by_id: str | None = Field(None, description="Key of the user who last updated it; for lecturers.")


class ExecutionBackendUpdate(BaseEntityUpdate):
    """What to change in an execution backend."""

    type: Kept[RunnerType] = Field(None, description="What kind of runner it is.")
    slug: Kept[LooseSlug] = Field(None, description="Short name, unique.")
    properties: dict[str, Any] | None = Field(None, description="Settings of the runner.")


class ExecutionBackendCreate(BaseEntityCreate, ExecutionBackendUpdate):
    """An execution backend to create."""

    type: RunnerType = Field(description="What kind of runner it is.")
    slug: LooseSlug = Field(description="Short name, unique.")


class ExecutionBackendQuery(ListQuery):
    """Search for execution backends."""

    type: str | None = Field(None, description="Type, exactly.")
    slug: str | None = Field(None, description="Slug, exactly.")


def _is_unused(row: Row) -> ColumnElement[bool]:
    content = inspect(CourseContent).columns
    return ~select(content["id"]).where(content["execution_backend_id"] == row["id"]).exists()


class ExecutionBackendInterface(EntityInterface):
    """A runner that can test submissions."""

    create = ExecutionBackendCreate
    get = ExecutionBackendGet
    list = ExecutionBackendList
    update = ExecutionBackendUpdate
    query = ExecutionBackendQuery
    endpoint = "execution-backends"
    model = ExecutionBackend
    cache_ttl = 60
    policy = Policy(
        read=(
            Grant(hides=_FOR_LECTURERS),
            Grant(values=courses(at_least=Level.LECTURER)),
        ),
        checks=(Check("The backend is in use.", Stage.BEFORE, frozenset({Action.DELETE}), _is_unused, conflict=True),),
    )
    default_order = ("slug",)
    # A hidden version is null; it must not read as 0.
    null_reads = {}
    relations = {"course_contents": "The contents that it tests.", "results": "The test runs that it ran."}
