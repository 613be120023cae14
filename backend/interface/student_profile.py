"""Student profile: matriculation data of a user."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from backend.access.policy import Grant, Level, Policy, courses, user
from backend.interface.base import (
    BaseEntityGet,
    BaseEntityList,
    BaseEntityUpdate,
    EntityInterface,
    KeyedEntityCreate,
    ListQuery,
)
from backend.interface.mail_address import address_in_turn, address_is_free
from backend.interface.membership import of_ordinary_users
from backend.interface.rules import Email
from backend.model import StudentProfile

StudentId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


class StudentProfileList(BaseEntityList):
    """Matriculation data in a list."""

    id: str = Field(description="Key.")
    user_id: str = Field(description="Key of the user.")
    organization_id: str | None = Field(None, description="Key of the institution.")
    student_id: str | None = Field(None, max_length=255, description="Matriculation number, unique.")
    student_email: str | None = Field(None, max_length=320, description="Address that the institution gave.")


class StudentProfileGet(StudentProfileList, BaseEntityGet):
    """Matriculation data of a user."""


class StudentProfileUpdate(BaseEntityUpdate):
    """What to change in matriculation data; they stay with their user."""

    student_id: StudentId | None = Field(None, description="Matriculation number, unique.")
    student_email: Email | None = Field(None, description="Address that the institution gave.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class StudentProfileCreate(KeyedEntityCreate):
    """Matriculation data to create."""

    user_id: str = Field(description="Key of the user.")
    organization_id: str = Field(description="Key of the institution.")
    student_id: StudentId | None = Field(None, description="Matriculation number, unique.")
    student_email: Email | None = Field(None, description="Address that the institution gave.")


class StudentProfileQuery(ListQuery):
    """Search for matriculation data."""

    user_id: str | None = Field(None, description="Key of the user.")
    organization_id: str | None = Field(None, description="Key of the institution.")
    student_id: str | None = Field(None, description="Matriculation number, exactly.")
    student_email: str | None = Field(None, description="Address, exactly.")


class StudentProfileInterface(EntityInterface):
    """Matriculation data of a user."""

    create = StudentProfileCreate
    get = StudentProfileGet
    list = StudentProfileList
    update = StudentProfileUpdate
    query = StudentProfileQuery
    endpoint = "student-profiles"
    model = StudentProfile
    cache_ttl = 300
    policy = Policy(
        read=(
            Grant("user_id", user()),
            Grant("user.course_members.course_id", courses(at_least=Level.TUTOR)),
        ),
        checks=(*of_ordinary_users("user_id"), address_is_free("student_email", "user_id")),
    )
    in_turn = address_in_turn("student_email")
    links = {"organization_id": ()}
    default_order = ("student_id",)
