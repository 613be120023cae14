"""Course content type: a course's own division of a kind."""

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
from backend.interface.rules import Color, Kept, LooseSlug, Title
from backend.model import CourseContentType

DEFAULT_COLOR = "green"


class CourseContentTypeList(BaseEntityList):
    """A content type in a list."""

    id: str = Field(description="Key.")
    slug: str = Field(max_length=255, description="Short name, unique in the course and kind.")
    title: str | None = Field(None, max_length=255, description="Name shown to people.")
    color: str = Field(max_length=255, description="Colour that it is shown in.")
    course_content_kind_id: str = Field(description="Key of the kind.")
    course_id: str = Field(description="Key of the course.")


class CourseContentTypeGet(CourseContentTypeList, BaseEntityGet):
    """A content type."""

    description: str | None = Field(None, max_length=4096, description="What it is for.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class CourseContentTypeUpdate(BaseEntityUpdate):
    """What to change in a content type; kind and course stay."""

    slug: Kept[LooseSlug] = Field(None, description="Short name, unique in the course and kind.")
    title: Title | None = Field(None, description="Name shown to people.")
    description: str | None = Field(None, max_length=4096, description="What it is for.")
    color: Color | None = Field(None, description="Hex, rgb(), rgba(), hsl(), hsla() or a name; null is green.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class CourseContentTypeCreate(KeyedEntityCreate, CourseContentTypeUpdate):
    """A content type to create."""

    slug: LooseSlug = Field(description="Short name, unique in the course and kind.")
    color: Color = Field(DEFAULT_COLOR, description="Hex, rgb(), rgba(), hsl(), hsla() or a name.")
    course_content_kind_id: str = Field(description="Key of the kind.")
    course_id: str = Field(description="Key of the course.")


class CourseContentTypeQuery(ListQuery):
    """Search for content types."""

    slug: str | None = Field(None, description="Slug, exactly.")
    title: str | None = Field(None, description="Title, exactly.")
    description: str | None = Field(None, description="Description, exactly.")
    color: str | None = Field(None, description="Colour, exactly.")
    course_content_kind_id: str | None = Field(None, description="Key of the kind.")
    course_id: str | None = Field(None, description="Key of the course.")


class CourseContentTypeInterface(EntityInterface):
    """A course's own division of a kind, with a colour: weekly, mandatory."""

    create = CourseContentTypeCreate
    get = CourseContentTypeGet
    list = CourseContentTypeList
    update = CourseContentTypeUpdate
    query = CourseContentTypeQuery
    endpoint = "course-content-types"
    model = CourseContentType
    cache_ttl = 60
    policy = Policy(
        read=(Grant("course_id", courses(at_least=Level.STUDENT)),),
        create=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        update=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        delete=(Grant("course_id", courses(at_least=Level.LECTURER)),),
    )
    default_order = ("slug",)
    null_reads = {**EntityInterface.null_reads, "color": DEFAULT_COLOR}
    relations = {
        "course_content_kind": "The kind that it divides.",
        "course_contents": "The contents of this type.",
        "results": "The test runs of its contents.",
    }
