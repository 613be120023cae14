"""Sessions and DataLoaders of the usual way: one batch function for each relation."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Select, func, make_url, select
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import aliased
from strawberry.dataloader import DataLoader
from strawberry.fastapi import BaseContext

from backend import model

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

T = TypeVar("T")

engine: AsyncEngine = create_async_engine(
    make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+psycopg"),
    pool_size=8,
    max_overflow=8,
    connect_args={"options": "-c timezone=utc"},
)
new_session = async_sessionmaker(engine, expire_on_commit=False)


def _by_key(table: type[T]) -> Callable[[list[str]], Awaitable[list[T | None]]]:
    async def load(keys: list[str]) -> list[T | None]:
        async with new_session() as session:
            found = await session.scalars(select(table).where(table.id.in_(keys)))  # type: ignore[attr-defined]
            by_key = {row.id: row for row in found}  # type: ignore[attr-defined]
            return [by_key.get(key) for key in keys]

    return load


def _by_parent(
    table: type[T], parent: str, statement: Callable[[], Select[Any]], order: Sequence[Any]
) -> Callable[[list[tuple[str, int]]], Awaitable[list[list[T]]]]:
    """Loads the first rows of each parent; keys are a parent's key and how many rows."""
    of_parent = getattr(table, parent)

    async def load(keys: list[tuple[str, int]]) -> list[list[T]]:
        place = func.row_number().over(partition_by=of_parent, order_by=[*order])
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


class Context(BaseContext):
    """What the resolvers of one request share: the loaders."""

    def __init__(self) -> None:
        """All loaders, with nothing loaded."""
        super().__init__()
        self.users = DataLoader(load_fn=_users)
        self.organizations = DataLoader(load_fn=_organizations)
        self.course_families = DataLoader(load_fn=_course_families)
        self.contents = DataLoader(load_fn=_contents)
        self.members_of_course = DataLoader(load_fn=_members_of_course)
        self.contents_of_course = DataLoader(load_fn=_contents_of_course)
        self.results_of_member = DataLoader(load_fn=_results_of_member)


_users = _by_key(model.User)
_organizations = _by_key(model.Organization)
_course_families = _by_key(model.CourseFamily)
_contents = _by_key(model.CourseContent)
_members_of_course = _by_parent(
    model.CourseMember,
    "course_id",
    lambda: select(model.CourseMember).join(model.CourseMember.user),
    (model.User.family_name, model.User.given_name, model.CourseMember.id),
)
_contents_of_course = _by_parent(
    model.CourseContent,
    "course_id",
    lambda: select(model.CourseContent).where(model.CourseContent.archived_at.is_(None)),
    (model.CourseContent.tree_key, model.CourseContent.id),
)
_results_of_member = _by_parent(
    model.Result,
    "course_member_id",
    lambda: select(model.Result),
    (model.Result.created_at.desc(), model.Result.id.desc()),
)
