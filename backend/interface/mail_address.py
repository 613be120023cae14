"""E-mail addresses: each is one user's, be it their own or what an institution gave them. Rules: docs/entities.md."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, not_, or_, select

from backend.access.policy import Action, Check, Stage
from backend.model import StudentProfile, User
from backend.model.base import table_of

Row = Mapping[str, ColumnElement[Any]]

_PREFIX: ColumnElement[str] = literal_column("'address '")


def address_is_free(attribute: str, owner: str) -> Check:
    """The check that the address in the attribute is no other user's; `owner` has the key of whose it is."""

    def holds(row: Row) -> ColumnElement[bool]:
        own, matriculation = table_of(User).alias(), table_of(StudentProfile).alias()
        address = func.lower(row[attribute])
        of_user = select(own.c.id).where(func.lower(own.c.email) == address, own.c.id != row[owner])
        of_student = select(matriculation.c.id).where(
            func.lower(matriculation.c.student_email) == address, matriculation.c.user_id != row[owner]
        )
        return or_(row[attribute].is_(None), not_(or_(of_user.exists(), of_student.exists())))

    return Check(
        "Another user has this address.",
        Stage.PLANNED,
        frozenset({Action.CREATE, Action.UPDATE}),
        holds,
        attribute,
        conflict=True,
    )


def address_in_turn(attribute: str) -> Callable[[Row], ColumnElement[Any]]:
    """Those who write the same address go one after the other."""
    return lambda row: _PREFIX.concat(func.lower(row[attribute]))
