"""Session: the record of a login. What the login is recognised by never leaves."""

from datetime import datetime
from ipaddress import ip_address
from typing import Any

from pydantic import Field
from sqlalchemy import ColumnElement, Select, Text, and_, cast, extract, false, func, inspect, literal_column, or_
from sqlalchemy import Float as SqlFloat
from sqlalchemy.dialects.postgresql import INET

from backend.access.policy import Action, Grant, Policy, user
from backend.interface.base import (
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
from backend.model import Session
from backend.model.base import table_of


class SessionList(TimedEntityList):
    """A login in a list."""

    id: str = Field(description="Key.")
    user_id: str = Field(description="Key of the user.")
    logout_time: datetime | None = Field(None, description="When it ended; null while it lasts.")
    ip_address: str = Field(description="Address that it came from, of version 4 or 6.")
    device_label: str | None = Field(None, max_length=512, description="The device in words.")
    last_seen_at: datetime | None = Field(None, description="When it was last used.")
    is_active: bool = Field(description="Whether it lasts: neither ended nor taken back, and in its time.")
    session_duration: float | None = Field(None, description="How long it lasted, in seconds; null while it lasts.")
    display_name: str = Field(description="Where it came from, and when.")


class SessionGet(SessionList, BaseEntityGet):
    """The record of a login."""

    expires_at: datetime | None = Field(None, description="When its time is over.")
    revoked_at: datetime | None = Field(None, description="When it was taken back.")
    revocation_reason: str | None = Field(None, max_length=255, description="Why it was taken back.")
    last_ip: str | None = Field(None, description="Address that it was last used from.")
    user_agent: str | None = Field(None, max_length=4096, description="The program that logged in.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class SessionUpdate(BaseEntityUpdate):
    """What to change in the record of a login."""

    logout_time: datetime | None = Field(None, description="When it ended.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class SessionQuery(ListQuery):
    """Search for logins."""

    user_id: str | None = Field(None, description="Key of the user.")
    ip_address: str | None = Field(None, description="Address that it came from, exactly.")
    active_only: bool | None = Field(None, description="Only those that last.")


def session_search(statement: Select[Any], query: SessionQuery) -> Select[Any]:
    """Logins that agree with all that is given."""
    statement = equalities(statement, Session, query, ("user_id",))
    if query.ip_address is not None:
        address = _address(query.ip_address)
        # Both sides as PostgreSQL writes them: Python writes the addresses that embed one of version 4 otherwise.
        found = false() if address is None else cast(Session.ip_address, Text) == func.host(cast(address, INET))
        statement = statement.where(found)
    if query.active_only:
        statement = statement.where(_is_active(dict(inspect(Session).columns.items())))
    return statement


def _address(text: str) -> str | None:
    """The address in a form that PostgreSQL takes; None for what is none, and for zones, which it does not know."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return None if getattr(address, "scope_id", None) else str(address)


def _is_active(row: Row) -> ColumnElement[bool]:
    lasts = or_(row["expires_at"].is_(None), row["expires_at"] > func.now())
    return and_(row["logout_time"].is_(None), row["revoked_at"].is_(None), lasts)


def _duration(row: Row) -> ColumnElement[Any]:
    # The difference of infinite moments would raise.
    ended, began = row["logout_time"], row["created_at"]
    return cast(extract("epoch", ended), SqlFloat) - cast(extract("epoch", began), SqlFloat)


def _display_name(row: Row) -> ColumnElement[Any]:
    return func.concat(row["ip_address"], literal_column("', '"), func.to_char(row["created_at"], "YYYY-MM-DD"))


class SessionInterface(EntityInterface):
    """The record of a login. It is made by logging in."""

    get = SessionGet
    list = SessionList
    update = SessionUpdate
    query = SessionQuery
    search = session_search
    endpoint = "sessions"
    model = Session
    cache_ttl = 60
    policy = Policy(
        read=(Grant("user_id", user()),),
        delete=(Grant("user_id", user()),),
        checks=of_ordinary_users("user_id"),
    )
    # A session that has ended stays as a record.
    operations = frozenset({Action.DELETE})
    deletion = {"logout_time": func.coalesce(table_of(Session).c.logout_time, func.now())}
    computed = {
        "ip_address": Expression(lambda row: func.host(row["ip_address"])),
        "last_ip": Expression(lambda row: func.host(row["last_ip"])),
        "is_active": Expression(_is_active),
        "session_duration": Expression(_duration),
        "display_name": Expression(_display_name),
    }
    default_order = ("-created_at",)
