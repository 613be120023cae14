"""Course group: a seminar or lab group."""

from typing import Any

from pydantic import Field

from backend.access.policy import Grant, Level, Policy, courses
from backend.interface.base import (
    BaseEntityGet,
    BaseEntityList,
    BaseEntityUpdate,
    EntityInterface,
    KeyedEntityCreate,
    ListQuery,
)
from backend.interface.rules import Kept, Title
from backend.model import CourseGroup


class CourseGroupList(BaseEntityList):
    """A course group in a list."""

    id: str = Field(description="Key.")
    title: str | None = Field(None, max_length=255, description="Name shown to people.")
    course_id: str = Field(description="Key of the course.")


class CourseGroupGet(CourseGroupList, BaseEntityGet):
    """A course group."""

    description: str | None = Field(None, max_length=4096, description="What it is about.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class CourseGroupUpdate(BaseEntityUpdate):
    """What to change in a course group; it stays in its course."""

    title: Kept[Title] = Field(None, description="Name shown to people.")
    description: str | None = Field(None, max_length=4096, description="What it is about.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class CourseGroupCreate(KeyedEntityCreate, CourseGroupUpdate):
    """A course group to create."""

    title: Title = Field(description="Name shown to people.")
    course_id: str = Field(description="Key of the course.")


class CourseGroupQuery(ListQuery):
    """Search for course groups."""

    title: str | None = Field(None, description="Title, exactly.")
    course_id: str | None = Field(None, description="Key of the course.")


class CourseGroupInterface(EntityInterface):
    """A seminar or lab group; every student of a course is in one."""

    create = CourseGroupCreate
    get = CourseGroupGet
    list = CourseGroupList
    update = CourseGroupUpdate
    query = CourseGroupQuery
    endpoint = "course-groups"
    model = CourseGroup
    cache_ttl = 60
    policy = Policy(
        read=(Grant("course_id", courses(at_least=Level.STUDENT)),),
        create=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        update=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        delete=(Grant("course_id", courses(at_least=Level.LECTURER)),),
    )
    default_order = ("title",)
    relations = {"course_members": "Who is in it."}
