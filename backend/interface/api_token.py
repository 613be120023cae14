"""API token: a secret by which a program acts for a user. The secret and its hash never leave."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints
from sqlalchemy import ColumnElement, Select, String, Text, and_, cast, func, literal, not_, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from backend.access.credentials import new_secret, shown_prefix, token_hash
from backend.access.held import caller, is_held
from backend.access.policy import Action, Check, Grant, Policy, Stage, scopes, user
from backend.access.principal import EVERYTHING
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityGet,
    BaseEntityUpdate,
    EntityInterface,
    Issued,
    ListQuery,
    Row,
    TimedEntityList,
)
from backend.interface.membership import of_ordinary_users
from backend.interface.rules import Kept
from backend.interface.search import equalities
from backend.model import ApiToken
from backend.model.base import table_of

TokenName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


def _star_alone(scopes: list[str]) -> list[str]:
    if EVERYTHING in scopes and len(scopes) > 1:
        raise ValueError("* stands alone: it does not narrow")
    return scopes


Scope = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z_]+:[a-z_]+)$", max_length=255)]
Scopes = Annotated[list[Scope], Field(max_length=200), AfterValidator(_star_alone)]


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
    scopes: Kept[Scopes] = Field(None, description="What it is narrowed to, as table:action.")
    expires_at: datetime | None = Field(None, description="When it ends.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class ApiTokenCreate(BaseEntityCreate, ApiTokenUpdate):
    """A token to create; its secret is shown once."""

    name: TokenName = Field(description="What people call it.")
    user_id: str | None = Field(None, description="Key of the user for whom it acts; the caller if absent.")
    scopes: Scopes = Field([], description="What it is narrowed to, as table:action; * is not at all.")


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


def _issue() -> Issued:
    secret = new_secret()
    return Issued(secret, {"token_hash": rf"\x{token_hash(secret).hex()}", "token_prefix": shown_prefix(secret)})


def _is_no_wider(row: Row) -> ColumnElement[bool]:
    """An empty list is no narrowing: all that the user reads."""
    given = func.jsonb_array_elements_text(row["scopes"]).table_valued("scope").render_derived()
    further = select(given.c.scope).where(not_(is_held(cast(given.c.scope, Text), scopes())))
    narrower = and_(func.jsonb_array_length(row["scopes"]) > 0, not_(further.exists()))
    return or_(is_held(cast(literal(EVERYTHING), Text), scopes()), narrower)


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
    # When and how often it was used is written without a person, and is no change that anybody is told of.
    cache_ttl = 0
    moments = ("expires_at",)
    policy = Policy(
        read=(Grant("user_id", user()),),
        create=(Grant("user_id", user()),),
        delete=(Grant("user_id", user()),),
        checks=(
            *of_ordinary_users("user_id"),
            Check(
                "A token gives no other more than it has itself.",
                Stage.PLANNED,
                frozenset({Action.CREATE}),
                _is_no_wider,
                "scopes",
            ),
        ),
    )
    operations = frozenset({Action.CREATE, Action.UPDATE, Action.DELETE})
    derived = {"user_id": lambda row: caller()}  # noqa: ARG005 - as every derived value
    issue = _issue
    # A revoked token stays as a record.
    deletion = {"revoked_at": func.coalesce(table_of(ApiToken).c.revoked_at, func.now())}
    default_order = ("-created_at",)
