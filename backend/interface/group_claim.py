"""Group claim: a permission that all members of a group have."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints
from sqlalchemy import Select

from backend.access.policy import EVERYONE, Policy
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityGet,
    BaseEntityUpdate,
    EntityInterface,
    ListQuery,
    TimedEntityList,
)
from backend.interface.search import equalities
from backend.model import GroupClaim

ClaimType = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=255),
    AfterValidator(lambda text: "permissions" if text == "permission" else text),
]
ClaimValue = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


class GroupClaimList(TimedEntityList):
    """A claim of a group in a list."""

    group_id: str = Field(description="Key of the group.")
    claim_type: str = Field(max_length=255, description="Only permissions has a meaning.")
    claim_value: str = Field(max_length=255, description="What is permitted: table:action, or table:action:key.")


class GroupClaimGet(GroupClaimList, BaseEntityGet):
    """A permission that all members of a group have."""

    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class GroupClaimUpdate(BaseEntityUpdate):
    """What to change in a claim of a group; what it says is its key."""

    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class GroupClaimCreate(BaseEntityCreate, GroupClaimUpdate):
    """A permission to give to a group."""

    group_id: str = Field(description="Key of the group.")
    claim_type: ClaimType = Field(description="Only permissions has a meaning.")
    claim_value: ClaimValue = Field(description="What is permitted: table:action, or table:action:key.")


class GroupClaimQuery(ListQuery):
    """Search for claims of groups."""

    group_id: str | None = Field(None, description="Key of the group.")
    claim_type: str | None = Field(None, description="Type, exactly.")
    claim_value: str | None = Field(None, description="Part of the value, whatever the case.")


def group_claim_search(statement: Select[Any], query: GroupClaimQuery) -> Select[Any]:
    """Claims of groups that agree with all that is given."""
    statement = equalities(statement, GroupClaim, query, ("group_id", "claim_type"))
    if query.claim_value is not None:
        statement = statement.where(GroupClaim.claim_value.icontains(query.claim_value, autoescape=True))
    return statement


class GroupClaimInterface(EntityInterface):
    """A permission that all members of a group have."""

    create = GroupClaimCreate
    get = GroupClaimGet
    list = GroupClaimList
    update = GroupClaimUpdate
    query = GroupClaimQuery
    search = group_claim_search
    endpoint = "group-claims"
    model = GroupClaim
    cache_ttl = 180
    policy = Policy(read=(EVERYONE,))
