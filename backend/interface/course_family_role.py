"""Course family role: what a member may do in a course family."""

from typing import Any

from pydantic import Field
from sqlalchemy import Select

from backend.access.policy import EVERYONE, Policy
from backend.interface.base import BaseEntityList, EntityInterface, ListQuery
from backend.interface.search import equalities
from backend.model import CourseFamilyRole


class CourseFamilyRoleList(BaseEntityList):
    """A course family role in a list."""

    id: str = Field(description="Key.")
    title: str | None = Field(None, max_length=255, description="Name shown to people.")
    description: str | None = Field(None, max_length=4096, description="What it is for.")
    builtin: bool = Field(description="Whether it belongs to the system.")


class CourseFamilyRoleGet(CourseFamilyRoleList):
    """A course family role."""


class CourseFamilyRoleQuery(ListQuery):
    """Search for course family roles."""

    id: str | None = Field(None, description="Key, exactly.")
    title: str | None = Field(None, description="Title, exactly.")
    description: str | None = Field(None, description="Description, exactly.")


def course_family_role_search(statement: Select[Any], query: CourseFamilyRoleQuery) -> Select[Any]:
    """Course family roles that agree with all that is given."""
    return equalities(statement, CourseFamilyRole, query, CourseFamilyRoleQuery.model_fields)


class CourseFamilyRoleInterface(EntityInterface):
    """What a member may do in a course family: _developer, _manager, _owner, each more than the last."""

    get = CourseFamilyRoleGet
    list = CourseFamilyRoleList
    query = CourseFamilyRoleQuery
    search = course_family_role_search
    endpoint = "course-family-roles"
    model = CourseFamilyRole
    cache_ttl = 600
    policy = Policy(read=(EVERYONE,))
    relations = {"course_family_members": "Who has it, in whichever course family."}
