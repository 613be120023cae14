"""Course content kind: what a node of a course can hold."""

from pydantic import Field

from backend.access.policy import EVERYONE, Policy
from backend.interface.base import BaseEntityList, EntityInterface, ListQuery
from backend.model import CourseContentKind


class CourseContentKindList(BaseEntityList):
    """A kind in a list."""

    id: str = Field(description="Key.")
    title: str | None = Field(None, max_length=255, description="Name shown to people.")
    has_ascendants: bool = Field(description="Whether it may stand below another node.")
    has_descendants: bool = Field(description="Whether other nodes may stand below it.")
    submittable: bool = Field(description="Whether it takes submissions.")


class CourseContentKindGet(CourseContentKindList):
    """A kind of contents."""

    description: str | None = Field(None, max_length=4096, description="What it is for.")


class CourseContentKindQuery(ListQuery):
    """Search for kinds."""

    id: str | None = Field(None, description="Key, exactly.")
    title: str | None = Field(None, description="Title, exactly.")
    description: str | None = Field(None, description="Description, exactly.")
    has_ascendants: bool | None = Field(None, description="Whether it may stand below another node.")
    has_descendants: bool | None = Field(None, description="Whether other nodes may stand below it.")
    submittable: bool | None = Field(None, description="Whether it takes submissions.")


class CourseContentKindInterface(EntityInterface):
    """What a node of a course can hold: a unit holds other nodes, an assignment takes submissions."""

    get = CourseContentKindGet
    list = CourseContentKindList
    query = CourseContentKindQuery
    endpoint = "course-content-kinds"
    model = CourseContentKind
    cache_ttl = 600
    policy = Policy(read=(EVERYONE,))
    relations = {"course_content_types": "The types of all courses that belong to it."}
