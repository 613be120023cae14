"""User: a person or a technical account."""

from datetime import datetime
from typing import Any

from pydantic import Field, field_validator
from sqlalchemy import ColumnElement, Text, cast, func, insert, literal_column, select

from backend.access.policy import Action, Grant, Level, Policy, courses, user
from backend.interface.base import (
    BaseEntityGet,
    BaseEntityUpdate,
    EntityInterface,
    Expression,
    KeyedEntityCreate,
    ListQuery,
    Row,
    TimedEntityList,
)
from backend.interface.effect import Written, is_written
from backend.interface.mail_address import address_in_turn, address_is_free
from backend.interface.membership import of_ordinary_users
from backend.interface.rules import Email, Number, Title, Username
from backend.model import Profile, User
from backend.model.base import table_of
from backend.model.user import UserType


class UserList(TimedEntityList):
    """A user in a list."""

    id: str = Field(description="Key.")
    given_name: str | None = Field(None, max_length=255, description="Given name.")
    family_name: str | None = Field(None, max_length=255, description="Family name.")
    full_name: str | None = Field(None, description="Given and family name, as far as there are any.")
    display_name: str = Field(description="The full name, else the username, else a part of the key.")
    email: str | None = Field(None, max_length=320, description="E-mail address.")
    username: str | None = Field(None, max_length=255, description="Name to sign in with.")
    user_type: UserType = Field(description="Whether it is a person or a technical account.")
    is_service: bool = Field(description="Whether it is a technical account.")
    archived_at: datetime | None = Field(None, description="When it was archived.")


class UserGet(UserList, BaseEntityGet):
    """A user."""

    number: str | None = Field(None, max_length=255, description="Number in the records of the institution.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class UserUpdate(BaseEntityUpdate):
    """What to change in a user."""

    given_name: Title | None = Field(None, description="Given name.")
    family_name: Title | None = Field(None, description="Family name.")
    email: Email | None = Field(None, description="E-mail address; kept in lower case.")
    username: Username | None = Field(None, description="Letters, digits, underscores, hyphens and dots.")
    number: Number | None = Field(None, description="Number in the records of the institution.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class UserCreate(KeyedEntityCreate, UserUpdate):
    """A user to create."""

    user_type: UserType = Field(UserType.USER, description="A person; technical accounts are not created here.")

    @field_validator("user_type")
    @classmethod
    def _is_person(cls, value: UserType) -> UserType:
        # A technical account needs an expiry, which only the server sets.
        if value is UserType.TOKEN:
            raise ValueError("technical accounts are not created here")
        return value


class UserQuery(ListQuery):
    """Search for users."""

    number: str | None = Field(None, description="Number, exactly.")
    given_name: str | None = Field(None, description="Given name, exactly.")
    family_name: str | None = Field(None, description="Family name, exactly.")
    email: str | None = Field(None, description="E-mail address, exactly.")
    username: str | None = Field(None, description="Username, exactly.")
    user_type: UserType | None = Field(None, description="Whether it is a person or a technical account.")


# Constants in the text, not bound: the expressions must be the same wherever a statement repeats them.
_EMPTY = literal_column("''", Text)
_SPACE = literal_column("' '", Text)
_USER = literal_column("'User '", Text)
_TECHNICAL: ColumnElement[Any] = literal_column(f"'{UserType.TOKEN.value}'")


def _not_blank(column: ColumnElement[Any]) -> ColumnElement[str]:
    return func.nullif(func.btrim(column), _EMPTY, type_=Text)


def _full_name(row: Row) -> ColumnElement[str]:
    names = func.concat_ws(_SPACE, _not_blank(row["given_name"]), _not_blank(row["family_name"]))
    return func.nullif(names, _EMPTY, type_=Text)


def _display_name(row: Row) -> ColumnElement[str]:
    part_of_key = func.left(cast(row["id"], Text), literal_column("8"))
    return func.coalesce(_full_name(row), _not_blank(row["username"]), _USER.concat(part_of_key), type_=Text)


async def _give_profile(written: Written) -> None:
    """Everyone has a profile, empty at first."""
    made = table_of(User)
    owner = select(made.c.id).where(is_written(made.c.id))
    await written.run(insert(table_of(Profile)).from_select(["user_id"], owner, include_defaults=False))


class UserInterface(EntityInterface):
    """A person or a technical account."""

    create = UserCreate
    get = UserGet
    list = UserList
    update = UserUpdate
    query = UserQuery
    endpoint = "users"
    model = User
    is_of_callers = True
    cache_ttl = 300
    policy = Policy(
        read=(
            Grant("id", user()),
            Grant("course_members.course_id", courses(at_least=Level.TUTOR)),
        ),
        update=(Grant("id", user(), sets=frozenset({"given_name", "family_name"})),),
        checks=(
            *of_ordinary_users("id", created=False),
            address_is_free("email", "id"),
        ),
    )
    in_turn = address_in_turn("email")
    effects = {Action.CREATE: (_give_profile,)}
    computed = {
        "full_name": Expression(_full_name),
        "display_name": Expression(_display_name),
        "is_service": Expression(lambda row: row["user_type"] == _TECHNICAL),
    }
    default_order = ("family_name", "given_name")
    relations = {
        "course_members": "Their memberships in courses.",
        "organization": "Their personal organization.",
        "user_roles": "The system-wide roles that they hold.",
    }
