"""Message search: to whom messages are, which of them are read, and the tags in their titles."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    String,
    Text,
    all_,
    any_,
    case,
    cast,
    func,
    inspect,
    literal_column,
    or_,
)

from backend.access.held import is_held
from backend.access.policy import user
from backend.interface.base import ListQuery, Row
from backend.interface.search import equalities, escaped
from backend.model import (
    Course,
    CourseContent,
    CourseFamily,
    CourseGroup,
    CourseMember,
    Message,
    MessageRead,
    SubmissionGroup,
    SubmissionGroupMember,
)

Tag = Annotated[str, StringConstraints(pattern=r"^[^\s#]+$", max_length=254)]
# Most specific first. Computor's own backend writes several; the first that is there says who reads the message.
TARGETS = (
    "user",
    "course_member",
    "submission_group",
    "course_content",
    "course_group",
    "course",
    "course_family",
    "organization",
)


class MessageScope(StrEnum):
    """Whom a message is for."""

    GLOBAL = "global"
    ORGANIZATION = "organization"
    COURSE_FAMILY = "course_family"
    COURSE = "course"
    COURSE_CONTENT = "course_content"
    COURSE_GROUP = "course_group"
    SUBMISSION_GROUP = "submission_group"
    COURSE_MEMBER = "course_member"
    USER = "user"


class MessageQuery(ListQuery):
    """Search for messages."""

    author_id: str | None = Field(None, description="Key of the user who wrote it.")
    parent_id: str | None = Field(None, description="Key of the message that it answers.")
    user_id: str | None = Field(None, description="Key of the user whom it is for.")
    course_member_id: str | None = Field(None, description="Key of the member whom it is for.")
    submission_group_id: str | None = Field(None, description="Key of a submission group: for it, or for its members.")
    course_group_id: str | None = Field(None, description="Key of a course group: for it, or for its members.")
    course_content_id: str | None = Field(None, description="Key of a content: about it, or for its submission groups.")
    course_id: str | None = Field(None, description="Key of a course: for it, or for anything in it.")
    course_family_id: str | None = Field(None, description="Key of a course family: for it, or for anything in it.")
    organization_id: str | None = Field(None, description="Key of an organization: for it, or for anything in it.")
    scope: MessageScope | None = Field(None, description="The most specific of its targets.")
    unread: bool | None = Field(None, description="Whether the caller has yet to read it.")
    created_after: datetime | None = Field(None, description="Written after this moment.")
    created_before: datetime | None = Field(None, description="Written before this moment.")
    tags: list[Tag] | None = Field(None, description="With all of these words after a # in its title.")
    any_tags: list[Tag] | None = Field(None, description="With one of these words at least after a # in its title.")
    tag_prefix: Tag | None = Field(None, description="With a word after a # in its title that begins so.")


_EQUALITIES = ("author_id", "parent_id", "user_id", "course_member_id")
_SPACE = literal_column("' '", Text)
# Words stand between these.
_SPACES = " \t\n\r\f\v"


def _in_courses(of_course: ColumnElement[bool]) -> ColumnElement[bool]:
    """Messages for courses of which the condition holds, or for anything in them."""
    return or_(
        Message.course.has(of_course),
        Message.course_member.has(CourseMember.course.has(of_course)),
        Message.submission_group.has(SubmissionGroup.course.has(of_course)),
        Message.course_group.has(CourseGroup.course.has(of_course)),
        Message.course_content.has(CourseContent.course.has(of_course)),
    )


def _for(query: MessageQuery) -> Iterator[ColumnElement[bool]]:
    """The conditions on whom messages are for."""
    if query.submission_group_id is not None:
        seat = SubmissionGroupMember.submission_group_id == query.submission_group_id
        of_member = Message.course_member.has(CourseMember.submission_group_members.any(seat))
        yield or_(Message.submission_group_id == query.submission_group_id, of_member)
    if query.course_group_id is not None:
        of_member = Message.course_member.has(CourseMember.course_group_id == query.course_group_id)
        yield or_(Message.course_group_id == query.course_group_id, of_member)
    if query.course_content_id is not None:
        of_group = Message.submission_group.has(SubmissionGroup.course_content_id == query.course_content_id)
        yield or_(Message.course_content_id == query.course_content_id, of_group)
    if query.course_id is not None:
        yield or_(Message.course_id == query.course_id, _in_courses(Course.id == query.course_id))
    if query.course_family_id is not None:
        own = Message.course_family_id == query.course_family_id
        yield or_(own, _in_courses(Course.course_family_id == query.course_family_id))
    if query.organization_id is not None:
        own = Message.organization_id == query.organization_id
        families_of = Message.course_family.has(CourseFamily.organization_id == query.organization_id)
        yield or_(own, families_of, _in_courses(Course.organization_id == query.organization_id))
    if query.scope is not None:
        yield scope_of(dict(inspect(Message).columns.items())) == query.scope.value


def _tagged(query: MessageQuery) -> Iterator[ColumnElement[bool]]:
    """The conditions on the words of the title that begin with #."""
    shown = case((Message.archived_at.is_(None), Message.title), else_=None)
    title = func.concat(_SPACE, func.translate(shown, _SPACES, " " * len(_SPACES)), _SPACE)

    def like(tags: list[str], end: str) -> ColumnElement[Any]:
        return cast([f"% #{escaped(tag)}{end}" for tag in tags], ARRAY(String))

    if query.tags is not None:
        yield title.op("ILIKE")(all_(like(query.tags, " %")))
    if query.any_tags is not None:
        yield title.op("ILIKE")(any_(like(query.any_tags, " %")))
    if query.tag_prefix is not None:
        yield title.op("ILIKE")(any_(like([query.tag_prefix], "%")))


def message_search(statement: Select[Any], query: MessageQuery) -> Select[Any]:
    """Messages that agree with all that is given."""
    statement = equalities(statement, Message, query, _EQUALITIES).where(*_for(query), *_tagged(query))
    if query.created_after is not None:
        statement = statement.where(Message.created_at > query.created_after)
    if query.created_before is not None:
        statement = statement.where(Message.created_at < query.created_before)
    if query.unread is not None:
        is_read = Message.reads.any(is_own_mark(dict(inspect(MessageRead).columns.items())))
        statement = statement.where(~is_read if query.unread else is_read)
    return statement


def is_own_mark(row: Row) -> ColumnElement[bool]:
    """That a mark is the caller's."""
    return is_held(row["reader_user_id"], user())


def scope_of(row: Row) -> ColumnElement[Any]:
    """Whom a message is for: its most specific target."""
    named = ((row[f"{target}_id"].is_not(None), literal_column(f"'{target}'", Text)) for target in TARGETS)
    return case(*named, else_=literal_column("'global'", Text))
