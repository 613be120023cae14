"""Who may write in an organization."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import JSON, UUID, Audited, Base, Keyed, RoleColumns, reference, role_checks, to_many, to_one

if TYPE_CHECKING:
    from backend.model.organization import Organization
    from backend.model.user import User


class OrganizationRole(RoleColumns, Base):
    """What a member may do in an organization: developers < managers < owners."""

    __tablename__ = "organization_role"
    __table_args__ = role_checks("organization_role")

    organization_members: Mapped[list["OrganizationMember"]] = to_many(
        "OrganizationRole", "OrganizationMember.organization_role_id", back="organization_role"
    )


class OrganizationMember(Keyed, Audited, Base):
    """A user's seat in an organization, with exactly one role."""

    __tablename__ = "organization_member"
    __table_args__ = (UniqueConstraint("user_id", "organization_id"), Index(None, "created_at", "id"))

    user_id: Mapped[str] = mapped_column(UUID, reference("user.id"))
    organization_id: Mapped[str] = mapped_column(UUID, reference("organization.id"), index=True)
    organization_role_id: Mapped[str] = mapped_column(
        String(255), reference("organization_role.id", ondelete="RESTRICT"), index=True
    )
    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    user: Mapped["User"] = to_one("OrganizationMember.user_id", "User", back="organization_members")
    organization: Mapped["Organization"] = to_one("OrganizationMember.organization_id", "Organization", back="members")
    organization_role: Mapped["OrganizationRole"] = to_one(
        "OrganizationMember.organization_role_id", "OrganizationRole", back="organization_members"
    )
