"""Course family: a course that is given again and again."""

from typing import Any

from pydantic import Field
from sqlalchemy import Select

from backend.access.policy import Grant, Level, Policy, ScopedLevel, courses, families
from backend.interface.base import BaseEntityCreate, BaseEntityGet, BaseEntityList, BaseEntityUpdate, EntityInterface
from backend.interface.rules import Kept, Path, Title
from backend.interface.search import TreeQuery, along_tree, equalities
from backend.model import CourseFamily


class CourseFamilyList(BaseEntityList):
    """A course family in a list."""

    id: str = Field(description="Key.")
    title: str | None = Field(None, max_length=255, description="Name shown to people.")
    path: str = Field(description="Place in the tree of the organization.")
    organization_id: str = Field(description="Key of the organization.")


class CourseFamilyGet(CourseFamilyList, BaseEntityGet):
    """A course family."""

    description: str | None = Field(None, max_length=4096, description="What it is about.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class CourseFamilyUpdate(BaseEntityUpdate):
    """What to change in a course family; its courses follow it to another organization."""

    title: Title | None = Field(None, description="Name shown to people.")
    description: str | None = Field(None, max_length=4096, description="What it is about.")
    path: Kept[Path] = Field(None, description="Place in the tree of the organization.")
    organization_id: Kept[str] = Field(None, description="Key of the organization.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class CourseFamilyCreate(BaseEntityCreate, CourseFamilyUpdate):
    """A course family to create."""

    path: Path = Field(description="Place in the tree of the organization.")
    organization_id: str = Field(description="Key of the organization.")


class CourseFamilyQuery(TreeQuery):
    """Search for course families."""

    title: str | None = Field(None, description="Title, exactly.")
    description: str | None = Field(None, description="Description, exactly.")
    organization_id: str | None = Field(None, description="Key of the organization.")


def course_family_search(statement: Select[Any], query: CourseFamilyQuery) -> Select[Any]:
    """Course families that agree with all that is given."""
    statement = along_tree(statement, CourseFamily.path, query)
    return equalities(statement, CourseFamily, query, ("title", "description", "organization_id"))


class CourseFamilyInterface(EntityInterface):
    """A course that is given again and again, such as each winter."""

    create = CourseFamilyCreate
    get = CourseFamilyGet
    list = CourseFamilyList
    update = CourseFamilyUpdate
    query = CourseFamilyQuery
    search = course_family_search
    endpoint = "course-families"
    model = CourseFamily
    cache_ttl = 60
    policy = Policy(
        read=(
            Grant("courses.id", courses(at_least=Level.STUDENT)),
            Grant("id", families(at_least=ScopedLevel.DEVELOPER)),
        )
    )
    default_order = ("title",)
    relations = {
        "organization": "The organization that owns it.",
        "courses": "Its runs.",
        "members": "Who may write in it.",
    }
