"""Rules on who seats whom: within a course, an organization or a course family. Rules: docs/permissions.md."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Text, and_, cast, func, inspect, literal_column, not_, or_, select

from backend.access.held import is_held
from backend.access.policy import Action, Check, Level, ScopedLevel, Stage, Values, user
from backend.access.principal import ADMIN
from backend.model import Base, CourseMember, User, UserRole
from backend.model.base import table_of
from backend.model.user import UserType

Row = Mapping[str, ColumnElement[Any]]

_SEATED = frozenset({Action.UPDATE, Action.DELETE})
_SEATING = frozenset({Action.CREATE, Action.UPDATE})


def own_membership(course_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """The key of the caller's own membership in a course."""
    member = inspect(CourseMember).columns
    own = select(member["id"]).where(member["course_id"] == course_id, is_held(member["user_id"], user()))
    return own.scalar_subquery()


def is_ordinary_user(user_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """That it is the key of the caller, or of a person who is no admin."""
    account, held = table_of(User), table_of(UserRole)
    is_admin = select(held.c.user_id).where(held.c.user_id == user_id, held.c.role_id == ADMIN).exists()
    is_person = select(account.c.id).where(account.c.id == user_id, account.c.user_type == UserType.USER).exists()
    return or_(is_held(user_id, user()), and_(is_person, not_(is_admin)))


def of_ordinary_users(attribute: str, *, created: bool = True) -> tuple[Check, ...]:
    """That what belongs to admins and technical accounts is written by admins, and by themselves.

    Whoever manages users could take over their accounts otherwise. `attribute` holds the key of the user;
    without `created` it is said of rows that are there already.
    """
    text = "What belongs to admins and technical accounts is written by admins only."

    def holds(row: Row) -> ColumnElement[bool]:
        return is_ordinary_user(row[attribute])

    changed = frozenset({Action.UPDATE, Action.ARCHIVE, Action.DELETE})
    creating = Check(text, Stage.PLANNED, frozenset({Action.CREATE}), holds, binds_admins=False)
    changing = Check(text, Stage.BEFORE, changed, holds, binds_admins=False)
    return (creating, changing) if created else (changing,)


def _rank(role: ColumnElement[Any], ladder: type[Level] | type[ScopedLevel]) -> ColumnElement[Any]:
    """How high a role stands; NULL for one that is no rung."""
    rungs = ", ".join(f"'{level.value}'" for level in ladder)
    return func.array_position(literal_column(f"ARRAY[{rungs}]"), cast(role, Text))


def _own_rank(row: Row) -> ColumnElement[Any]:
    member = CourseMember.__table__.alias()
    own = select(_rank(member.c.course_role_id, Level)).where(
        member.c.course_id == row["course_id"], is_held(member.c.user_id, user())
    )
    return own.scalar_subquery()


SEATING_IN_COURSES = (
    Check(
        "You may not change your own membership.",
        Stage.BEFORE,
        _SEATED,
        lambda row: not_(is_held(row["user_id"], user())),
        binds_admins=False,
    ),
    Check(
        "You may only change members whose role is below your own.",
        Stage.BEFORE,
        _SEATED,
        lambda row: _rank(row["course_role_id"], Level) < _own_rank(row),
        binds_admins=False,
    ),
    Check(
        "You may not give a role above your own.",
        Stage.PLANNED,
        _SEATING,
        lambda row: _rank(row["course_role_id"], Level) <= _own_rank(row),
        binds_admins=False,
    ),
)


def seating(model: type[Base], scope: str, role: str, owned: Values) -> tuple[Check, ...]:
    """The checks on members of an organization or a course family.

    `scope` and `role` are the attributes that say of what, and as what; `owned` is the set of what the caller owns.
    """
    table = model.__table__

    def owns(row: Row) -> ColumnElement[bool]:
        return or_(row[role] != ScopedLevel.OWNER.value, is_held(row[scope], owned))

    def another_owner(row: Row) -> ColumnElement[bool]:
        others = table.alias()
        attributes = inspect(model).columns
        of_scope, of_role = others.c[attributes[scope].key], others.c[attributes[role].key]
        other = and_(of_scope == row[scope], of_role == ScopedLevel.OWNER.value, others.c.id != row["id"])
        return select(others.c.id).where(other).exists()

    def is_there(row: Row) -> ColumnElement[bool]:
        """That what it is a seat in is not gone, too."""
        (key,) = inspect(model).columns[scope].foreign_keys
        whole = key.column.table.alias()
        return select(whole.c[key.column.name]).where(whole.c[key.column.name] == row[scope]).exists()

    def keeps_an_owner(row: Row) -> ColumnElement[bool]:
        old = table.alias()
        was_owner = select(old.c.id).where(
            old.c.id == row["id"], old.c[inspect(model).columns[role].key] == ScopedLevel.OWNER.value
        )
        return or_(row[role] == ScopedLevel.OWNER.value, not_(was_owner.exists()), another_owner(row))

    only_owners = "Only owners seat, change and remove owners."
    last_owner = "This is the last owner; make another one first."
    return (
        Check(only_owners, Stage.BEFORE, _SEATED, owns, binds_admins=False),
        Check(only_owners, Stage.PLANNED, _SEATING, owns, binds_admins=False),
        Check(
            last_owner,
            Stage.AFTER,
            frozenset({Action.DELETE}),
            lambda row: or_(row[role] != ScopedLevel.OWNER.value, another_owner(row), not_(is_there(row))),
        ),
        Check(last_owner, Stage.PLANNED, frozenset({Action.UPDATE}), keeps_an_owner),
    )
