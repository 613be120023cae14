"""Profile: the public face of a user."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints
from sqlalchemy import ColumnElement, Select, case, cast, func, literal_column
from sqlalchemy import String as SqlString

from backend.access.policy import Grant, Level, Policy, courses, user
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityGet,
    BaseEntityUpdate,
    EntityInterface,
    Expression,
    ListQuery,
    Row,
    TimedEntityList,
)
from backend.interface.membership import of_ordinary_users
from backend.interface.search import equalities
from backend.model import Profile

WHITE = 0xFFFFFF


def _or_none(text: str) -> str | None:
    return text or None


AvatarColor = Annotated[int, Field(ge=0, le=WHITE)]
Nickname = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=255, pattern=r"^[\p{L}\p{N}_-]+$")
]
Address = Annotated[str, StringConstraints(pattern="^https?://.", max_length=2048)]
Bio = Annotated[str, StringConstraints(strip_whitespace=True, max_length=16384), AfterValidator(_or_none)]


class ProfileList(TimedEntityList):
    """A profile in a list."""

    id: str = Field(description="Key.")
    user_id: str = Field(description="Key of the user.")
    avatar_color: int | None = Field(None, description="Colour of the avatar, as a number of 24 bits.")
    avatar_image: str | None = Field(None, max_length=2048, description="Address of a picture.")
    nickname: str | None = Field(None, max_length=255, description="Name that the user goes by, unique.")
    display_name: str = Field(description="Nickname, or the start of the key.")
    avatar_color_hex: str | None = Field(None, description="Colour of the avatar as #rrggbb.")
    has_custom_avatar: bool = Field(description="Whether there is a picture.")


class ProfileGet(ProfileList, BaseEntityGet):
    """The public face of a user."""

    bio: str | None = Field(None, max_length=16384, description="What the user tells about themselves.")
    url: str | None = Field(None, max_length=2048, description="Address of the user's own page.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class ProfileUpdate(BaseEntityUpdate):
    """What to change in a profile; it stays with its user."""

    avatar_color: AvatarColor | None = Field(None, description="Colour of the avatar, as a number of 24 bits.")
    avatar_image: Address | None = Field(None, description="Address of a picture.")
    nickname: Nickname | None = Field(None, description="Name that the user goes by: letters, digits, _ and -.")
    bio: Bio | None = Field(None, description="What the user tells about themselves.")
    url: Address | None = Field(None, description="Address of the user's own page.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class ProfileCreate(BaseEntityCreate, ProfileUpdate):
    """A profile to create."""

    user_id: str = Field(description="Key of the user.")


class ProfileQuery(ListQuery):
    """Search for profiles."""

    user_id: str | None = Field(None, description="Key of the user.")
    nickname: str | None = Field(None, description="Part of the nickname, whatever the case.")


def profile_search(statement: Select[Any], query: ProfileQuery) -> Select[Any]:
    """Profiles that agree with all that is given."""
    statement = equalities(statement, Profile, query, ("user_id",))
    if query.nickname is not None:
        statement = statement.where(Profile.nickname.icontains(query.nickname, autoescape=True))
    return statement


def _display_name(row: Row) -> ColumnElement[Any]:
    return func.coalesce(
        row["nickname"], func.concat(literal_column("'Profile '"), func.left(cast(row["id"], SqlString), 8))
    )


def _hex(row: Row) -> ColumnElement[Any]:
    color = row["avatar_color"]
    digits = func.lpad(func.to_hex(color), 6, "0")
    return case((color.between(0, WHITE), literal_column("'#'", SqlString).concat(digits)), else_=None)


class ProfileInterface(EntityInterface):
    """The public face of a user."""

    create = ProfileCreate
    get = ProfileGet
    list = ProfileList
    update = ProfileUpdate
    query = ProfileQuery
    search = profile_search
    endpoint = "profiles"
    model = Profile
    cache_ttl = 300
    policy = Policy(
        read=(
            Grant("user_id", user()),
            Grant("user.course_members.course_id", courses(at_least=Level.TUTOR)),
        ),
        create=(Grant("user_id", user()),),
        update=(Grant("user_id", user()),),
        checks=of_ordinary_users("user_id"),
    )
    computed = {
        "display_name": Expression(_display_name),
        "avatar_color_hex": Expression(_hex),
        "has_custom_avatar": Expression(lambda row: row["avatar_image"].is_not(None)),
    }
    default_order = ("nickname",)
