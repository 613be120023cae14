"""Who may write in a course family."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import JSON, UUID, Audited, Base, Keyed, RoleColumns, reference, role_checks, to_many, to_one

if TYPE_CHECKING:
    from backend.model.course_family import CourseFamily
    from backend.model.user import User


class CourseFamilyRole(RoleColumns, Base):
    """What a member may do in a course family: developers < managers < owners."""

    __tablename__ = "course_family_role"
    __table_args__ = role_checks("course_family_role")

    course_family_members: Mapped[list["CourseFamilyMember"]] = to_many(
        "CourseFamilyRole", "CourseFamilyMember.course_family_role_id", back="course_family_role"
    )


class CourseFamilyMember(Keyed, Audited, Base):
    """A user's seat in a course family, with exactly one role."""

    __tablename__ = "course_family_member"
    __table_args__ = (UniqueConstraint("user_id", "course_family_id"), Index(None, "created_at", "id"))

    user_id: Mapped[str] = mapped_column(UUID, reference("user.id"))
    course_family_id: Mapped[str] = mapped_column(UUID, reference("course_family.id"), index=True)
    course_family_role_id: Mapped[str] = mapped_column(
        String(255), reference("course_family_role.id", ondelete="RESTRICT"), index=True
    )
    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    user: Mapped["User"] = to_one("CourseFamilyMember.user_id", "User", back="course_family_members")
    course_family: Mapped["CourseFamily"] = to_one(
        "CourseFamilyMember.course_family_id", "CourseFamily", back="members"
    )
    course_family_role: Mapped["CourseFamilyRole"] = to_one(
        "CourseFamilyMember.course_family_role_id", "CourseFamilyRole", back="course_family_members"
    )
