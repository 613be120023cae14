"""What the checks at start find in an interface."""

from collections.abc import Sequence
from enum import Enum

import pytest
from pydantic import BaseModel, Field

from backend.access.policy import EVERYONE, Grant, Level, Policy, courses
from backend.errors import DeclarationError
from backend.interface.base import Batch, EntityInterface, Expression, ListQuery
from backend.interface.course import CourseInterface
from backend.interface.entity import Kind
from backend.interface.reflection import reflect
from backend.model import CourseGroup, Result

KEY = "Key."


class Fitting(BaseModel):
    """Fits course_group."""

    id: str = Field(description=KEY)
    title: str | None = Field(None, description="Title.")


class FittingInterface(EntityInterface):
    """A group."""

    get = Fitting
    list = Fitting
    endpoint = "course-groups"
    model = CourseGroup


class Unknown(Fitting):
    colour: str = Field(description="No such column.")


class TooStrict(Fitting):
    title: str = Field(description="The column may be null.")


class TooLax(Fitting):
    course_id: str | None = Field(None, description="The column may not be null.")


class WrongType(BaseModel):
    title: int | None = Field(None, description="The column is a text.")


class WrongEnum(Fitting):
    title: str | None = Field(None, description="Title.")
    properties: Enum | None = Field(None, description="The column is JSON.")


class Silent(Fitting):
    course_id: str


class Numbered(Fitting):
    size: int = Field(description="Computed.")


class Odd(Fitting):
    size: bytes = Field(description="Computed, and no type that a field can have.")


class Dead(ListQuery):
    colour: str | None = Field(None, description="No such column, and no function that knows it.")


async def compute_nothing(_: object, rows: Sequence[object]) -> list[None]:
    return [None for _ in rows]


def misfit(**declarations: object) -> str:
    """What the checks at start say of an interface that fits but for these declarations."""
    interface = type("MisfitInterface", (FittingInterface,), {"__doc__": "A group.", **declarations})
    with pytest.raises(DeclarationError) as error:
        reflect([interface])
    return str(error.value)


SIZE = Expression(lambda row: row["title"])


@pytest.mark.parametrize(
    ("declarations", "complaint"),
    [
        ({"get": Unknown}, "Unknown.colour is neither a column of course_group nor computed"),
        ({"get": TooStrict}, "TooStrict.title may not be null, but course_group.title may read as null"),
        ({"get": TooLax}, "TooLax.course_id may be null, but course_group.course_id may not read as null"),
        ({"get": WrongType}, "WrongType.title is <class 'int'>, but column course_group.title is VARCHAR(255)"),
        ({"get": WrongEnum}, "WrongEnum.properties is <enum 'Enum'>, but column course_group.properties is JSONB"),
        ({"get": Silent}, "Silent.course_id has no description"),
        ({"get": Odd, "computed": {"size": SIZE}}, "Odd.size is computed, and <class 'bytes'> is no type"),
        ({"computed": {"size": SIZE}}, "MisfitInterface.computed names size, which Fitting does not have"),
        ({"relations": {"teachers": "Who teaches."}}, "MisfitInterface describes teachers, which is no relation"),
        ({"nested_orders": {"teachers": ("name",)}}, "MisfitInterface describes teachers, which is no relation"),
        ({"query": Dead}, "MisfitInterface searches by colour, which is no column of course_group"),
        (
            {"computed": {"title": Batch((), compute_nothing)}},
            "MisfitInterface.computed makes title in Python, which SQL would go on reading from the column",
        ),
        ({"default_order": ("-name",)}, "MisfitInterface orders by name, which is no column of course_group"),
        (
            {"policy": Policy(read=(Grant(hides=frozenset({"titel"})),))},
            "MisfitInterface hides titel, which is no column of course_group",
        ),
        (
            {"null_reads": {"title": ""}},
            "Fitting.title may be null, but course_group.title may not read as null",
        ),
    ],
)
def test_checks_at_start_name_each_mismatch(declarations: dict[str, object], complaint: str) -> None:
    assert complaint in misfit(**declarations)


def test_checks_at_start_name_all_mismatches_at_once() -> None:
    said = misfit(get=TooStrict, relations={"teachers": "Who teaches."})
    assert "TooStrict.title" in said
    assert "teachers" in said


def test_field_that_a_grant_hides_must_be_nullable() -> None:
    hiding = Policy(read=(EVERYONE, Grant(hides=frozenset({"course_id"}))))

    class NeverNull(Fitting):
        course_id: str = Field(description="Key of the course.")

    assert "NeverNull.course_id may not be null" in misfit(get=NeverNull, policy=hiding)
    reflect([type("HidingInterface", (FittingInterface,), {"get": TooLax, "policy": hiding})])


def test_enum_on_an_unchecked_column_must_be_nullable() -> None:
    class Status(Enum):
        DONE = 0

    class Sure(BaseModel):
        status: Status = Field(description="Status.")

    assert "Sure.status may not be null" in misfit(get=Sure, model=Result)


def test_computed_key_is_an_id_of_its_target() -> None:
    computed = {"size": Expression(lambda row: row["course_id"], target=CourseGroup)}
    entity = reflect([type("KeyedInterface", (FittingInterface,), {"get": Numbered, "computed": computed})])
    assert entity["CourseGroup"].fields["size"].kind is Kind.ID


def test_a_grant_along_an_unknown_path_is_named() -> None:
    class Astray(CourseInterface):
        policy = Policy(read=(Grant("organization.courses.nowhere", courses(at_least=Level.STUDENT)),))

    with pytest.raises(
        DeclarationError, match=r"Astray grants along organization\.courses\.nowhere, which leads nowhere"
    ):
        reflect([Astray])


def test_a_nested_order_by_an_unknown_attribute_is_named() -> None:
    class Muddled(CourseInterface):
        nested_orders = {"members": ("user.shoe_size",)}  # noqa: RUF012 - as every interface

    with pytest.raises(DeclarationError, match=r"Muddled orders members by user\.shoe_size, which leads nowhere"):
        reflect([Muddled])
