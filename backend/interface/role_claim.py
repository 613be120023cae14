"""Role claim: a permission that a role carries."""

from typing import Any

from pydantic import Field
from sqlalchemy import Select

from backend.interface.base import BaseEntityGet, BaseEntityList, EntityInterface, ListQuery
from backend.interface.search import equalities
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


def role_claim_search(statement: Select[Any], query: RoleClaimQuery) -> Select[Any]:
    """Claims of roles that agree with all that is given."""
    return equalities(statement, RoleClaim, query, RoleClaimQuery.model_fields)


class RoleClaimInterface(EntityInterface):
    """A permission that a role carries. Who could write it could permit themselves everything."""

    get = RoleClaimGet
    list = RoleClaimList
    query = RoleClaimQuery
    search = role_claim_search
    endpoint = "role-claims"
    model = RoleClaim
    cache_ttl = 600
