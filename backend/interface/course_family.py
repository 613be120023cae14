"""Course family: a course that is given again and again."""

from typing import Any

from pydantic import Field
from sqlalchemy import Select, insert, literal, select, update

from backend.access.held import caller, is_held
from backend.access.policy import (
    Action,
    Condition,
    Grant,
    Level,
    Policy,
    ScopedLevel,
    courses,
    families,
    organizations,
)
from backend.interface.base import BaseEntityCreate, BaseEntityGet, BaseEntityList, BaseEntityUpdate, EntityInterface
from backend.interface.effect import Written, is_written
from backend.interface.rules import Kept, Path, Title
from backend.interface.search import TreeQuery, along_tree, equalities
from backend.model import Course, CourseFamily, CourseFamilyMember
from backend.model.base import table_of


class CourseFamilyList(BaseEntityList):
    """A course family in a list."""

    id: str = Field(description="Key.")
    title: str | None = Field(None, max_length=255, description="Name shown to people.")
    path: str = Field(description="Place in the tree of the organization.")
    organization_id: str = Field(description="Key of the organization.")


class CourseFamilyGet(CourseFamilyList, BaseEntityGet):
    """A course family."""

    description: str | None = Field(None, max_length=4096, description="What it is about.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems, without secrets.")


class CourseFamilyUpdate(BaseEntityUpdate):
    """What to change in a course family; its courses follow it to another organization."""

    title: Title | None = Field(None, description="Name shown to people.")
    description: str | None = Field(None, max_length=4096, description="What it is about.")
    path: Kept[Path] = Field(None, description="Place in the tree of the organization.")
    organization_id: Kept[str] = Field(None, description="Key of the organization.")
    properties: dict[str, Any] | None = Field(None, description="Data of other systems.")


class CourseFamilyCreate(BaseEntityCreate, CourseFamilyUpdate):
    """A course family to create."""

    path: Path = Field(description="Place in the tree of the organization.")
    organization_id: str = Field(description="Key of the organization.")


class CourseFamilyQuery(TreeQuery):
    """Search for course families."""

    title: str | None = Field(None, description="Title, exactly.")
    description: str | None = Field(None, description="Description, exactly.")
    organization_id: str | None = Field(None, description="Key of the organization.")


def course_family_search(statement: Select[Any], query: CourseFamilyQuery) -> Select[Any]:
    """Course families that agree with all that is given."""
    statement = along_tree(statement, CourseFamily.path, query)
    return equalities(statement, CourseFamily, query, ("title", "description", "organization_id"))


async def _seat_creator(written: Written) -> None:
    """Whoever creates one owns it."""
    made = table_of(CourseFamily)
    seat = select(caller(), made.c.id, literal(ScopedLevel.OWNER.value)).where(is_written(made.c.id))
    names = ["user_id", "course_family_id", "course_family_role_id"]
    await written.run(insert(table_of(CourseFamilyMember)).from_select(names, seat, include_defaults=False))


async def _take_courses_along(written: Written) -> None:
    """A course belongs to the organization of its family."""
    course, family = table_of(Course), table_of(CourseFamily)
    of_family = select(family.c.organization_id).where(family.c.id == course.c.course_family_id).scalar_subquery()
    moved = update(course).values(organization_id=of_family)
    await written.run(moved.where(is_written(course.c.course_family_id), course.c.organization_id != of_family))


_WITHIN = frozenset(CourseFamilyUpdate.model_fields) - {"organization_id"}
_DEVELOPED = Condition(
    "one is at least developer of the family", lambda row: is_held(row["id"], families(at_least=ScopedLevel.DEVELOPER))
)


class CourseFamilyInterface(EntityInterface):
    """A course that is given again and again, such as each winter."""

    create = CourseFamilyCreate
    get = CourseFamilyGet
    list = CourseFamilyList
    update = CourseFamilyUpdate
    query = CourseFamilyQuery
    search = course_family_search
    endpoint = "course-families"
    model = CourseFamily
    cache_ttl = 60
    policy = Policy(
        read=(
            Grant("courses.id", courses(at_least=Level.STUDENT)),
            Grant("id", families(at_least=ScopedLevel.DEVELOPER)),
        ),
        update=(
            Grant("id", families(at_least=ScopedLevel.DEVELOPER), sets=_WITHIN),
            # Who moves it takes from one organization and gives to another.
            Grant("organization_id", organizations(at_least=ScopedLevel.DEVELOPER), where=_DEVELOPED),
        ),
        delete=(Grant("id", families(at_least=ScopedLevel.OWNER)),),
    )
    effects = {Action.CREATE: (_seat_creator,), Action.UPDATE: (_take_courses_along,)}
    default_order = ("title",)
    relations = {
        "organization": "The organization that owns it.",
        "courses": "Its runs.",
        "members": "Who may write in it.",
    }
