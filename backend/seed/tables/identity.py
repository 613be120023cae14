"""What is kept about users."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from backend.json import Json


class User(NamedTuple):
    """Of `user`."""

    id: str
    created_at: datetime
    fs_number: int
    username: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    number: str | None = None
    user_type: str = "user"
    token_expiration: datetime | None = None
    properties: Json | None = None
    archived_at: datetime | None = None


class Account(NamedTuple):
    """Of `account`."""

    id: str
    created_at: datetime
    provider: str
    type: str
    provider_account_id: str
    user_id: str
    properties: Json | None = None


class Profile(NamedTuple):
    """Of `profile`."""

    id: str
    created_at: datetime
    user_id: str
    nickname: str | None = None
    avatar_color: int | None = None
    avatar_image: str | None = None
    bio: str | None = None
    url: str | None = None


class StudentProfile(NamedTuple):
    """Of `student_profile`."""

    id: str
    created_at: datetime
    user_id: str
    student_id: str
    student_email: str | None
    organization_id: str | None


class Session(NamedTuple):
    """Of `session`."""

    id: str
    created_at: datetime
    updated_at: datetime
    user_id: str
    session_id: str
    sid: str
    ip_address: str
    logout_time: datetime | None = None
    properties: Json | None = None


class ApiToken(NamedTuple):
    """Of `api_token`."""

    id: str
    created_at: datetime
    updated_at: datetime
    user_id: str
    name: str
    token_hash: bytes
    token_prefix: str
    scopes: list[str]
    description: str | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    usage_count: int = 0
    revoked_at: datetime | None = None
    revocation_reason: str | None = None
    created_by: str | None = None


class Role(NamedTuple):
    """Of `role`, which has no audit columns."""

    id: str
    title: str
    description: str
    builtin: bool = False


class RoleClaim(NamedTuple):
    """Of `role_claim`."""

    role_id: str
    claim_type: str
    claim_value: str
    created_at: datetime
    properties: Json | None = None


class UserRole(NamedTuple):
    """Of `user_role`."""

    user_id: str
    role_id: str
    created_at: datetime
    created_by: str | None = None
    transient: bool = False


class Group(NamedTuple):
    """Of `group`."""

    id: str
    created_at: datetime
    slug: str
    title: str | None = None
    description: str | None = None
    type: str = "fixed"
    created_by: str | None = None
    properties: Json | None = None


class GroupClaim(NamedTuple):
    """Of `group_claim`."""

    group_id: str
    claim_type: str
    claim_value: str
    created_at: datetime
    properties: Json | None = None


class UserGroup(NamedTuple):
    """Of `user_group`."""

    user_id: str
    group_id: str
    created_at: datetime
    transient: bool = False
    created_by: str | None = None
