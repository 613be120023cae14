"""Role: what a user may do in the whole system."""

from pydantic import Field

from backend.access.policy import EVERYONE, Action, Check, Policy, Stage
from backend.interface.base import BaseEntityCreate, BaseEntityList, BaseEntityUpdate, EntityInterface, ListQuery
from backend.interface.rules import Slug, Title
from backend.model import Role


class RoleList(BaseEntityList):
    """A role in a list."""

    id: str = Field(description="Key.")
    title: str | None = Field(None, max_length=255, description="Name shown to people.")
    builtin: bool = Field(description="Whether it belongs to the system; it cannot be changed then.")


class RoleGet(RoleList):
    """A role."""

    description: str | None = Field(None, max_length=4096, description="What it is for.")


class RoleUpdate(BaseEntityUpdate):
    """What to change in a role."""

    title: Title | None = Field(None, description="Name shown to people.")
    description: str | None = Field(None, max_length=4096, description="What it is for.")


class RoleCreate(BaseEntityCreate, RoleUpdate):
    """A role to create; its key has no leading underscore, which marks those of the system."""

    id: Slug = Field(description="Key, in lower case, with single hyphens or underscores between words.")


class RoleQuery(ListQuery):
    """Search for roles."""

    id: str | None = Field(None, description="Key, exactly.")
    title: str | None = Field(None, description="Title, exactly.")
    description: str | None = Field(None, description="Description, exactly.")
    builtin: bool | None = Field(None, description="Whether it belongs to the system.")


class RoleInterface(EntityInterface):
    """What a user may do in the whole system."""

    create = RoleCreate
    get = RoleGet
    list = RoleList
    update = RoleUpdate
    query = RoleQuery
    endpoint = "roles"
    model = Role
    cache_ttl = 600
    policy = Policy(
        read=(EVERYONE,),
        checks=(
            Check(
                "Roles of the system stay as they are.",
                Stage.BEFORE,
                frozenset({Action.UPDATE, Action.DELETE}),
                lambda row: ~row["builtin"],
            ),
        ),
    )
    relations = {"user_roles": "Who holds it."}
