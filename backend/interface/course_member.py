"""Course member: a user's part in a course."""

from typing import Any

from pydantic import Field, model_validator
from sqlalchemy import Select

from backend.access.policy import Action, Grant, Level, Policy, courses, user
from backend.interface.base import (
    BaseEntityGet,
    BaseEntityList,
    BaseEntityUpdate,
    EntityInterface,
    KeyedEntityCreate,
    ListQuery,
)
from backend.interface.individual_groups import for_members
from backend.interface.membership import SEATING_IN_COURSES
from backend.interface.rules import FieldError, Kept
from backend.interface.search import equalities
from backend.model import CourseMember, User


class CourseMemberList(BaseEntityList):
    """A member in a list."""

    id: str = Field(description="Key.")
    user_id: str = Field(description="Key of the user.")
    course_id: str = Field(description="Key of the course.")
    course_group_id: str | None = Field(None, description="Key of the course group; students have one.")
    course_role_id: str = Field(description="Key of the course role.")


class CourseMemberGet(CourseMemberList, BaseEntityGet):
    """A member of a course."""

    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


def _has_group(course_role_id: str | None, course_group_id: str | None) -> None:
    if course_role_id == Level.STUDENT.value and course_group_id is None:
        raise FieldError("course_group_id", "a student is in a group of the course")


class CourseMemberUpdate(BaseEntityUpdate):
    """What to change in a member; whoever writes checks the merged row as one to create."""

    course_group_id: str | None = Field(None, description="Key of a group of the same course.")
    course_role_id: Kept[str] = Field(None, description="Key of the course role.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")

    @model_validator(mode="after")
    def _student_has_group(self) -> "CourseMemberUpdate":
        if "course_group_id" in self.model_fields_set:
            _has_group(self.course_role_id, self.course_group_id)
        return self


class CourseMemberCreate(KeyedEntityCreate, CourseMemberUpdate):
    """A member to create."""

    user_id: str = Field(description="Key of the user.")
    course_id: str = Field(description="Key of the course.")
    course_role_id: str = Field(description="Key of the course role.")

    @model_validator(mode="after")
    def _student_has_group(self) -> "CourseMemberCreate":
        _has_group(self.course_role_id, self.course_group_id)
        return self


class CourseMemberQuery(ListQuery):
    """Search for members."""

    user_id: str | None = Field(None, description="Key of the user.")
    course_id: str | None = Field(None, description="Key of the course.")
    course_group_id: str | None = Field(None, description="Key of the course group.")
    course_role_id: str | None = Field(None, description="Key of the course role.")
    given_name: str | None = Field(None, description="Part of the given name, whatever the case.")
    family_name: str | None = Field(None, description="Part of the family name, whatever the case.")


def course_member_search(statement: Select[Any], query: CourseMemberQuery) -> Select[Any]:
    """Members that agree with all that is given."""
    statement = equalities(
        statement, CourseMember, query, ("user_id", "course_id", "course_group_id", "course_role_id")
    )
    for column, part in ((User.given_name, query.given_name), (User.family_name, query.family_name)):
        if part is not None:
            statement = statement.where(CourseMember.user.has(column.icontains(part, autoescape=True)))
    return statement


class CourseMemberInterface(EntityInterface):
    """A user's part in a course, with exactly one course role."""

    create = CourseMemberCreate
    get = CourseMemberGet
    list = CourseMemberList
    update = CourseMemberUpdate
    query = CourseMemberQuery
    search = course_member_search
    endpoint = "course-members"
    model = CourseMember
    cache_ttl = 300
    policy = Policy(
        read=(Grant("user_id", user()), Grant("course_id", courses(at_least=Level.TUTOR))),
        create=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        update=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        delete=(Grant("course_id", courses(at_least=Level.LECTURER)),),
        checks=SEATING_IN_COURSES,
    )
    # Whoever seats people need not see them before.
    links = {"user_id": (Grant(values=courses(at_least=Level.LECTURER)),)}
    # Two owners must not change each other at once.
    locks = ("course",)
    effects = {Action.CREATE: (for_members,)}
    default_order = ("created_at",)
    relations = {
        "course_role": "What the member may do in the course.",
        "results": "The test runs that the member started.",
        "submission_group_members": "The member's places in submission groups.",
    }
