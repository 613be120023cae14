"""User group: a user in a group."""

from pydantic import Field

from backend.access.policy import Grant, Policy, user
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityGet,
    BaseEntityUpdate,
    EntityInterface,
    ListQuery,
    TimedEntityList,
)
from backend.interface.membership import of_ordinary_users
from backend.interface.rules import Kept
from backend.model import UserGroup


class UserGroupList(TimedEntityList):
    """A user in a group, in a list."""

    user_id: str = Field(description="Key of the user.")
    group_id: str = Field(description="Key of the group.")
    transient: bool = Field(description="Whether an identity provider said so, and may take it back.")


class UserGroupGet(UserGroupList, BaseEntityGet):
    """A user in a group."""


class UserGroupUpdate(BaseEntityUpdate):
    """What to change in it; who is in which group is its key."""

    transient: Kept[bool] = Field(None, description="Whether an identity provider said so.")


class UserGroupCreate(BaseEntityCreate, UserGroupUpdate):
    """A user to put into a group."""

    user_id: str = Field(description="Key of the user.")
    group_id: str = Field(description="Key of the group.")


class UserGroupQuery(ListQuery):
    """Search for users in groups."""

    user_id: str | None = Field(None, description="Key of the user.")
    group_id: str | None = Field(None, description="Key of the group.")
    transient: bool | None = Field(None, description="Whether an identity provider said so.")


class UserGroupInterface(EntityInterface):
    """A user in a group."""

    create = UserGroupCreate
    get = UserGroupGet
    list = UserGroupList
    update = UserGroupUpdate
    query = UserGroupQuery
    endpoint = "user-groups"
    model = UserGroup
    cache_ttl = 120
    policy = Policy(read=(Grant("user_id", user()),), checks=of_ordinary_users("user_id"))
    null_reads = {"version": 0, "transient": False}
    relations = {"user": "Who is in it."}
