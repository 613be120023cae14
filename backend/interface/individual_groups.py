"""Submission groups of one: each student has one for every content that is worked on alone. Rules: docs/entities.md."""

from sqlalchemy import ColumnElement, Executable, func, insert, literal_column, select

from backend.access.policy import Level
from backend.interface.effect import Written, is_written
from backend.model import (
    CourseContent,
    CourseContentKind,
    CourseContentType,
    CourseMember,
    SubmissionGroup,
    SubmissionGroupMember,
    User,
)
from backend.model.base import table_of
from backend.model.user import UserType

_CONTENT, _MEMBER = table_of(CourseContent).c, table_of(CourseMember).c
_GROUP, _SEAT = table_of(SubmissionGroup), table_of(SubmissionGroupMember)


async def for_members(written: Written) -> None:
    """Gives new students the groups that they lack."""
    await written.run(_missing_groups(is_written(_MEMBER.id)))


async def for_contents(written: Written) -> None:
    """Gives the students of the course the groups that they lack for new contents."""
    await written.run(_missing_groups(is_written(_CONTENT.id)))


def _missing_groups(concerned: ColumnElement[bool]) -> Executable:
    """Makes the groups, and puts each student into their own, in one statement."""
    has_group = (
        select(_SEAT.c.id)
        .join(_GROUP, _GROUP.c.id == _SEAT.c.course_submission_group_id)
        .where(_SEAT.c.course_member_id == _MEMBER.id, _GROUP.c.course_content_id == _CONTENT.id)
    )
    missing = (
        select(
            func.uuid_generate_v4().label("id"),
            _MEMBER.id.label("member"),
            _CONTENT.id.label("content"),
            _CONTENT.course_id.label("course"),
            _CONTENT.max_test_runs,
            _CONTENT.max_submissions,
        )
        .select_from(table_of(CourseMember))
        .join(table_of(User), table_of(User).c.id == _MEMBER.user_id)
        .join(table_of(CourseContent), _CONTENT.course_id == _MEMBER.course_id)
        .join(table_of(CourseContentType), table_of(CourseContentType).c.id == _CONTENT.course_content_type_id)
        .join(
            table_of(CourseContentKind),
            table_of(CourseContentKind).c.id == table_of(CourseContentType).c.course_content_kind_id,
        )
        .where(
            concerned,
            _MEMBER.course_role_id == Level.STUDENT.value,
            table_of(User).c.user_type == UserType.USER,
            table_of(CourseContentKind).c.submittable,
            # Null is individual work, too.
            func.coalesce(_CONTENT.max_group_size, 1) == 1,
            ~has_group.exists(),
        )
        .cte("missing")
    )
    one: ColumnElement[int] = literal_column("1")
    groups = (
        insert(_GROUP)
        .from_select(
            ["id", "course_id", "course_content_id", "max_group_size", "max_test_runs", "max_submissions"],
            select(
                missing.c.id,
                missing.c.course,
                missing.c.content,
                one,
                missing.c.max_test_runs,
                missing.c.max_submissions,
            ),
            include_defaults=False,
        )
        .cte("groups")
    )
    seats = select(missing.c.course, missing.c.id, missing.c.member)
    names = ["course_id", "course_submission_group_id", "course_member_id"]
    return insert(_SEAT).from_select(names, seats, include_defaults=False).add_cte(groups)
