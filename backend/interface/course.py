"""Course: one run of a course family."""

from typing import Any

from pydantic import Field
from sqlalchemy import Select, select

from backend.access.policy import Grant, Level, Policy, courses
from backend.interface.base import BaseEntityGet, BaseEntityList, BaseEntityUpdate, EntityInterface, KeyedEntityCreate
from backend.interface.rules import Path, Title
from backend.interface.search import TreeQuery, along_tree, equalities
from backend.model import Course, CourseContent


class CourseList(BaseEntityList):
    """A course in a list."""

    id: str = Field(description="Key.")
    title: str | None = Field(None, max_length=255, description="Name shown to people.")
    path: str = Field(description="Place in the tree of the family.")
    course_family_id: str = Field(description="Key of the course family.")
    organization_id: str = Field(description="Key of the organization.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class CourseGet(CourseList, BaseEntityGet):
    """A course."""

    description: str | None = Field(None, max_length=4096, description="What it is about.")


class CourseUpdate(BaseEntityUpdate):
    """What to change in a course; path and family stay."""

    title: Title | None = Field(None, description="Name shown to people.")
    description: str | None = Field(None, max_length=4096, description="What it is about.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class CourseCreate(KeyedEntityCreate, CourseUpdate):
    """A course to create; its organization follows from the family."""

    path: Path = Field(description="Place in the tree of the family.")
    course_family_id: str = Field(description="Key of the course family.")


class CourseQuery(TreeQuery):
    """Search for courses."""

    title: str | None = Field(None, description="Title, exactly.")
    description: str | None = Field(None, description="Description, exactly.")
    course_family_id: str | None = Field(None, description="Key of the course family.")
    organization_id: str | None = Field(None, description="Key of the organization.")
    provider_url: str | None = Field(None, description="URL of the GitLab instance.")
    full_path: str | None = Field(None, description="Full path of the GitLab group.")


def course_search(statement: Select[Any], query: CourseQuery) -> Select[Any]:
    """Courses that agree with all that is given."""
    statement = along_tree(statement, Course.path, query)
    statement = equalities(statement, Course, query, ("title", "description", "course_family_id", "organization_id"))
    if query.provider_url is not None:
        statement = statement.where(Course.properties["gitlab"]["url"].astext == query.provider_url)
    if query.full_path is not None:
        statement = statement.where(Course.properties["gitlab"]["full_path"].astext == query.full_path)
    return statement


def active_courses() -> Select[Any]:
    """Courses with any content that is not archived."""
    return select(Course).where(Course.contents.any(CourseContent.archived_at.is_(None)))


class CourseInterface(EntityInterface):
    """A course: one run of a course family."""

    create = CourseCreate
    get = CourseGet
    list = CourseList
    update = CourseUpdate
    query = CourseQuery
    search = course_search
    endpoint = "courses"
    model = Course
    cache_ttl = 300
    policy = Policy(
        read=(Grant("id", courses(at_least=Level.STUDENT)),),
        update=(Grant("id", courses(at_least=Level.LECTURER)),),
        delete=(Grant("id", courses(at_least=Level.OWNER)),),
    )
    # A family that moves to another organization takes all its courses along.
    locks = ("course_family",)
    children = ("course_groups", "content_types", "contents", "members")
    derived = {"organization_id": lambda row: row["course_family.organization_id"]}
    default_order = ("title",)
    nested_orders = {"members": ("user.family_name", "user.given_name")}
    relations = {"members": "Who takes part, by family name.", "contents": "Its tree of contents, depth first."}
