"""System-wide roles, what they permit and who holds them."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, String, false
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import (
    JSON,
    UUID,
    AuthoredByValue,
    Base,
    RoleColumns,
    Timed,
    Versioned,
    reference,
    role_checks,
    to_many,
    to_one,
)

if TYPE_CHECKING:
    from backend.model.user import User


class Role(RoleColumns, Base):
    """A system-wide role; ids of built-in roles begin with an underscore."""

    __tablename__ = "role"
    __table_args__ = role_checks("role")

    claims: Mapped[list["RoleClaim"]] = to_many("Role", "RoleClaim.role_id", back="role")
    user_roles: Mapped[list["UserRole"]] = to_many("Role", "UserRole.role_id", back="role")


class RoleClaim(Versioned, Timed, AuthoredByValue, Base):
    """A permission that a role carries; only `claim_type` `permissions` has a meaning."""

    __tablename__ = "role_claim"

    role_id: Mapped[str] = mapped_column(String(255), reference("role.id", onupdate=None), primary_key=True)
    claim_type: Mapped[str] = mapped_column(String(255), primary_key=True)
    claim_value: Mapped[str] = mapped_column(String(255), primary_key=True)
    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    role: Mapped["Role"] = to_one("RoleClaim.role_id", "Role", back="claims")


class UserRole(Versioned, Timed, AuthoredByValue, Base):
    """A role that a user holds; `transient` when derived from an identity provider."""

    __tablename__ = "user_role"

    user_id: Mapped[str] = mapped_column(UUID, reference("user.id", onupdate=None), primary_key=True)
    role_id: Mapped[str] = mapped_column(
        String(255), reference("role.id", ondelete="RESTRICT", onupdate="CASCADE"), primary_key=True, index=True
    )
    transient: Mapped[bool | None] = mapped_column(Boolean, server_default=false())

    user: Mapped["User"] = to_one("UserRole.user_id", "User", back="user_roles")
    role: Mapped["Role"] = to_one("UserRole.role_id", "Role", back="user_roles")
