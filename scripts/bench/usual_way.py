"""The same part of the schema as most would write it by hand, to measure the gateway against.

Strawberry types, SQLAlchemy's async ORM, DataLoaders for relations, FastAPI's router. No rights: it runs the admin's
queries. Served as `uvicorn usual_way:app`, with DATABASE_URL set.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, NewType, TypeVar

import strawberry
from fastapi import FastAPI
from sqlalchemy import Select, func, select
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.fastapi import GraphQLRouter
from strawberry.schema.config import StrawberryConfig
from usual_loaders import Context, engine, new_session

from backend import model

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

T = TypeVar("T")
Moment = NewType("Moment", datetime)

Info = strawberry.Info[Context, None]


@strawberry.enum
class ResultStatus(Enum):
    COMPLETED = 0
    FAILED = 1
    CANCELLED = 2
    SCHEDULED = 3
    PENDING = 4
    RUNNING = 5
    CRASHED = 6
    PAUSED = 7


@strawberry.type
class Connection(Generic[T]):
    nodes: list[T]
    count: strawberry.Private[Select[Any] | None] = None

    @strawberry.field
    async def total_count(self) -> int:
        if self.count is None:
            return len(self.nodes)
        async with new_session() as session:
            return int(await session.scalar(self.count) or 0)


@strawberry.type
class Organization:
    id: strawberry.ID
    title: str | None

    @classmethod
    def of(cls, row: model.Organization) -> Organization:
        return cls(id=strawberry.ID(f"Organization:{row.id}"), title=row.title)


@strawberry.type
class CourseFamily:
    id: strawberry.ID
    title: str | None

    @classmethod
    def of(cls, row: model.CourseFamily) -> CourseFamily:
        return cls(id=strawberry.ID(f"CourseFamily:{row.id}"), title=row.title)


@strawberry.type
class User:
    id: strawberry.ID
    given_name: str | None
    family_name: str | None

    @classmethod
    def of(cls, row: model.User) -> User:
        return cls(id=strawberry.ID(f"User:{row.id}"), given_name=row.given_name, family_name=row.family_name)


@strawberry.type
class CourseContent:
    id: strawberry.ID
    title: str | None
    path: str
    position: float

    @classmethod
    def of(cls, row: model.CourseContent) -> CourseContent:
        key = strawberry.ID(f"CourseContent:{row.id}")
        return cls(id=key, title=row.title, path=row.path, position=row.position)


@strawberry.type
class Result:
    row: strawberry.Private[model.Result]
    id: strawberry.ID
    result: float
    status: ResultStatus
    version_identifier: str
    created_at: Moment

    @classmethod
    def of(cls, row: model.Result) -> Result:
        return cls(
            row=row,
            id=strawberry.ID(f"Result:{row.id}"),
            result=row.result,
            status=ResultStatus(row.status),
            version_identifier=row.version_identifier,
            created_at=Moment(row.created_at),
        )

    @strawberry.field
    async def course_content(self, info: Info) -> CourseContent | None:
        found = await info.context.contents.load(self.row.course_content_id)
        return None if found is None else CourseContent.of(found)


@strawberry.type
class CourseMember:
    row: strawberry.Private[model.CourseMember]
    id: strawberry.ID
    course_role_id: str

    @classmethod
    def of(cls, row: model.CourseMember) -> CourseMember:
        return cls(
            row=row, id=strawberry.ID(f"CourseMember:{row.id}"), course_role_id=f"CourseRole:{row.course_role_id}"
        )

    @strawberry.field
    async def user(self, info: Info) -> User | None:
        found = await info.context.users.load(self.row.user_id)
        return None if found is None else User.of(found)

    @strawberry.field
    async def results(self, info: Info, first: int = 50) -> Connection[Result]:
        rows = await info.context.results_of_member.load((self.row.id, first))
        return Connection(nodes=[Result.of(row) for row in rows])


@strawberry.type
class Course:
    row: strawberry.Private[model.Course]
    id: strawberry.ID
    title: str | None
    path: str

    @classmethod
    def of(cls, row: model.Course) -> Course:
        return cls(row=row, id=strawberry.ID(f"Course:{row.id}"), title=row.title, path=row.path)

    @strawberry.field
    async def organization(self, info: Info) -> Organization | None:
        found = await info.context.organizations.load(self.row.organization_id)
        return None if found is None else Organization.of(found)

    @strawberry.field
    async def course_family(self, info: Info) -> CourseFamily | None:
        found = await info.context.course_families.load(self.row.course_family_id)
        return None if found is None else CourseFamily.of(found)

    @strawberry.field
    async def members(self, info: Info, first: int = 50) -> Connection[CourseMember]:
        rows = await info.context.members_of_course.load((self.row.id, first))
        return Connection(nodes=[CourseMember.of(row) for row in rows])

    @strawberry.field
    async def contents(self, info: Info, first: int = 50) -> Connection[CourseContent]:
        rows = await info.context.contents_of_course.load((self.row.id, first))
        return Connection(nodes=[CourseContent.of(row) for row in rows])


@strawberry.type
class Query:
    @strawberry.field
    async def course(self, id: strawberry.ID) -> Course | None:  # noqa: A002 - the argument's name
        async with new_session() as session:
            row = await session.get(model.Course, id.removeprefix("Course:"))
        return None if row is None else Course.of(row)

    @strawberry.field
    async def courses(self, first: int = 50) -> Connection[Course]:
        rows = await _page(select(model.Course).order_by(model.Course.title, model.Course.id), first)
        return Connection(nodes=[Course.of(row) for row in rows], count=select(func.count()).select_from(model.Course))

    @strawberry.field
    async def results(self, first: int = 50) -> Connection[Result]:
        newest_first = select(model.Result).order_by(model.Result.created_at.desc(), model.Result.id.desc())
        rows = await _page(newest_first, first)
        return Connection(nodes=[Result.of(row) for row in rows], count=select(func.count()).select_from(model.Result))


async def _page(statement: Select[T], first: int) -> Sequence[T]:
    async with new_session() as session:
        return (await session.scalars(statement.limit(first))).all()


def _moment(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


MOMENT = strawberry.scalar(name="DateTime", serialize=_moment, parse_value=datetime.fromisoformat)
# Without the caches, which few turn on, a small query costs it nearly twice as much.
schema = strawberry.Schema(
    query=Query,
    extensions=[lambda: ParserCache(maxsize=100), lambda: ValidationCache(maxsize=100)],
    config=StrawberryConfig(scalar_map={Moment: MOMENT}),
)


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=_lifespan)
app.include_router(GraphQLRouter(schema, context_getter=Context), prefix="/graphql")
