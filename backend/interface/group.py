"""Group: a system-wide set of users."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints
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
from backend.interface.rules import Kept, Slug, Title
from backend.interface.search import equalities
from backend.model import Group
from backend.model.group import GroupType

Description = Annotated[str, StringConstraints(max_length=1024)]


class GroupList(TimedEntityList):
    """A group in a list."""

    id: str = Field(description="Key.")
    title: str | None = Field(None, max_length=255, description="Name shown to people.")
    description: str | None = Field(None, max_length=4096, description="What it is for.")
    slug: str = Field(max_length=255, description="Short name.")
    type: GroupType | None = Field(None, description="Whether members are set by hand or derived.")


class GroupGet(GroupList, BaseEntityGet):
    """A system-wide set of users."""

    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class GroupUpdate(BaseEntityUpdate):
    """What to change in a group."""

    title: Kept[Title] = Field(None, description="Name shown to people.")
    description: Description | None = Field(None, description="What it is for.")
    type: Kept[GroupType] = Field(None, description="Whether members are set by hand or derived.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class GroupCreate(BaseEntityCreate, GroupUpdate):
    """A group to create."""

    title: Title = Field(description="Name shown to people.")
    slug: Slug = Field(description="Short name, in lower case.")
    type: GroupType = Field(description="Whether members are set by hand or derived.")


class GroupQuery(ListQuery):
    """Search for groups."""

    title: str | None = Field(None, description="Part of the title, whatever the case.")
    slug: str | None = Field(None, description="Slug, exactly.")
    type: GroupType | None = Field(None, description="Whether members are set by hand or derived.")


def group_search(statement: Select[Any], query: GroupQuery) -> Select[Any]:
    """Groups that agree with all that is given."""
    statement = equalities(statement, Group, query, ("slug", "type"))
    if query.title is not None:
        statement = statement.where(Group.title.icontains(query.title, autoescape=True))
    return statement


class GroupInterface(EntityInterface):
    """A system-wide set of users."""

    create = GroupCreate
    get = GroupGet
    list = GroupList
    update = GroupUpdate
    query = GroupQuery
    search = group_search
    endpoint = "groups"
    model = Group
    cache_ttl = 300
    policy = Policy(read=(EVERYONE,))
    default_order = ("title",)
    relations = {"claims": "What its members may do.", "user_groups": "Who is in it."}
