"""Example: the source of an assignment, reusable and versioned."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints
from sqlalchemy import Select, String, cast, or_
from sqlalchemy.dialects.postgresql import ARRAY

from backend.access.policy import Action, Grant, Level, Policy, courses
from backend.interface.base import BaseEntityUpdate, EntityInterface, ListQuery, TimedEntityList, UnversionedEntityGet
from backend.interface.rules import Kept, Path, Title
from backend.interface.search import equalities
from backend.model import Example

Category = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class ExampleList(TimedEntityList):
    """An example in a list."""

    id: str = Field(description="Key.")
    example_repository_id: str = Field(description="Key of the repository that holds it.")
    directory: str = Field(max_length=255, description="Directory in the repository.")
    identifier: str = Field(description="Path that names it in the repository.")
    title: str = Field(max_length=255, description="Name shown to people.")
    category: str | None = Field(None, max_length=100, description="What it is filed under.")
    tags: list[str] = Field(description="Words that it is found by.")


class ExampleGet(ExampleList, UnversionedEntityGet):
    """The source of an assignment."""

    description: str | None = Field(None, description="What it is about.")


class ExampleUpdate(BaseEntityUpdate):
    """What to change in an example; its files come by upload."""

    identifier: Kept[Path] = Field(None, description="Path that names it in the repository.")
    title: Kept[Title] = Field(None, description="Name shown to people.")
    description: str | None = Field(None, description="What it is about.")
    category: Category | None = Field(None, description="What it is filed under.")
    tags: Kept[list[str]] = Field(None, description="Words that it is found by.")


def _few_stars(identifier: str) -> str:
    # Each multiplies the ways in which PostgreSQL may have to try a path.
    if identifier.count("*") > MOST_STARS:
        raise ValueError(f"may have {MOST_STARS} * at most")
    return identifier


MOST_STARS = 3
Identifiers = Annotated[
    str,
    StringConstraints(pattern=r"^(\*|[A-Za-z0-9_]+)(\.(\*|[A-Za-z0-9_]+))*$", max_length=1000),
    AfterValidator(_few_stars),
]


class ExampleQuery(ListQuery):
    """Search for examples."""

    repository_id: str | None = Field(None, description="Key of the repository that holds it.")
    identifier: Identifiers | None = Field(None, description="Identifier; * stands for any labels, none among them.")
    title: str | None = Field(None, description="Part of the title, whatever the case.")
    category: str | None = Field(None, description="Category, exactly.")
    tags: list[str] | None = Field(None, description="With one of these tags at least.")
    search: str | None = Field(None, description="Part of the title, the description or the identifier.")


def example_search(statement: Select[Any], query: ExampleQuery) -> Select[Any]:
    """Examples that agree with all that is given."""
    statement = equalities(statement, Example, query, ("category",))
    if query.identifier is not None:
        statement = statement.where(Example.identifier.matches(query.identifier))
    if query.repository_id is not None:
        statement = statement.where(Example.example_repository_id == query.repository_id)
    if query.title is not None:
        statement = statement.where(Example.title.icontains(query.title, autoescape=True))
    if query.tags is not None:
        statement = statement.where(Example.tags.op("&&")(cast(query.tags, ARRAY(String))))
    if query.search is not None:
        texts = (Example.title, Example.description, cast(Example.identifier, String))
        statement = statement.where(or_(*(text.icontains(query.search, autoescape=True) for text in texts)))
    return statement


class ExampleInterface(EntityInterface):
    """The source of an assignment, reusable and versioned. It comes by upload."""

    get = ExampleGet
    list = ExampleList
    update = ExampleUpdate
    query = ExampleQuery
    search = example_search
    endpoint = "examples"
    model = Example
    policy = Policy(read=(Grant(values=courses(at_least=Level.LECTURER)),))
    # Examples come with their files.
    operations = frozenset({Action.UPDATE, Action.DELETE})
    default_order = ("title",)
    relations = {
        "example_repository": "The repository that holds it.",
        "dependencies": "What it needs.",
        "dependents": "What needs it.",
        "versions": "Its versions, the newest first.",
    }
