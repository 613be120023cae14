"""Message: a contribution to a discussion, for whom its target says. Rules: docs/permissions.md."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    func,
    insert,
    inspect,
    literal,
    literal_column,
    or_,
    select,
    true,
)

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
from backend.access.visibility import caller, is_held
from backend.interface.base import (
    BaseEntityCreate,
    BaseEntityGet,
    BaseEntityUpdate,
    EntityInterface,
    Expression,
    ListQuery,
    Row,
    TimedEntityList,
)
from backend.interface.effect import Written, is_written
from backend.interface.rules import Kept, Title
from backend.interface.search import equalities
from backend.model import (
    Course,
    CourseContent,
    CourseFamily,
    CourseGroup,
    CourseMember,
    Message,
    MessageRead,
    SubmissionGroup,
)
from backend.model.base import table_of

Content = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=16384)]

# Most specific first. Computor's own backend writes several; the first that is there says who reads the message.
_TARGETS = (
    "user",
    "course_member",
    "submission_group",
    "course_content",
    "course_group",
    "course",
    "course_family",
    "organization",
)


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
    scope: str = Field(description="The most specific of its targets, such as course_group; global where it has none.")


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


class MessageQuery(ListQuery):
    """Search for messages."""

    author_id: str | None = Field(None, description="Key of the user who wrote it.")
    parent_id: str | None = Field(None, description="Key of the message that it answers.")
    user_id: str | None = Field(None, description="Key of the user whom it is for.")
    course_member_id: str | None = Field(None, description="Key of the member whom it is for.")
    submission_group_id: str | None = Field(None, description="Key of the submission group that it is for.")
    course_group_id: str | None = Field(None, description="Key of the course group that it is for.")
    course_content_id: str | None = Field(None, description="Key of the content that it is about.")
    course_id: str | None = Field(None, description="Key of a course: for it, or for anything in it.")
    course_family_id: str | None = Field(None, description="Key of a course family: for it, or for anything in it.")
    organization_id: str | None = Field(None, description="Key of an organization: for it, or for anything in it.")
    unread: bool | None = Field(None, description="Whether the caller has yet to read it.")


_EQUALITIES = (
    "author_id",
    "parent_id",
    "user_id",
    "course_member_id",
    "submission_group_id",
    "course_group_id",
    "course_content_id",
)


def _in_courses(of_course: ColumnElement[bool]) -> ColumnElement[bool]:
    """Messages for courses of which the condition holds, or for anything in them."""
    return or_(
        Message.course.has(of_course),
        Message.course_member.has(CourseMember.course.has(of_course)),
        Message.submission_group.has(SubmissionGroup.course.has(of_course)),
        Message.course_group.has(CourseGroup.course.has(of_course)),
        Message.course_content.has(CourseContent.course.has(of_course)),
    )


def message_search(statement: Select[Any], query: MessageQuery) -> Select[Any]:
    """Messages that agree with all that is given."""
    statement = equalities(statement, Message, query, _EQUALITIES)
    if query.course_id is not None:
        own = Message.course_id == query.course_id
        statement = statement.where(or_(own, _in_courses(Course.id == query.course_id)))
    if query.course_family_id is not None:
        own = Message.course_family_id == query.course_family_id
        statement = statement.where(or_(own, _in_courses(Course.course_family_id == query.course_family_id)))
    if query.organization_id is not None:
        own = Message.organization_id == query.organization_id
        families_of = Message.course_family.has(CourseFamily.organization_id == query.organization_id)
        in_courses = _in_courses(Course.organization_id == query.organization_id)
        statement = statement.where(or_(own, families_of, in_courses))
    if query.unread is not None:
        is_read = Message.reads.any(is_held(inspect(MessageRead).columns["reader_user_id"], user()))
        statement = statement.where(~is_read if query.unread else is_read)
    return statement


def _scope(row: Row) -> ColumnElement[Any]:
    named = ((row[f"{target}_id"].is_not(None), literal_column(f"'{target}'", Text)) for target in _TARGETS)
    return case(*named, else_=literal_column("'global'", Text))


def _aimed_at(target: str | None) -> Condition:
    """That no target is more specific than this one; for None, that there is none at all."""
    nearer = _TARGETS if target is None else _TARGETS[: _TARGETS.index(target)]
    text = "it has no target" if target is None else f"its target is the {target.replace('_', ' ')}"
    return Condition(text, lambda row: and_(true(), *(row[f"{other}_id"].is_(None) for other in nearer)))


def _readers(target: str, path: str, values: Values) -> Grant:
    return Grant(path, values, where=_aimed_at(target))


_STUDENT, _TUTOR, _LECTURER = (courses(at_least=level) for level in (Level.STUDENT, Level.TUTOR, Level.LECTURER))
_FAMILY, _ORGANIZATION = families(at_least=ScopedLevel.DEVELOPER), organizations(at_least=ScopedLevel.DEVELOPER)


def _given(row: Row) -> list[ColumnElement[Any]]:
    return [row[f"{target}_id"].is_not(None) for target in _TARGETS]


def _inherited(target: str) -> Callable[[Row], ColumnElement[Any]]:
    """A reply is for whom its parent is for, unless it says so itself."""
    return lambda row: case((or_(*_given(row)), row[f"{target}_id"]), else_=row[f"parent.{target}_id"])


def _has_one_target(row: Row) -> ColumnElement[bool]:
    return func.num_nonnulls(*(row[f"{target}_id"] for target in _TARGETS)) <= 1


def _agrees_with_parent(row: Row) -> ColumnElement[bool]:
    same = (row[f"{target}_id"].is_not_distinct_from(row[f"parent.{target}_id"]) for target in _TARGETS)
    return or_(row["parent_id"].is_(None), and_(*same))


def _answers_a_question(row: Row) -> ColumnElement[bool]:
    """Other targets have announcements, which nobody answers."""
    return or_(row["parent_id"].is_(None), *(row[f"parent.{target}_id"].is_not(None) for target in _ANSWERED))


_ANSWERED = ("user", "course_member", "submission_group")
_CREATED = frozenset({Action.CREATE})
_CHECKS = (
    Check("A message has one target at most.", Stage.PLANNED, _CREATED, _has_one_target, _TARGETS[0] + "_id"),
    Check("A reply is for whom its parent is for.", Stage.PLANNED, _CREATED, _agrees_with_parent, "parent_id"),
    Check("Announcements are not replied to.", Stage.PLANNED, _CREATED, _answers_a_question, "parent_id"),
    Check(
        "The message is deleted.", Stage.BEFORE, frozenset({Action.UPDATE}), lambda row: row["archived_at"].is_(None)
    ),
)


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
        **{f"{target}_id": _inherited(target) for target in _TARGETS},
    }
    # Whoever shares a course may be written to, also by those who do not see them.
    links = {"user_id": (Grant("course_members.course_id", _STUDENT),)}
    # Replies outlive the message that they answer.
    deletion = {
        "archived_at": func.now(),
        "title": literal("Deleted"),
        "content": literal("This message was deleted."),
    }
    effects = {Action.CREATE: (_mark_as_read,)}
    computed = {"scope": Expression(_scope), "is_author": Expression(lambda row: row["author_id"] == caller())}
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
