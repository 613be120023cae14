"""Account: a user's login at an external provider."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, func, literal_column

from backend.access.policy import Grant, Policy, user
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
from backend.interface.rules import Kept
from backend.model import Account

Provider = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=255)]
AccountType = Annotated[str, StringConstraints(min_length=1, max_length=63)]
ProviderAccountId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


class AccountList(TimedEntityList):
    """An account in a list."""

    id: str = Field(description="Key.")
    provider: str = Field(max_length=255, description="Who vouches for the user: an address, or a name.")
    type: str = Field(max_length=63, description="How the provider does it: gitlab, oidc, oauth.")
    provider_account_id: str = Field(max_length=255, description="Who the user is there.")
    user_id: str = Field(description="Key of the user.")
    display_name: str = Field(description="Provider, type and account in one line.")


class AccountGet(AccountList, BaseEntityGet):
    """A user's login at an external provider."""

    properties: dict[str, Any] | None = Field(None, description="What the provider told, without secrets.")


class AccountUpdate(BaseEntityUpdate):
    """What to change in an account; it stays with its user."""

    provider: Kept[Provider] = Field(None, description="Who vouches for the user.")
    type: Kept[AccountType] = Field(None, description="How the provider does it.")
    provider_account_id: Kept[ProviderAccountId] = Field(None, description="Who the user is there.")
    properties: dict[str, Any] | None = Field(None, description="What the provider told.")


class AccountCreate(BaseEntityCreate, AccountUpdate):
    """An account to create."""

    provider: Provider = Field(description="Who vouches for the user.")
    type: AccountType = Field(description="How the provider does it.")
    provider_account_id: ProviderAccountId = Field(description="Who the user is there.")
    user_id: str = Field(description="Key of the user.")


class AccountQuery(ListQuery):
    """Search for accounts."""

    provider: str | None = Field(None, description="Provider, exactly.")
    type: str | None = Field(None, description="Type, exactly.")
    provider_account_id: str | None = Field(None, description="Account at the provider, exactly.")
    user_id: str | None = Field(None, description="Key of the user.")


def _display_name(row: Row) -> ColumnElement[Any]:
    return func.concat(
        row["provider"], literal_column("' ('"), row["type"], literal_column("'): '"), row["provider_account_id"]
    )


class AccountInterface(EntityInterface):
    """A user's login at an external provider."""

    create = AccountCreate
    get = AccountGet
    list = AccountList
    update = AccountUpdate
    query = AccountQuery
    endpoint = "accounts"
    model = Account
    cache_ttl = 180
    policy = Policy(
        read=(Grant("user_id", user()),),
        delete=(Grant("user_id", user()),),
        # Who links an account can sign in as its user.
        checks=of_ordinary_users("user_id"),
    )
    computed = {"display_name": Expression(_display_name)}
    default_order = ("provider", "type", "provider_account_id")
