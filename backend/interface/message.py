"""Message: a contribution to a discussion, for whom its target says. Rules: docs/permissions.md."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, Text, and_, case, func, insert, literal_column, or_, select, true

from backend.access.held import caller
from backend.access.policy import (
    Action,
    Check,
    Condition,
    Grant,
    Level,
    Policy,
    ScopedLevel,
    Stage,
    Values,
    courses,
    families,
    organizations,
    own_memberships,
    user,
)
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityGet,
    BaseEntityUpdate,
    EntityInterface,
    Expression,
    Related,
    Row,
    TimedEntityList,
)
from backend.interface.effect import Written, is_written
from backend.interface.message_search import (
    TARGETS,
    MessageQuery,
    MessageScope,
    is_own_mark,
    message_search,
    scope_of,
)
from backend.interface.rules import Kept, Title
from backend.model import Message, MessageRead
from backend.model.base import table_of

Content = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=16384)]


class MessageList(TimedEntityList):
    """A message in a list."""

    id: str = Field(description="Key.")
    author_id: str = Field(description="Key of the user who wrote it.")
    parent_id: str | None = Field(None, description="Key of the message that it answers.")
    level: int = Field(description="Depth in the thread; 0 is its beginning.")
    title: str = Field(max_length=255, description="What it is about.")
    content: str = Field(max_length=16384, description="What it says.")
    user_id: str | None = Field(None, description="Key of the user whom it is for.")
    course_member_id: str | None = Field(None, description="Key of the member whom it is for.")
    submission_group_id: str | None = Field(None, description="Key of the submission group that it is for.")
    course_group_id: str | None = Field(None, description="Key of the course group that it is for.")
    course_content_id: str | None = Field(None, description="Key of the content that it is about.")
    course_id: str | None = Field(None, description="Key of the course that it is for.")
    course_family_id: str | None = Field(None, description="Key of the course family that it is for.")
    organization_id: str | None = Field(None, description="Key of the organization that it is for.")
    is_author: bool = Field(description="Whether the caller wrote it.")
    is_read: bool = Field(description="Whether the caller has read it, as far as the token may know.")
    scope: MessageScope = Field(description="The most specific of its targets; global where it has none.")


class MessageGet(MessageList, BaseEntityGet):
    """A message."""


class MessageUpdate(BaseEntityUpdate):
    """What to change in a message; it stays with its target."""

    title: Kept[Title] = Field(None, description="What it is about.")
    content: Kept[Content] = Field(None, description="What it says.")


class MessageCreate(BaseEntityCreate, MessageUpdate):
    """A message to write, with one target at most; its author and its level follow from the caller and the parent."""

    title: Title = Field(description="What it is about.")
    content: Content = Field(description="What it says.")
    parent_id: str | None = Field(None, description="Key of the message that it answers.")
    user_id: str | None = Field(None, description="Key of the user whom it is for.")
    course_member_id: str | None = Field(None, description="Key of the member whom it is for.")
    submission_group_id: str | None = Field(None, description="Key of the submission group that it is for.")
    course_group_id: str | None = Field(None, description="Key of the course group that it is for.")
    course_content_id: str | None = Field(None, description="Key of the content that it is about.")
    course_id: str | None = Field(None, description="Key of the course that it is for.")
    course_family_id: str | None = Field(None, description="Key of the course family that it is for.")
    organization_id: str | None = Field(None, description="Key of the organization that it is for.")


def _aimed_at(target: str | None) -> Condition:
    """That no target is more specific than this one; for None, that there is none at all."""
    nearer = TARGETS if target is None else TARGETS[: TARGETS.index(target)]
    text = "it has no target" if target is None else f"its target is the {target.replace('_', ' ')}"
    return Condition(text, lambda row: and_(true(), *(row[f"{other}_id"].is_(None) for other in nearer)))


def _readers(target: str, path: str, values: Values) -> Grant:
    return Grant(path, values, where=_aimed_at(target))


_STUDENT, _TUTOR, _LECTURER = (courses(at_least=level) for level in (Level.STUDENT, Level.TUTOR, Level.LECTURER))
_FAMILY, _ORGANIZATION = families(at_least=ScopedLevel.DEVELOPER), organizations(at_least=ScopedLevel.DEVELOPER)


def _given(row: Row) -> list[ColumnElement[Any]]:
    return [row[f"{target}_id"].is_not(None) for target in TARGETS]


def _inherited(target: str) -> Callable[[Row], ColumnElement[Any]]:
    """A reply is for whom its parent is for, unless it says so itself."""
    return lambda row: case((or_(*_given(row)), row[f"{target}_id"]), else_=row[f"parent.{target}_id"])


def _has_one_target(row: Row) -> ColumnElement[bool]:
    return func.num_nonnulls(*(row[f"{target}_id"] for target in TARGETS)) <= 1


def _agrees_with_parent(row: Row) -> ColumnElement[bool]:
    same = (row[f"{target}_id"].is_not_distinct_from(row[f"parent.{target}_id"]) for target in TARGETS)
    return or_(row["parent_id"].is_(None), and_(*same))


def _answers_a_question(row: Row) -> ColumnElement[bool]:
    """Other targets have announcements, which nobody answers."""
    return or_(row["parent_id"].is_(None), *(row[f"parent.{target}_id"].is_not(None) for target in _ANSWERED))


_ANSWERED = ("user", "course_member", "submission_group")
_CREATED = frozenset({Action.CREATE})
_CHECKS = (
    Check("A message has one target at most.", Stage.PLANNED, _CREATED, _has_one_target, TARGETS[0] + "_id"),
    Check("A reply is for whom its parent is for.", Stage.PLANNED, _CREATED, _agrees_with_parent, "parent_id"),
    Check("Announcements are not replied to.", Stage.PLANNED, _CREATED, _answers_a_question, "parent_id"),
    Check(
        "The message is deleted.", Stage.BEFORE, frozenset({Action.UPDATE}), lambda row: row["archived_at"].is_(None)
    ),
)


# Constants in the text, not bound: the expressions must be the same wherever a statement repeats them.
_DELETED_TITLE: ColumnElement[str] = literal_column("'Deleted'", Text)
_DELETED_CONTENT: ColumnElement[str] = literal_column("'This message was deleted.'", Text)


def _unless_deleted(row: Row, attribute: str, notice: ColumnElement[str]) -> ColumnElement[Any]:
    return case((row["archived_at"].is_(None), row[attribute]), else_=notice)


async def _mark_as_read(written: Written) -> None:
    """Whoever writes a message has read it."""
    message = table_of(Message)
    mark = select(message.c.id, message.c.author_id).where(is_written(message.c.id))
    names = ["message_id", "reader_user_id"]
    await written.run(insert(table_of(MessageRead)).from_select(names, mark, include_defaults=False))


class MessageInterface(EntityInterface):
    """A contribution to a discussion, for whom its target says; without one, for everyone."""

    create = MessageCreate
    get = MessageGet
    list = MessageList
    update = MessageUpdate
    query = MessageQuery
    search = message_search
    endpoint = "messages"
    model = Message
    cache_ttl = 60
    policy = Policy(
        read=(
            Grant("author_id", user()),
            _readers("user", "user_id", user()),
            _readers("course_member", "course_member_id", own_memberships()),
            _readers("course_member", "course_member.course_id", _TUTOR),
            _readers("submission_group", "submission_group.members.course_member_id", own_memberships()),
            _readers("submission_group", "submission_group.course_id", _TUTOR),
            _readers("course_content", "course_content.course_id", _STUDENT),
            _readers("course_group", "course_group.course_members.id", own_memberships()),
            _readers("course_group", "course_group.course_id", _TUTOR),
            _readers("course", "course_id", _STUDENT),
            _readers("course_family", "course_family.courses.id", _STUDENT),
            _readers("course_family", "course_family_id", _FAMILY),
            _readers("organization", "organization.courses.id", _STUDENT),
            _readers("organization", "organization_id", _ORGANIZATION),
            Grant(where=_aimed_at(None)),
        ),
        create=(
            Grant("user.course_members.course_id", _STUDENT),
            Grant("course_member_id", own_memberships()),
            Grant("course_member.course_id", _TUTOR),
            Grant("submission_group.members.course_member_id", own_memberships()),
            Grant("submission_group.course_id", _TUTOR),
            Grant("course_content.course_id", _LECTURER),
            Grant("course_group.course_id", _LECTURER),
            Grant("course_id", _LECTURER),
            Grant("course_family_id", families(at_least=ScopedLevel.MANAGER)),
            Grant("organization_id", organizations(at_least=ScopedLevel.MANAGER)),
        ),
        update=(Grant("author_id", user()),),
        delete=(Grant("author_id", user()),),
        checks=_CHECKS,
    )
    operations = frozenset({Action.CREATE, Action.UPDATE, Action.DELETE})
    derived = {
        "author_id": lambda row: caller(),  # noqa: ARG005 - as every derived value
        "level": lambda row: func.coalesce(row["parent.level"] + 1, 0),
        **{f"{target}_id": _inherited(target) for target in TARGETS},
    }
    # Whoever shares a course may be written to, also by those who do not see them.
    links = {"user_id": (Grant("course_members.course_id", _STUDENT),)}
    # Replies outlive the message that they answer.
    deletion = {
        "archived_at": func.coalesce(table_of(Message).c.archived_at, func.now()),
        "title": _DELETED_TITLE,
        "content": _DELETED_CONTENT,
    }
    effects = {Action.CREATE: (_mark_as_read,)}
    computed = {
        # Other writers archive a message without taking its text away.
        "title": Expression(lambda row: _unless_deleted(row, "title", _DELETED_TITLE)),
        "content": Expression(lambda row: _unless_deleted(row, "content", _DELETED_CONTENT)),
        "scope": Expression(scope_of),
        "is_author": Expression(lambda row: row["author_id"] == caller()),
        "is_read": Related("reads", lambda row: func.count(row["id"]) > literal_column("0"), where=is_own_mark),
    }
    default_order = ("-created_at",)
    relations = {
        "author": "Who wrote it.",
        "parent": "The message that it answers.",
        "replies": "The messages that answer it.",
        "user": "Whom it is for.",
        "course_member": "The member whom it is for.",
        "submission_group": "The submission group that it is for.",
        "course_group": "The course group that it is for.",
        "course_content": "The content that it is about.",
        "course": "The course that it is for.",
        "course_family": "The course family that it is for.",
        "organization": "The organization that it is for.",
        "reads": "The marks of who read it.",
    }
