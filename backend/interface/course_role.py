"""Course role: what a member may do in a course."""

from typing import Any

from pydantic import Field
from sqlalchemy import Select

from backend.access.policy import EVERYONE, Policy
from backend.interface.base import BaseEntityList, EntityInterface, ListQuery
from backend.interface.search import equalities
from backend.model import CourseRole


class CourseRoleList(BaseEntityList):
    """A course role in a list."""

    id: str = Field(description="Key.")
    title: str | None = Field(None, max_length=255, description="Name shown to people.")
    description: str | None = Field(None, max_length=4096, description="What it is for.")
    builtin: bool = Field(description="Whether it belongs to the system.")


class CourseRoleGet(CourseRoleList):
    """A course role."""


class CourseRoleQuery(ListQuery):
    """Search for course roles."""

    id: str | None = Field(None, description="Key, exactly.")
    title: str | None = Field(None, description="Title, exactly.")
    description: str | None = Field(None, description="Description, exactly.")


def course_role_search(statement: Select[Any], query: CourseRoleQuery) -> Select[Any]:
    """Course roles that agree with all that is given."""
    return equalities(statement, CourseRole, query, CourseRoleQuery.model_fields)


class CourseRoleInterface(EntityInterface):
    """What a member may do in a course: _student, _tutor, _lecturer, _maintainer, _owner, each more than the last."""

    get = CourseRoleGet
    list = CourseRoleList
    query = CourseRoleQuery
    search = course_role_search
    endpoint = "course-roles"
    model = CourseRole
    cache_ttl = 600
    policy = Policy(read=(EVERYONE,))
    relations = {"course_members": "Who has it, in whichever course."}
