"""Secrets by which programs act for a user."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    FetchedValue,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import JSON, SILENT, TIMESTAMP, UUID, AuthoredByKey, Base, Keyed, Timed, reference, to_one

if TYPE_CHECKING:
    from backend.model.user import User


class ApiToken(Keyed, Timed, AuthoredByKey, Base):
    """A scoped, revocable bearer secret of a user, of which only the SHA-256 hash is kept.

    `last_used_at` and `usage_count` are written without a person and count as no change.
    """

    __tablename__ = "api_token"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        CheckConstraint("expires_at IS NULL OR expires_at > created_at", name="api_token_expires_at_check"),
        Index(None, "created_at", "id"),
        Index("ix_api_token_user_id", "user_id"),
        Index("ix_api_token_token_prefix", "token_prefix"),
        Index("ix_api_token_active_user_id", "user_id", postgresql_where=text("revoked_at IS NULL")),
        Index("ix_api_token_active_token_hash", "token_hash", postgresql_where=text("revoked_at IS NULL")),
    )

    version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"), server_onupdate=FetchedValue())
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    user_id: Mapped[str] = mapped_column(UUID, reference("user.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    token_prefix: Mapped[str] = mapped_column(String(12))
    scopes: Mapped[list[str]] = mapped_column(JSON, server_default=text("'[]'::jsonb"))
    expires_at: Mapped[datetime | None] = mapped_column(TIMESTAMP)
    last_used_at: Mapped[datetime | None] = mapped_column(TIMESTAMP, info=SILENT)
    usage_count: Mapped[int] = mapped_column(BigInteger, server_default=text("0"), info=SILENT)
    revoked_at: Mapped[datetime | None] = mapped_column(TIMESTAMP)
    revocation_reason: Mapped[str | None] = mapped_column(Text)
    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    user: Mapped["User"] = to_one("ApiToken.user_id", "User", back="api_tokens")
