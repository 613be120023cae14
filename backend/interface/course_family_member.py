"""Course family member: a user who may write in a course family."""

from typing import Any

from pydantic import Field

from backend.access.policy import Grant, Policy, ScopedLevel, families, user
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityGet,
    BaseEntityList,
    BaseEntityUpdate,
    EntityInterface,
    ListQuery,
)
from backend.interface.membership import seating
from backend.interface.rules import Kept
from backend.model import CourseFamilyMember


class CourseFamilyMemberList(BaseEntityList):
    """A seat in a course family, in a list."""

    id: str = Field(description="Key.")
    user_id: str = Field(description="Key of the user.")
    course_family_id: str = Field(description="Key of the course family.")
    course_family_role_id: str = Field(description="Key of the course family role.")


class CourseFamilyMemberGet(CourseFamilyMemberList, BaseEntityGet):
    """A seat in a course family."""

    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class CourseFamilyMemberUpdate(BaseEntityUpdate):
    """What to change in a seat; it stays with its user and its course family."""

    course_family_role_id: Kept[str] = Field(None, description="Key of the course family role.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class CourseFamilyMemberCreate(BaseEntityCreate, CourseFamilyMemberUpdate):
    """A seat to give to a user."""

    user_id: str = Field(description="Key of the user.")
    course_family_id: str = Field(description="Key of the course family.")
    course_family_role_id: str = Field(description="Key of the course family role.")


class CourseFamilyMemberQuery(ListQuery):
    """Search for seats."""

    user_id: str | None = Field(None, description="Key of the user.")
    course_family_id: str | None = Field(None, description="Key of the course family.")
    course_family_role_id: str | None = Field(None, description="Key of the course family role.")


class CourseFamilyMemberInterface(EntityInterface):
    """A user's seat in a course family, with exactly one role; it gives no right in what lies below."""

    create = CourseFamilyMemberCreate
    get = CourseFamilyMemberGet
    list = CourseFamilyMemberList
    update = CourseFamilyMemberUpdate
    query = CourseFamilyMemberQuery
    endpoint = "course-family-members"
    model = CourseFamilyMember
    cache_ttl = 300
    policy = Policy(
        read=(
            Grant("user_id", user()),
            Grant("course_family_id", families(at_least=ScopedLevel.MANAGER)),
        ),
        create=(Grant("course_family_id", families(at_least=ScopedLevel.MANAGER)),),
        update=(Grant("course_family_id", families(at_least=ScopedLevel.MANAGER)),),
        delete=(Grant("course_family_id", families(at_least=ScopedLevel.MANAGER)),),
        checks=seating(
            CourseFamilyMember, "course_family_id", "course_family_role_id", families(at_least=ScopedLevel.OWNER)
        ),
    )
    # Whoever seats people need not see them before.
    links = {"user_id": (Grant(values=families(at_least=ScopedLevel.MANAGER)),)}
    locks = ("course_family",)
    default_order = ("created_at",)
    relations = {"user": "Whose it is.", "course_family_role": "What the member may do."}
