"""Example dependency: one example needs another."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from sqlalchemy import ColumnElement, literal_column, not_, select

from backend.access.policy import Action, Check, Grant, Level, Policy, Stage, courses
from backend.interface.base import BaseEntityCreate, CreatedEntityList, EntityInterface, ListQuery, Row
from backend.model import ExampleDependency

_CONSTRAINT = re.compile(r"(?:>=|<=|>|<|\^|~|==)?\s*[^\s<>=^~*]+|\*")


def _readable(constraint: str) -> str:
    if not _CONSTRAINT.fullmatch(constraint):
        raise ValueError("must be a version, such as 1.0, or one after >=, <=, >, <, ^, ~ or ==")
    return constraint


VersionConstraint = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_readable)
]


class ExampleDependencyList(CreatedEntityList):
    """A dependency in a list."""

    id: str = Field(description="Key.")
    example_id: str = Field(description="Key of the example that needs another.")
    depends_id: str = Field(description="Key of the example that it needs.")
    version_constraint: str | None = Field(
        None, max_length=100, description="Which versions will do; null: the newest."
    )


class ExampleDependencyGet(ExampleDependencyList):
    """One example needs another."""


class ExampleDependencyCreate(BaseEntityCreate):
    """A dependency to create."""

    example_id: str = Field(description="Key of the example that needs another.")
    depends_id: str = Field(description="Key of the example that it needs.")
    version_constraint: VersionConstraint | None = Field(None, description="Which versions will do.")


class ExampleDependencyQuery(ListQuery):
    """Search for dependencies."""

    example_id: str | None = Field(None, description="Key of the example that needs another.")
    depends_id: str | None = Field(None, description="Key of the example that it needs.")


def _is_no_cycle(row: Row) -> ColumnElement[bool]:
    needs = ExampleDependency.__table__
    reached = select(needs.c.depends_id.label("id")).where(needs.c.example_id == row["depends_id"])
    reached_all = reached.correlate_except(needs).cte("reached", recursive=True, nesting=True)
    further = select(needs.c.depends_id).join(reached_all, needs.c.example_id == reached_all.c.id)
    reached_all = reached_all.union(further)
    back = select(reached_all.c.id).where(reached_all.c.id == row["example_id"]).exists()
    return not_(back)


class ExampleDependencyInterface(EntityInterface):
    """One example needs another."""

    create = ExampleDependencyCreate
    get = ExampleDependencyGet
    list = ExampleDependencyList
    query = ExampleDependencyQuery
    endpoint = "example-dependencies"
    model = ExampleDependency
    policy = Policy(
        read=(Grant(values=courses(at_least=Level.LECTURER)),),
        create=(Grant(values=courses(at_least=Level.LECTURER)),),
        delete=(Grant(values=courses(at_least=Level.LECTURER)),),
        checks=(
            Check(
                "An example cannot need itself.",
                Stage.PLANNED,
                frozenset({Action.CREATE}),
                lambda row: row["depends_id"] != row["example_id"],
                "depends_id",
            ),
            Check(
                "An example cannot need itself, not even by way of others.",
                Stage.AFTER,
                frozenset({Action.CREATE}),
                _is_no_cycle,
                "depends_id",
            ),
        ),
    )
    # A cycle may run through any others.
    in_turn = lambda row: literal_column("'example dependency'")  # noqa: ARG005, E731 - as every such text
    default_order = ("created_at",)
    relations = {"example": "What needs the other.", "depends": "What it needs."}
