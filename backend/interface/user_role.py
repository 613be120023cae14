"""User role: a role that a user holds."""

from pydantic import Field

from backend.access.policy import Grant, Policy, user
from backend.interface.base import BaseEntityCreate, BaseEntityGet, BaseEntityList, EntityInterface, ListQuery
from backend.model import UserRole


class UserRoleList(BaseEntityList):
    """A held role in a list."""

    user_id: str = Field(description="Key of the user.")
    role_id: str = Field(description="Key of the role.")


class UserRoleGet(UserRoleList, BaseEntityGet):
    """A held role."""


class UserRoleCreate(BaseEntityCreate):
    """A role to give to a user."""

    user_id: str = Field(description="Key of the user.")
    role_id: str = Field(description="Key of the role.")


class UserRoleQuery(ListQuery):
    """Search for held roles."""

    user_id: str | None = Field(None, description="Key of the user.")
    role_id: str | None = Field(None, description="Key of the role.")


class UserRoleInterface(EntityInterface):
    """A role that a user holds. It is given and taken away, never changed."""

    create = UserRoleCreate
    get = UserRoleGet
    list = UserRoleList
    query = UserRoleQuery
    endpoint = "user-roles"
    model = UserRole
    policy = Policy(read=(Grant("user_id", user()),))
    relations = {"user": "Who holds it."}
