"""Organization role: what a member may do in an organization."""

from typing import Any

from pydantic import Field
from sqlalchemy import Select

from backend.access.policy import EVERYONE, Policy
from backend.interface.base import BaseEntityList, EntityInterface, ListQuery
from backend.interface.search import equalities
from backend.model import OrganizationRole


class OrganizationRoleList(BaseEntityList):
    """An organization role in a list."""

    id: str = Field(description="Key.")
    title: str | None = Field(None, max_length=255, description="Name shown to people.")
    description: str | None = Field(None, max_length=4096, description="What it is for.")
    builtin: bool = Field(description="Whether it belongs to the system.")


class OrganizationRoleGet(OrganizationRoleList):
    """An organization role."""


class OrganizationRoleQuery(ListQuery):
    """Search for organization roles."""

    id: str | None = Field(None, description="Key, exactly.")
    title: str | None = Field(None, description="Title, exactly.")
    description: str | None = Field(None, description="Description, exactly.")


def organization_role_search(statement: Select[Any], query: OrganizationRoleQuery) -> Select[Any]:
    """Organization roles that agree with all that is given."""
    return equalities(statement, OrganizationRole, query, OrganizationRoleQuery.model_fields)


class OrganizationRoleInterface(EntityInterface):
    """What a member may do in an organization: _developer, _manager, _owner, each more than the last."""

    get = OrganizationRoleGet
    list = OrganizationRoleList
    query = OrganizationRoleQuery
    search = organization_role_search
    endpoint = "organization-roles"
    model = OrganizationRole
    cache_ttl = 600
    policy = Policy(read=(EVERYONE,))
    relations = {"organization_members": "Who has it, in whichever organization."}
