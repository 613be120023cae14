"""People and technical accounts, and what belongs to one of them alone."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Index, Integer, String, UniqueConstraint, false, text
from sqlalchemy.dialects.postgresql import BYTEA, INET
from sqlalchemy.orm import Mapped, mapped_column

from backend.model.base import (
    JSON,
    TIMESTAMP,
    UUID,
    Audited,
    Base,
    Keyed,
    native_enum,
    reference,
    to_many,
    to_one,
)

if TYPE_CHECKING:
    from backend.model.api_token import ApiToken
    from backend.model.course_family_member import CourseFamilyMember
    from backend.model.course_member import CourseMember
    from backend.model.group import UserGroup
    from backend.model.message import Message, MessageRead
    from backend.model.organization import Organization
    from backend.model.organization_member import OrganizationMember
    from backend.model.role import UserRole


class UserType(Enum):
    """Whether a user is a person or a technical account, which needs `token_expiration`."""

    USER = "user"
    TOKEN = "token"  # noqa: S105 - a kind of user, no secret


class User(Keyed, Audited, Base):
    """A person or a technical account."""

    __tablename__ = "user"
    __table_args__ = (
        CheckConstraint("user_type <> 'token' OR token_expiration IS NOT NULL", name="ck_user_token_expiration"),
        UniqueConstraint("email"),
        UniqueConstraint("number"),
        UniqueConstraint("username"),
        Index("user_lower_email_key", text("lower(email)"), unique=True),
        Index(None, "family_name", "given_name", "id"),
    )

    number: Mapped[str | None] = mapped_column(String(255))
    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    archived_at: Mapped[datetime | None] = mapped_column(TIMESTAMP)
    given_name: Mapped[str | None] = mapped_column(String(255))
    family_name: Mapped[str | None] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(320))
    user_type: Mapped[UserType] = mapped_column(
        native_enum(UserType, "user_type"), server_default=text("'user'::user_type")
    )
    fs_number: Mapped[int] = mapped_column(BigInteger, server_default=text("nextval('user_unique_fs_number_seq')"))
    token_expiration: Mapped[datetime | None] = mapped_column(TIMESTAMP)
    username: Mapped[str | None] = mapped_column(String(255))
    password: Mapped[str | None] = mapped_column(String(255))
    auth_token: Mapped[str | None] = mapped_column(String(4096))
    password_hash: Mapped[str | None] = mapped_column(String(512))
    password_reset_required: Mapped[bool] = mapped_column(Boolean, server_default=false())

    accounts: Mapped[list["Account"]] = to_many("User", "Account.user_id", back="user")
    api_tokens: Mapped[list["ApiToken"]] = to_many("User", "ApiToken.user_id", back="user")
    course_members: Mapped[list["CourseMember"]] = to_many("User", "CourseMember.user_id", back="user")
    course_family_members: Mapped[list["CourseFamilyMember"]] = to_many(
        "User", "CourseFamilyMember.user_id", back="user"
    )
    messages_written: Mapped[list["Message"]] = to_many("User", "Message.author_id", back="author")
    messages_received: Mapped[list["Message"]] = to_many("User", "Message.user_id", back="user")
    message_reads: Mapped[list["MessageRead"]] = to_many("User", "MessageRead.reader_user_id", back="reader_user")
    organization: Mapped["Organization | None"] = to_many("User", "Organization.user_id", back="user")
    organization_members: Mapped[list["OrganizationMember"]] = to_many(
        "User", "OrganizationMember.user_id", back="user"
    )
    profile: Mapped["Profile | None"] = to_many("User", "Profile.user_id", back="user")
    sessions: Mapped[list["Session"]] = to_many("User", "Session.user_id", back="user")
    student_profiles: Mapped[list["StudentProfile"]] = to_many("User", "StudentProfile.user_id", back="user")
    user_groups: Mapped[list["UserGroup"]] = to_many("User", "UserGroup.user_id", back="user")
    user_roles: Mapped[list["UserRole"]] = to_many("User", "UserRole.user_id", back="user")


class Account(Keyed, Audited, Base):
    """A user's login at an external provider."""

    __tablename__ = "account"
    __table_args__ = (
        Index("account_provider_type_provider_account_id_key", "provider", "type", "provider_account_id", unique=True),
        Index("account_provider_type_user_id_key", "provider", "type", "user_id", unique=True),
        Index("ix_account_user_id", "user_id"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    provider: Mapped[str] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(63))
    provider_account_id: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[str] = mapped_column(UUID, reference("user.id"))

    user: Mapped["User"] = to_one("Account.user_id", "User", back="accounts")


class Profile(Keyed, Audited, Base):
    """The public face of a user."""

    __tablename__ = "profile"
    __table_args__ = (
        CheckConstraint("avatar_color BETWEEN 0 AND 16777215", name="profile_avatar_color_check"),
        UniqueConstraint("nickname"),
        UniqueConstraint("user_id"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    avatar_color: Mapped[int | None] = mapped_column(Integer)
    avatar_image: Mapped[str | None] = mapped_column(String(2048))
    nickname: Mapped[str | None] = mapped_column(String(255))
    bio: Mapped[str | None] = mapped_column(String(16384))
    url: Mapped[str | None] = mapped_column(String(2048))
    user_id: Mapped[str] = mapped_column(UUID, reference("user.id"))

    user: Mapped["User"] = to_one("Profile.user_id", "User", back="profile")


class StudentProfile(Keyed, Audited, Base):
    """Matriculation data of a user."""

    __tablename__ = "student_profile"
    __table_args__ = (
        UniqueConstraint("student_email"),
        UniqueConstraint("student_id"),
        UniqueConstraint("user_id"),
        Index("ix_student_profile_lower_student_email", text("lower(student_email)")),
        Index("student_profile_user_id_organization_id_key", "user_id", "organization_id", unique=True),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    student_id: Mapped[str | None] = mapped_column(String(255))
    student_email: Mapped[str | None] = mapped_column(String(320))
    user_id: Mapped[str] = mapped_column(UUID, reference("user.id"))
    organization_id: Mapped[str | None] = mapped_column(UUID, reference("organization.id"), index=True)

    user: Mapped["User"] = to_one("StudentProfile.user_id", "User", back="student_profiles")
    organization: Mapped["Organization | None"] = to_one(
        "StudentProfile.organization_id", "Organization", back="student_profiles"
    )


class Session(Keyed, Audited, Base):
    """The record of a login; `session_id` and the hash of its refresh token are secrets."""

    __tablename__ = "session"
    __table_args__ = (
        UniqueConstraint("sid"),
        Index("session_session_id_key", "session_id", unique=True),
        Index(None, "last_seen_at"),
        Index(
            "ix_session_user_id_active",
            "user_id",
            postgresql_where=text("revoked_at IS NULL AND logout_time IS NULL"),
        ),
        Index(None, "created_at", "id"),
    )

    properties: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    user_id: Mapped[str] = mapped_column(UUID, reference("user.id"), index=True)
    session_id: Mapped[str] = mapped_column(String(1024))
    logout_time: Mapped[datetime | None] = mapped_column(TIMESTAMP)
    ip_address: Mapped[str] = mapped_column(INET)
    sid: Mapped[str] = mapped_column(UUID, server_default=text("uuid_generate_v4()"))
    refresh_token_hash: Mapped[bytes | None] = mapped_column(BYTEA)
    refresh_expires_at: Mapped[datetime | None] = mapped_column(TIMESTAMP)
    refresh_counter: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    last_seen_at: Mapped[datetime | None] = mapped_column(TIMESTAMP)
    expires_at: Mapped[datetime | None] = mapped_column(TIMESTAMP)
    revoked_at: Mapped[datetime | None] = mapped_column(TIMESTAMP)
    revocation_reason: Mapped[str | None] = mapped_column(String(255))
    last_ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(String(4096))
    device_label: Mapped[str | None] = mapped_column(String(512))

    user: Mapped["User"] = to_one("Session.user_id", "User", back="sessions")
