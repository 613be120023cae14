"""API token: a secret by which a program acts for a user. The secret and its hash never leave."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import Select, String, cast, func, or_
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from backend.access.policy import Action, Grant, Policy, user
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityGet,
    BaseEntityUpdate,
    EntityInterface,
    ListQuery,
    TimedEntityList,
)
from backend.interface.rules import Kept
from backend.interface.search import equalities
from backend.model import ApiToken

TokenName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


class ApiTokenList(TimedEntityList):
    """A token in a list."""

    id: str = Field(description="Key.")
    name: str = Field(max_length=255, description="What people call it.")
    description: str | None = Field(None, description="What it is for.")
    user_id: str = Field(description="Key of the user for whom it acts.")
    token_prefix: str = Field(max_length=12, description="How the secret begins, to tell tokens apart.")
    scopes: list[str] = Field(description="What it is narrowed to, as table:action; all that the user reads if empty.")
    expires_at: datetime | None = Field(None, description="When it ends; never if null.")
    last_used_at: datetime | None = Field(None, description="When it was last used.")
    usage_count: int = Field(description="How often it was used.")
    revoked_at: datetime | None = Field(None, description="When it was taken back.")
    revocation_reason: str | None = Field(None, description="Why it was taken back.")


class ApiTokenGet(ApiTokenList, BaseEntityGet):
    """A secret by which a program acts for a user."""


class ApiTokenUpdate(BaseEntityUpdate):
    """What to change in a token."""

    name: Kept[TokenName] = Field(None, description="What people call it.")
    description: str | None = Field(None, description="What it is for.")
    scopes: Kept[list[str]] = Field(None, description="What it is narrowed to, as table:action.")
    expires_at: datetime | None = Field(None, description="When it ends.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class ApiTokenCreate(BaseEntityCreate, ApiTokenUpdate):
    """A token to create; its secret is shown once."""

    name: TokenName = Field(description="What people call it.")
    user_id: str | None = Field(None, description="Key of the user for whom it acts; the caller if absent.")
    scopes: list[str] = Field([], description="What it is narrowed to, as table:action.")


class ApiTokenQuery(ListQuery):
    """Search for tokens."""

    user_id: str | None = Field(None, description="Key of the user for whom it acts.")
    scopes: list[str] | None = Field(None, description="With all of these scopes.")
    expired: bool | None = Field(None, description="Whether its time is over.")
    revoked: bool | None = Field(None, description="Whether it was taken back.")


def api_token_search(statement: Select[Any], query: ApiTokenQuery) -> Select[Any]:
    """Tokens that agree with all that is given."""
    statement = equalities(statement, ApiToken, query, ("user_id",))
    if query.scopes is not None:
        scopes = func.to_jsonb(cast(query.scopes, ARRAY(String)), type_=JSONB)
        statement = statement.where(cast(ApiToken.scopes, JSONB).contains(scopes))
    if query.expired is not None:
        expired = ApiToken.expires_at <= func.now()
        lasts = or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > func.now())
        statement = statement.where(expired if query.expired else lasts)
    if query.revoked is not None:
        revoked = ApiToken.revoked_at.is_not(None)
        statement = statement.where(revoked if query.revoked else ~revoked)
    return statement


class ApiTokenInterface(EntityInterface):
    """A secret by which a program acts for a user."""

    create = ApiTokenCreate
    get = ApiTokenGet
    list = ApiTokenList
    update = ApiTokenUpdate
    query = ApiTokenQuery
    search = api_token_search
    endpoint = "api-tokens"
    model = ApiToken
    cache_ttl = 60
    moments = ("expires_at",)
    policy = Policy(read=(Grant("user_id", user()),), delete=(Grant("user_id", user()),))
    # A revoked token stays as a record. How one is made: backend.access.credentials.
    operations = frozenset({Action.UPDATE, Action.DELETE})
    deletion = {"revoked_at": func.now()}
    default_order = ("-created_at",)
