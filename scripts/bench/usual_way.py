"""The same part of the schema as most would write it by hand, to measure the gateway against.

Strawberry types, SQLAlchemy's async ORM, DataLoaders for relations, FastAPI's router. No rights: it runs the admin's
queries. Served as `uvicorn usual_way:app`, with DATABASE_URL set.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Generic, NewType, TypeVar

import strawberry
from fastapi import FastAPI
from sqlalchemy import ColumnElement, Select, func, make_url, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import aliased
from strawberry.dataloader import DataLoader
from strawberry.fastapi import BaseContext, GraphQLRouter
from strawberry.schema.config import StrawberryConfig

from backend import model

T = TypeVar("T")
Moment = NewType("Moment", datetime)

engine = create_async_engine(
    make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+psycopg"),
    pool_size=8,
    max_overflow=8,
    connect_args={"options": "-c timezone=utc"},
)
new_session = async_sessionmaker(engine, expire_on_commit=False)


def _by_key(table: type[T]) -> Callable[[list[str]], Any]:
    async def load(keys: list[str]) -> list[T | None]:
        async with new_session() as session:
            found = await session.scalars(select(table).where(table.id.in_(keys)))  # type: ignore[attr-defined]
            by_key = {row.id: row for row in found}  # type: ignore[attr-defined]
            return [by_key.get(key) for key in keys]

    return load


def _by_parent(
    table: type[T], parent: str, statement: Callable[[], Select[Any]], *order: ColumnElement[Any] | Any
) -> Callable[[list[tuple[str, int]]], Any]:
    """Loads the first rows of each parent; keys are a parent's key and how many rows."""
    of_parent = getattr(table, parent)

    async def load(keys: list[tuple[str, int]]) -> list[list[T]]:
        place = func.row_number().over(partition_by=of_parent, order_by=order)
        most = max(first for _, first in keys)
        parents = [key for key, _ in keys]
        numbered = statement().add_columns(place.label("place")).where(of_parent.in_(parents)).subquery()
        row = aliased(table, numbered)
        async with new_session() as session:
            found = await session.scalars(select(row).where(numbered.c.place <= most).order_by(numbered.c.place))
            by_parent: dict[str, list[T]] = defaultdict(list)
            for one in found:
                by_parent[getattr(one, parent)].append(one)
            return [by_parent[key][:first] for key, first in keys]

    return load


def _loader(load: Callable[[list[Any]], Any]) -> Any:
    return field(init=False, default_factory=lambda: DataLoader(load_fn=load))


@dataclass
class Context(BaseContext):
    """The loaders of one request."""

    users: DataLoader[str, model.User | None] = _loader(_by_key(model.User))
    organizations: DataLoader[str, model.Organization | None] = _loader(_by_key(model.Organization))
    course_families: DataLoader[str, model.CourseFamily | None] = _loader(_by_key(model.CourseFamily))
    contents: DataLoader[str, model.CourseContent | None] = _loader(_by_key(model.CourseContent))
    members_of_course: DataLoader[tuple[str, int], list[model.CourseMember]] = _loader(
        _by_parent(
            model.CourseMember,
            "course_id",
            lambda: select(model.CourseMember).join(model.CourseMember.user),
            model.User.family_name,
            model.User.given_name,
            model.CourseMember.id,
        )
    )
    contents_of_course: DataLoader[tuple[str, int], list[model.CourseContent]] = _loader(
        _by_parent(
            model.CourseContent,
            "course_id",
            lambda: select(model.CourseContent).where(model.CourseContent.archived_at.is_(None)),
            model.CourseContent.tree_key,
            model.CourseContent.id,
        )
    )
    results_of_member: DataLoader[tuple[str, int], list[model.Result]] = _loader(
        _by_parent(
            model.Result,
            "course_member_id",
            lambda: select(model.Result),
            model.Result.created_at.desc(),
            model.Result.id.desc(),
        )
    )

    def __post_init__(self) -> None:
        """As the base class wants it."""
        super().__init__()


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


async def _page(statement: Select[tuple[T]], first: int) -> Sequence[T]:
    async with new_session() as session:
        return (await session.scalars(statement.limit(first))).all()


def _moment(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


MOMENT = strawberry.scalar(name="DateTime", serialize=_moment, parse_value=datetime.fromisoformat)
schema = strawberry.Schema(query=Query, config=StrawberryConfig(scalar_map={Moment: MOMENT}))


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=_lifespan)
app.include_router(GraphQLRouter(schema, context_getter=Context), prefix="/graphql")
