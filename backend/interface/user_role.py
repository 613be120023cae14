"""User role: a role that a user holds."""

from pydantic import Field
from sqlalchemy import ColumnElement

from backend.access.policy import Action, Check, Grant, Policy, Stage, user
from backend.access.principal import ADMIN
from backend.interface.base import BaseEntityCreate, BaseEntityGet, BaseEntityList, EntityInterface, ListQuery, Row
from backend.interface.membership import of_ordinary_users
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


_BY_ADMINS = "Only admins make admins, and unmake them."


def _is_no_admin(row: Row) -> ColumnElement[bool]:
    return row["role_id"] != ADMIN


class UserRoleInterface(EntityInterface):
    """A role that a user holds. It is given and taken away, never changed."""

    create = UserRoleCreate
    get = UserRoleGet
    list = UserRoleList
    query = UserRoleQuery
    endpoint = "user-roles"
    model = UserRole
    policy = Policy(
        read=(Grant("user_id", user()),),
        checks=(
            *of_ordinary_users("user_id"),
            Check(_BY_ADMINS, Stage.PLANNED, frozenset({Action.CREATE}), _is_no_admin, binds_admins=False),
            Check(_BY_ADMINS, Stage.BEFORE, frozenset({Action.DELETE}), _is_no_admin, binds_admins=False),
        ),
    )
    relations = {"user": "Who holds it."}
