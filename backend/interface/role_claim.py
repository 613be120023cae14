"""Role claim: a permission that a role carries."""

from typing import Any

from pydantic import Field

from backend.interface.base import BaseEntityGet, BaseEntityList, EntityInterface, ListQuery
from backend.model import RoleClaim


class RoleClaimList(BaseEntityList):
    """A claim of a role in a list."""

    role_id: str = Field(description="Key of the role.")
    claim_type: str = Field(max_length=255, description="Only permissions has a meaning.")
    claim_value: str = Field(max_length=255, description="What is permitted: table:action, or table:action:key.")


class RoleClaimGet(RoleClaimList, BaseEntityGet):
    """A permission that a role carries."""

    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class RoleClaimQuery(ListQuery):
    """Search for claims of roles."""

    role_id: str | None = Field(None, description="Key of the role.")
    claim_type: str | None = Field(None, description="Type, exactly.")
    claim_value: str | None = Field(None, description="Value, exactly.")


class RoleClaimInterface(EntityInterface):
    """A permission that a role carries. Who could write it could permit themselves everything."""

    get = RoleClaimGet
    list = RoleClaimList
    query = RoleClaimQuery
    endpoint = "role-claims"
    model = RoleClaim
    cache_ttl = 600
