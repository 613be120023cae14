"""Organization member: a user who may write in an organization."""

from typing import Any

from pydantic import Field

from backend.access.policy import Grant, Policy, ScopedLevel, organizations, user
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityGet,
    BaseEntityList,
    BaseEntityUpdate,
    EntityInterface,
    ListQuery,
)
from backend.interface.membership import seating
from backend.interface.rules import Kept
from backend.model import OrganizationMember


class OrganizationMemberList(BaseEntityList):
    """A seat in an organization, in a list."""

    id: str = Field(description="Key.")
    user_id: str = Field(description="Key of the user.")
    organization_id: str = Field(description="Key of the organization.")
    organization_role_id: str = Field(description="Key of the organization role.")


class OrganizationMemberGet(OrganizationMemberList, BaseEntityGet):
    """A seat in an organization."""

    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class OrganizationMemberUpdate(BaseEntityUpdate):
    """What to change in a seat; it stays with its user and its organization."""

    organization_role_id: Kept[str] = Field(None, description="Key of the organization role.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class OrganizationMemberCreate(BaseEntityCreate, OrganizationMemberUpdate):
    """A seat to give to a user."""

    user_id: str = Field(description="Key of the user.")
    organization_id: str = Field(description="Key of the organization.")
    organization_role_id: str = Field(description="Key of the organization role.")


class OrganizationMemberQuery(ListQuery):
    """Search for seats."""

    user_id: str | None = Field(None, description="Key of the user.")
    organization_id: str | None = Field(None, description="Key of the organization.")
    organization_role_id: str | None = Field(None, description="Key of the organization role.")


class OrganizationMemberInterface(EntityInterface):
    """A user's seat in an organization, with exactly one role; it gives no right in what lies below."""

    create = OrganizationMemberCreate
    get = OrganizationMemberGet
    list = OrganizationMemberList
    update = OrganizationMemberUpdate
    query = OrganizationMemberQuery
    endpoint = "organization-members"
    model = OrganizationMember
    cache_ttl = 300
    policy = Policy(
        read=(
            Grant("user_id", user()),
            Grant("organization_id", organizations(at_least=ScopedLevel.MANAGER)),
        ),
        create=(Grant("organization_id", organizations(at_least=ScopedLevel.MANAGER)),),
        update=(Grant("organization_id", organizations(at_least=ScopedLevel.MANAGER)),),
        delete=(Grant("organization_id", organizations(at_least=ScopedLevel.MANAGER)),),
        checks=seating(
            OrganizationMember, "organization_id", "organization_role_id", organizations(at_least=ScopedLevel.OWNER)
        ),
    )
    # Whoever seats people need not see them before.
    links = {"user_id": (Grant(values=organizations(at_least=ScopedLevel.MANAGER)),)}
    locks = ("organization",)
    default_order = ("created_at",)
    relations = {"user": "Whose it is.", "organization_role": "What the member may do."}
