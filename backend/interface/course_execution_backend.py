"""Course execution backend: a runner that a course may use."""

from typing import Any

from pydantic import Field
from sqlalchemy import ColumnElement, select

from backend.access.policy import Action, Check, Grant, Level, Policy, Stage, courses
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityGet,
    BaseEntityList,
    BaseEntityUpdate,
    EntityInterface,
    ListQuery,
    Row,
)
from backend.model import CourseContent, CourseExecutionBackend
from backend.model.base import table_of


class CourseExecutionBackendList(BaseEntityList):
    """A runner of a course in a list."""

    execution_backend_id: str = Field(description="Key of the execution backend.")
    course_id: str = Field(description="Key of the course.")


class CourseExecutionBackendGet(CourseExecutionBackendList, BaseEntityGet):
    """A runner that a course may use."""

    properties: dict[str, Any] | None = Field(None, description="Settings of this course, without secrets.")


class CourseExecutionBackendUpdate(BaseEntityUpdate):
    """What to change in it; which course may use which runner is its key."""

    properties: dict[str, Any] | None = Field(None, description="Settings of this course.")


class CourseExecutionBackendCreate(BaseEntityCreate, CourseExecutionBackendUpdate):
    """A runner to give to a course."""

    execution_backend_id: str = Field(description="Key of the execution backend.")
    course_id: str = Field(description="Key of the course.")


class CourseExecutionBackendQuery(ListQuery):
    """Search for runners of courses."""

    execution_backend_id: str | None = Field(None, description="Key of the execution backend.")
    course_id: str | None = Field(None, description="Key of the course.")


def _is_unused(row: Row) -> ColumnElement[bool]:
    content = table_of(CourseContent).alias()
    same = (content.c.course_id == row["course_id"], content.c.execution_backend_id == row["execution_backend_id"])
    return ~select(content.c.id).where(*same).exists()


class CourseExecutionBackendInterface(EntityInterface):
    """A runner that a course may use."""

    create = CourseExecutionBackendCreate
    get = CourseExecutionBackendGet
    list = CourseExecutionBackendList
    update = CourseExecutionBackendUpdate
    query = CourseExecutionBackendQuery
    endpoint = "course-execution-backends"
    model = CourseExecutionBackend
    cache_ttl = 600
    policy = Policy(
        read=(Grant("course_id", courses(at_least=Level.STUDENT)),),
        create=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        update=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        delete=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        checks=(
            Check(
                "Contents of the course are tested by it.",
                Stage.BEFORE,
                frozenset({Action.DELETE}),
                _is_unused,
                conflict=True,
            ),
        ),
    )
