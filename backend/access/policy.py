"""Policies as data: for each action, the grants under which a row passes. Rules: docs/permissions.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import ColumnElement

    from backend.model import Base


class Action(StrEnum):
    """What a policy opens; claims and scopes call reading get and list."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    ARCHIVE = "archive"

    @property
    def claims(self) -> tuple[str, ...]:
        """The words of claims and scopes that stand for it."""
        return ("get", "list") if self is Action.READ else (self.value,)


class _Ladder(StrEnum):
    """Roles, lowest first; a requirement is met by the role itself or any higher one."""

    def met_by(self) -> tuple[Self, ...]:
        """The level itself and all above it."""
        levels = tuple(type(self))
        return levels[levels.index(self) :]


class Level(_Ladder):
    """Course roles."""

    STUDENT = "_student"
    TUTOR = "_tutor"
    LECTURER = "_lecturer"
    MAINTAINER = "_maintainer"
    OWNER = "_owner"


class ScopedLevel(_Ladder):
    """Roles in one organization or one course family; they do not spread to what belongs to it."""

    DEVELOPER = "_developer"
    MANAGER = "_manager"
    OWNER = "_owner"


@dataclass(frozen=True)
class Values:
    """A set of keys that a principal holds, by name; `universe` is the table that the keys belong to.

    `text` says in words what they are keys of, for docs/permissions-by-entity.md.
    """

    name: str
    universe: str
    text: str = field(compare=False)


def user() -> Values:
    """The caller's own user id."""
    return Values("user", "user", "oneself")


def own_memberships(at_least: Level = Level.STUDENT) -> Values:
    """Ids of the caller's memberships with at least this role."""
    return Values(f"memberships{at_least.value}", "course_member", f"one's own memberships{_besides(at_least)}")


def courses(at_least: Level) -> Values:
    """Ids of the courses in which the caller has at least this role."""
    role = "of which one is a member" if at_least is Level.STUDENT else f"in which one is {_at_least(at_least)}"
    return Values(f"courses{at_least.value}", "course", f"courses {role}")


def organizations(at_least: ScopedLevel) -> Values:
    """Ids of the organizations in which the caller has at least this role."""
    text = f"organizations in which one is {_at_least(at_least)}"
    return Values(f"organizations{at_least.value}", "organization", text)


def families(at_least: ScopedLevel) -> Values:
    """Ids of the course families in which the caller has at least this role."""
    text = f"course families in which one is {_at_least(at_least)}"
    return Values(f"families{at_least.value}", "course_family", text)


def claimed(table: str, action: str) -> Values:
    """Ids of the rows of `table` for which the caller holds a claim `table:action:id`."""
    return Values(f"claimed__{table}__{action}", table, f"rows for which one holds a claim `{table}:{action}:<id>`")


def scopes() -> Values:
    """What the caller's credential is narrowed to; `*` where it is not."""
    return Values("scopes", "api_token", "what one's own token may do")


def _at_least(level: Level | ScopedLevel) -> str:
    return f"at least {level.name.lower()}"


def _besides(level: Level) -> str:
    return "" if level is Level.STUDENT else f" as {_at_least(level)}"


@dataclass(frozen=True)
class Condition:
    """A condition on a row, and what it says in words, after "only if"."""

    text: str
    holds: Callable[[Mapping[str, ColumnElement[object]]], ColumnElement[bool]]

    def __call__(self, row: Mapping[str, ColumnElement[object]]) -> ColumnElement[bool]:
        """It in SQL, of a row's columns by their attributes."""
        return self.holds(row)


def not_archived(attribute: str) -> Condition:
    """That the row, or the one that the attribute belongs to, is not archived."""
    return Condition(f"`{attribute}` is null", lambda row: row[attribute].is_(None))


@dataclass(frozen=True)
class Grant:
    """One way for a row to pass.

    `path` leads over relations to a column of the last (`course_content.course_id`), one of whose values the caller
    must hold in `values`. Without a path the grant needs no row: it is open to everyone signed in, or, with
    `values`, to whoever holds any. `where` is a condition on the row besides, and `sees` a relation to one whose target
    the caller must see, too. `hides` names the attributes that this grant does not open to readers; `sets` those that
    it lets writers set, where these are not all.
    """

    path: str = ""
    values: Values | None = None
    where: Condition | None = None
    sees: str = ""
    hides: frozenset[str] = frozenset()
    sets: frozenset[str] | None = None


class Stage(Enum):
    """At which row a check looks."""

    BEFORE = "the row as it is before the write"
    PLANNED = "the row as it is going to be, before it is written"
    AFTER = "the row once it is written, beside all others of the same write; or as it was, once it is gone"


@dataclass(frozen=True)
class Check:
    """A rule on writes that is no grant, such as that nobody grants a role above their own.

    `holds` is a condition on the row at that `stage`; where it is not true the write is refused with `message`, as the
    fault of `attribute` if that is given, else of the caller; or, as a `conflict`, for another row that is in the way.
    Admins are exempt unless it is a rule of the domain.
    """

    message: str
    stage: Stage
    on: frozenset[Action]
    holds: Callable[[Mapping[str, ColumnElement[Any]]], ColumnElement[bool]]
    attribute: str | None = None
    binds_admins: bool = True
    conflict: bool = False


@dataclass(frozen=True)
class Policy:
    """What a table opens to whom. Admins, and holders of a general claim on the table, pass without a grant.

    Updates, deletes and archiving are granted on rows only that `read` grants too.
    """

    read: tuple[Grant, ...] = ()
    create: tuple[Grant, ...] = ()
    update: tuple[Grant, ...] = ()
    delete: tuple[Grant, ...] = ()
    archive: tuple[Grant, ...] = ()
    checks: tuple[Check, ...] = ()

    def grants(self, action: Action) -> tuple[Grant, ...]:
        """The grants of an action."""
        of: Mapping[Action, tuple[Grant, ...]] = {
            Action.READ: self.read,
            Action.CREATE: self.create,
            Action.UPDATE: self.update,
            Action.DELETE: self.delete,
            Action.ARCHIVE: self.archive,
        }
        return of[action]

    def hideable(self) -> frozenset[str]:
        """Attributes that some grant does not open; whoever reads them must reckon with null."""
        return frozenset[str]().union(*(grant.hides for grant in self.read))


EVERYONE = Grant()
ADMIN_ONLY = Policy()

Policies = dict[type["Base"], Policy]
