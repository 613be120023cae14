"""The tree of a course's contents: where a node may stand, and how its descendants go along with it.

Rules: docs/entities.md. A trigger of the database holds them too, for each row by itself.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Text,
    and_,
    bindparam,
    cast,
    func,
    not_,
    or_,
    select,
    type_coerce,
    update,
)

from backend.access.policy import Action, Check, Stage
from backend.interface.effect import Written, is_written
from backend.model import (
    CourseContent,
    CourseContentDeployment,
    CourseContentType,
    CourseExecutionBackend,
    Result,
    SubmissionGroup,
)
from backend.model.base import Ltree, table_of

Row = Mapping[str, ColumnElement[Any]]

_WRITTEN = frozenset({Action.CREATE, Action.UPDATE})
_UPDATED = frozenset({Action.UPDATE})


def _stored(row: Row) -> Any:
    """The row as it is stored, where a write would change it."""
    table = table_of(CourseContent).alias()
    return table, table.c.id == row["id"]


def _below(row: Row) -> ColumnElement[bool]:
    """That there are nodes below the row as it is stored."""
    stored, is_it = _stored(row)
    other = table_of(CourseContent).alias()
    under = and_(
        other.c.course_id == stored.c.course_id, other.c.path.op("<@")(stored.c.path), other.c.id != stored.c.id
    )
    return select(other.c.id).select_from(other.join(stored, under)).where(is_it).exists()


def _is_outside_itself(row: Row) -> ColumnElement[bool]:
    stored, is_it = _stored(row)
    inside = and_(row["path"].op("<@")(stored.c.path), row["path"] != stored.c.path)
    return not_(select(stored.c.id).where(is_it, inside).exists())


def _may_have_children(row: Row) -> ColumnElement[bool]:
    return or_(row["course_content_type.course_content_kind.has_descendants"], not_(_below(row)))


def _may_be_worked_on(row: Row) -> ColumnElement[bool]:
    """That its type takes submissions, unless nothing hangs on the node that only such a type has."""
    of_node = (
        select(table.c.course_content_id).where(table.c.course_content_id == row["id"]).exists()
        for table in (table_of(SubmissionGroup), table_of(Result), table_of(CourseContentDeployment))
    )
    return or_(row["course_content_type.course_content_kind.submittable"], not_(or_(*of_node)))


def _is_linked(row: Row) -> ColumnElement[bool]:
    link = table_of(CourseExecutionBackend).c
    same = and_(link.course_id == row["course_id"], link.execution_backend_id == row["execution_backend_id"])
    return or_(row["execution_backend_id"].is_(None), select(link.course_id).where(same).exists())


def _is_of_the_course(row: Row) -> ColumnElement[bool]:
    kind = table_of(CourseContentType).c
    own = and_(kind.id == row["course_content_type_id"], kind.course_id == row["course_id"])
    return select(kind.id).where(own).exists()


def _has_place(row: Row) -> ColumnElement[bool]:
    """At the root, or below a node whose kind may have others below it."""
    parent, types = table_of(CourseContent).alias(), table_of(CourseContentType).alias()
    above = func.subpath(row["path"], 0, func.nlevel(row["path"]) - 1, type_=Ltree)
    found = select(parent.c.id).join(types, types.c.id == parent.c.course_content_type_id)
    found = found.where(parent.c.course_id == row["course_id"], parent.c.path == above)
    return or_(func.nlevel(row["path"]) == 1, found.exists())


CHECKS = (
    Check(
        "The content type belongs to another course.",
        Stage.PLANNED,
        _WRITTEN,
        _is_of_the_course,
        "course_content_type_id",
    ),
    Check(
        "The course may not use this execution backend.", Stage.PLANNED, _WRITTEN, _is_linked, "execution_backend_id"
    ),
    Check("A node cannot be moved below itself.", Stage.PLANNED, _UPDATED, _is_outside_itself, "path"),
    Check("There is no node above this path in the course.", Stage.PLANNED, _UPDATED, _has_place, "path"),
    Check(
        "The node has others below it, and this type may not.",
        Stage.PLANNED,
        _UPDATED,
        _may_have_children,
        "course_content_type_id",
    ),
    Check(
        "The node has submission groups, test runs or a deployment, and this type takes none.",
        Stage.PLANNED,
        _UPDATED,
        _may_be_worked_on,
        "course_content_type_id",
    ),
    Check(
        "The node has others below it; delete these first.",
        Stage.BEFORE,
        frozenset({Action.DELETE}),
        lambda row: not_(_below(row)),
        conflict=True,
    ),
)


async def move_descendants(written: Written) -> None:
    """Takes the nodes below along with one that has a new path, level by level, for each needs its parent there."""
    old, new = written.before["path"], written.changed.get("path", written.before["path"])
    if old == new:
        return
    table = table_of(CourseContent)
    own = select(table.c.course_id).where(is_written(table.c.id)).scalar_subquery()
    below = and_(table.c.course_id == own, table.c.path.op("<@")(_path("old")), not_(is_written(table.c.id)))
    ((deepest,),) = await written.run(select(func.max(func.nlevel(table.c.path))).where(below), old=old)
    rest = func.subpath(table.c.path, func.nlevel(_path("old")), type_=Ltree)
    at_level = cast(bindparam("level", type_=Integer), Integer)
    moving = update(table).values(path=_path("new").op("||")(rest)).where(below, func.nlevel(table.c.path) == at_level)
    start = old.count(".") + 2
    for level in range(start, (deepest or 0) + 1):
        await written.run(moving, old=old, new=new, level=level)


def _path(name: str) -> ColumnElement[Any]:
    bound: BindParameter[Any] = bindparam(name, type_=Text)
    return type_coerce(cast(bound, Ltree()), Ltree())
