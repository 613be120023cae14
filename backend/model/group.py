"""System-wide groups, what they permit and who is in them."""

from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, CheckConstraint, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import (
    JSON,
    UUID,
    Audited,
    AuthoredByValue,
    Base,
    Keyed,
    Timed,
    Versioned,
    native_enum,
    reference,
    to_many,
    to_one,
)

if TYPE_CHECKING:
    from backend.model.user import User


class GroupType(Enum):
    """Whether members are set by hand or derived."""

    FIXED = "fixed"
    DYNAMIC = "dynamic"


class Group(Keyed, Audited, Base):
    """A system-wide set of users."""

    __tablename__ = "group"
    __table_args__ = (
        CheckConstraint("ctutor_valid_slug(slug)", name="group_slug_check"),
        Index("group_slug_key", "slug", unique=True),
        Index(None, "title", "id"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    title: Mapped[str | None] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(String(4096))
    slug: Mapped[str] = mapped_column(String(255))
    type: Mapped[GroupType | None] = mapped_column(
        native_enum(GroupType, "ctutor_group_type"), server_default=text("'fixed'::ctutor_group_type")
    )

    claims: Mapped[list["GroupClaim"]] = to_many("Group", "GroupClaim.group_id", back="group")
    user_groups: Mapped[list["UserGroup"]] = to_many("Group", "UserGroup.group_id", back="group")


class GroupClaim(Versioned, Timed, AuthoredByValue, Base):
    """A permission that all members of a group have."""

    __tablename__ = "group_claim"

    group_id: Mapped[str] = mapped_column(UUID, reference("group.id", onupdate=None), primary_key=True)
    claim_type: Mapped[str] = mapped_column(String(255), primary_key=True)
    claim_value: Mapped[str] = mapped_column(String(255), primary_key=True)
    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    group: Mapped["Group"] = to_one("GroupClaim.group_id", "Group", back="claims")


class UserGroup(Versioned, Timed, AuthoredByValue, Base):
    """A user in a group; `transient` when derived from an identity provider."""

    __tablename__ = "user_group"

    user_id: Mapped[str] = mapped_column(UUID, reference("user.id", onupdate=None), primary_key=True)
    group_id: Mapped[str] = mapped_column(
        UUID, reference("group.id", ondelete="RESTRICT", onupdate="CASCADE"), primary_key=True, index=True
    )
    transient: Mapped[bool | None] = mapped_column(Boolean, server_default=false())

    user: Mapped["User"] = to_one("UserGroup.user_id", "User", back="user_groups")
    group: Mapped["Group"] = to_one("UserGroup.group_id", "Group", back="user_groups")
