"""A gateway with fields written by hand and with computed ones, good and bad, besides those that are shipped."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, contextmanager
from functools import partial
from types import GenericAlias
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import strawberry
from pydantic import Field
from sqlalchemy import Select, select
from strawberry.types import Info  # noqa: TC002 - Strawberry reads it from the annotation

from backend import server
from backend.access.credentials import create_token
from backend.errors import InputError
from backend.graphql.schema import build_schema
from backend.graphql.written import Paged, written_fields
from backend.interface.base import Batch, BatchContext
from backend.interface.course import CourseGet, CourseInterface
from backend.interface.registry import INTERFACES
from backend.model import Course, CourseContent, Result
from tests.support.gateway import GatewayHere, running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from strawberry.types.field import StrawberryField

    from backend.graphql.declare import Declarations
    from backend.interface.entity import Catalog
    from tests.support.world import World

COMPUTED: list[int] = []


async def _shout(_: BatchContext, rows: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
    COMPUTED.append(len(rows))
    found: list[Any] = []
    for (title,) in rows:
        refused = {"Geometry": InputError("geometry is not shouted"), "Chemistry": ZeroDivisionError("secret")}
        found.append(refused.get(title, f"{title.upper()}!"))
    return found


async def _nothing(_: BatchContext, rows: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
    return [None for _ in rows]


async def _too_few(_: BatchContext, rows: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
    return []


class ShoutingGet(CourseGet):
    """A course with computed fields."""

    shout: str = Field(description="Never null.")
    whisper: str | None = Field(None, description="Null where it fails.")
    void: str = Field(description="Null all the same.")
    broken: str | None = Field(None, description="Fails as a whole.")


class ShoutingInterface(CourseInterface):
    """A course with fields that are computed in Python."""

    get: ClassVar[type[CourseGet]] = ShoutingGet
    computed: ClassVar = {
        "shout": Batch(("title",), _shout),
        "whisper": Batch(("title",), _shout),
        "void": Batch((), _nothing),
        "broken": Batch((), _too_few),
    }


def _shelf(ids: Mapping[str, str], declared: Declarations) -> Any:
    """A plain type whose fields lead to entities."""
    optional, page = declared["Course"] | None, declared["CourseContentConnection"]

    def of_course(root: Any) -> str | None:
        found: str | None = root.course_key
        return found

    def of_courses() -> list[str]:
        return [ids["algebra"], ids["chemistry"], ids["algebra"]]

    def of_contents() -> Select[Any]:
        return select(CourseContent).where(CourseContent.title != "sheet 2")

    async def of_course_title(root: Any, info: Info[Any, Any]) -> str | None:
        found = await info.context.loaders.course.load(root.course_key)
        return found and f"{found.title} ({found.version})"

    @strawberry.type(name="Shelf", description="A plain object.")
    class Shelf:
        label: str
        course_key: strawberry.Private[str | None]
        course = strawberry.field(resolver=of_course, graphql_type=optional)
        courses = strawberry.field(resolver=of_courses, graphql_type=GenericAlias(list, optional))
        contents = strawberry.field(resolver=of_contents, graphql_type=page)
        course_title = strawberry.field(resolver=of_course_title, name="courseTitle")

    return Shelf


def _fields(
    ids: Mapping[str, str], declared: Declarations, catalog: Catalog, shipped: Mapping[str, StrawberryField]
) -> Mapping[str, StrawberryField]:
    shelf_type = _shelf(ids, declared)
    names = ["algebra", "geometry", "chemistry", "algebra"]

    def shelves() -> list[Any]:
        return [shelf_type(label=name, course_key=ids[name]) for name in names]

    async def answer(number: int = 6) -> int:
        await asyncio.sleep(0)
        return number * 7

    def fails() -> str | None:
        raise InputError("not like this")

    def breaks() -> str | None:
        raise ZeroDivisionError("secret")

    def favourite() -> str:
        return ids["algebra"]

    def hidden() -> str | None:
        return ids["chemistry"]

    def garbage() -> str:
        return "Course:nope"

    def scored(at_least: float = 0.0) -> Select[Any]:
        return select(Result).where(Result.result >= at_least)

    def quiet() -> Select[Any]:
        return select(Course).where(Course.contents.any(~CourseContent.results.any()))

    course = declared["Course"]
    made: dict[str, Any] = {
        "shelves": strawberry.field(resolver=shelves, graphql_type=GenericAlias(list, shelf_type)),
        "answer": strawberry.field(resolver=answer),
        "fails": strawberry.field(resolver=fails),
        "breaks": strawberry.field(resolver=breaks),
        "favourite": strawberry.field(resolver=favourite, graphql_type=course),
        "hidden": strawberry.field(resolver=hidden, graphql_type=course | None),
        "hidden_required": strawberry.field(resolver=hidden, name="hiddenRequired", graphql_type=course),
        "garbage": strawberry.field(resolver=garbage, graphql_type=course | None),
        "scored": strawberry.field(
            resolver=scored,
            graphql_type=declared["ResultConnection"],
            extensions=[Paged(declared, catalog, "Result")],
        ),
        "quiet": strawberry.field(
            resolver=quiet,
            graphql_type=declared["CourseConnection"],
            extensions=[Paged(declared, catalog, "Course")],
        ),
    }
    return {**shipped, **made}


@contextmanager
def written_gateway(world: World) -> Iterator[GatewayHere]:
    """A gateway with more fields than are shipped; for ada, a student, and for adi, who sees everything."""
    ids = {name: world.id("course", name) for name in ("algebra", "geometry", "chemistry")}

    def make(declared: Declarations, catalog: Catalog) -> Mapping[str, StrawberryField]:
        return _fields(ids, declared, catalog, written_fields(declared, catalog))

    tokens = {reader: create_token(world.database_url, user=reader) for reader in ("ada", "adi", "tom")}
    others = tuple(interface for interface in INTERFACES if interface is not CourseInterface)
    with ExitStack() as stack:
        # Only while it is made: gateways of other tests in this process have what is shipped.
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(server, "build_schema", partial(build_schema, written=make))
            monkeypatch.setattr(server, "INTERFACES", (*others, ShoutingInterface))
            gateway = stack.enter_context(running_gateway(world.database_url, tokens))
        yield gateway
