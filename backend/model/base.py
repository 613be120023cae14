"""What all models share: naming conventions, the columns that many tables have, and PostgreSQL's tree types.

`Mapped` annotations are evaluated when a class is made, so no module here postpones annotations.
"""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ColumnElement,
    DateTime,
    FetchedValue,
    ForeignKey,
    MetaData,
    String,
    Table,
    Uuid,
    false,
    func,
    literal,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Relationship, declared_attr, mapped_column, relationship
from sqlalchemy.orm import backref as make_backref
from sqlalchemy.types import UserDefinedType

if TYPE_CHECKING:
    from backend.model.user import User

PATH_PATTERN = r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$"
"""Paths as the gateway accepts them: what every version of PostgreSQL takes for an ltree, hyphens left out."""

CONTENT_PATH_PATTERN = r"^[a-z0-9_]+(\.[a-z0-9_]+)*$"
"""Paths of course contents."""

LOOSE_SLUG_PATTERN = r"^[A-Za-z0-9_-]+$"
"""Slugs of execution backends and of content types."""

_NAMES = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}


class Base(DeclarativeBase):
    """A table. Attributes have the gateway's names, columns those of the database."""

    metadata = MetaData(naming_convention=_NAMES)


class LQuery(UserDefinedType[str]):
    """A pattern that an `Ltree` may match."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_: object) -> str:
        """Name of the type in SQL."""
        return "LQUERY"


class Ltree(UserDefinedType[str]):
    """A path of labels with dots between them. Its values are strings in Python and cast where they are bound."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_: object) -> str:
        """Name of the type in SQL."""
        return "LTREE"

    class Comparator(UserDefinedType.Comparator[str]):
        """Their operator; equality is that of any type."""

        def matches(self, pattern: str | ColumnElement[str]) -> ColumnElement[bool]:
            """Matches the lquery pattern."""
            return self.expr.op("~", return_type=Boolean())(_typed(pattern, LQuery()))

    comparator_factory = Comparator


UUID: Uuid[str] = Uuid(as_uuid=False)
TIMESTAMP = DateTime(timezone=True)
JSON: JSONB[Any] = JSONB(none_as_null=True)

SILENT = {"silent": True}
"""`info` of columns that are written without a person, whose change alone is none."""


def native_enum(enum: type[Enum], name: str) -> sa.Enum:
    """A PostgreSQL enum that holds the values of a Python one."""
    return sa.Enum(enum, name=name, values_callable=lambda members: [member.value for member in members])


def reference(target: str, *, ondelete: str | None = "CASCADE", onupdate: str | None = "RESTRICT") -> ForeignKey:
    """A foreign key with the actions that most have here; None is NO ACTION."""
    return ForeignKey(target, ondelete=ondelete, onupdate=onupdate)


def _typed(value: str | ColumnElement[str], sql_type: UserDefinedType[str]) -> ColumnElement[str]:
    return literal(value, sql_type) if isinstance(value, str) else value


def table_of(model: type[Base]) -> Table:
    """The table of a model."""
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is mapped to no table")
    return table


def to_one(key: str, target: str, *, back: str | None = None, backref: str | None = None) -> Relationship[Any]:
    """A relation along `key`, such as "Course.organization_id", to the target's id.

    `back` names the relation that the target declares for the way back; `backref` one that it does not declare, and
    gets thereby. Loads nothing by itself: rows are read in batches, and a forgotten one should not become a hidden
    query.
    """
    return relationship(
        target,
        primaryjoin=f"foreign({key}) == remote({target}.id)",
        back_populates=back,
        backref=make_backref(backref, lazy="raise", passive_deletes="all") if backref else None,
        lazy="raise",
    )


def to_many(own: str, key: str, *, back: str) -> Relationship[Any]:
    """The way back along `key`, such as "Course.organization_id", to the class `own`; to one if so annotated.

    What happens to the children of a deleted row is the foreign key's business, so the ORM leaves them alone.
    """
    return relationship(
        primaryjoin=f"foreign(remote({key})) == {own}.id", back_populates=back, lazy="raise", passive_deletes="all"
    )


class Keyed:
    """A random key from the database."""

    id: Mapped[str] = mapped_column(UUID, primary_key=True, server_default=text("uuid_generate_v4()"))


class RoleColumns:
    """What every kind of role has; ids of built-in roles begin with an underscore."""

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    title: Mapped[str | None] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(String(4096))
    builtin: Mapped[bool] = mapped_column(Boolean, server_default=false())


def role_checks(table: str) -> tuple[CheckConstraint, CheckConstraint]:
    """That the ids of a table of roles are as their being built in demands."""
    slug = "ctutor_valid_slug(CASE WHEN builtin THEN substring(id, 2) ELSE id END)"
    return (
        CheckConstraint(r"NOT builtin OR id LIKE '\_%'", name=f"{table}_check"),
        CheckConstraint(slug, name=f"{table}_check1"),
    )


class Versioned:
    """A count of updates, kept by a trigger."""

    version: Mapped[int | None] = mapped_column(BigInteger, server_default=text("0"), server_onupdate=FetchedValue())


class Created:
    """When the row was made."""

    created_at: Mapped[datetime] = mapped_column(TIMESTAMP, server_default=func.now())


class Timed(Created):
    """When the row was made and, kept by a trigger, when it last changed."""

    updated_at: Mapped[datetime] = mapped_column(TIMESTAMP, server_default=func.now(), server_onupdate=FetchedValue())


class _CreatedBy:
    __name__: ClassVar[str]

    @declared_attr
    def created_by(cls) -> Mapped["User | None"]:  # noqa: N805 - a declared attribute is a function of the class
        return to_one(f"{cls.__name__}.created_by_id", "User")


class _UpdatedBy:
    __name__: ClassVar[str]

    @declared_attr
    def updated_by(cls) -> Mapped["User | None"]:  # noqa: N805 - a declared attribute is a function of the class
        return to_one(f"{cls.__name__}.updated_by_id", "User")


class CreatedByKey(_CreatedBy):
    """Who made the row; forgotten with the user."""

    created_by_id: Mapped[str | None] = mapped_column(
        "created_by", UUID, reference("user.id", ondelete="SET NULL", onupdate=None), index=True
    )


class AuthoredByKey(CreatedByKey, _UpdatedBy):
    """Who made and last changed the row; forgotten with the user."""

    updated_by_id: Mapped[str | None] = mapped_column(
        "updated_by", UUID, reference("user.id", ondelete="SET NULL", onupdate=None), index=True
    )


class AuthoredByValue(_CreatedBy, _UpdatedBy):
    """Who made and last changed the row, without foreign keys: the user may be gone."""

    created_by_id: Mapped[str | None] = mapped_column("created_by", UUID)
    updated_by_id: Mapped[str | None] = mapped_column("updated_by", UUID)


class Audited(Versioned, Timed, AuthoredByKey):
    """How often, when and by whom the row was changed."""
