"""What an entity interface declares. Its checks and its reflection: `backend.interface.reflection`.

Pydantic evaluates the annotations of DTOs when a class is made, so no module here that has DTOs postpones them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import ColumnElement, Select

from backend.access.policy import ADMIN_ONLY, Action, Grant, Policy
from backend.access.principal import Principal
from backend.interface.effect import Effect
from backend.model import Base


class BaseEntityList(BaseModel):
    """What a list answers for each row; lists leave out what is long."""

    model_config = ConfigDict(from_attributes=True)


class CreatedEntityList(BaseEntityList):
    """What a list answers for each row where it is asked for often when it was made."""

    created_at: datetime = Field(description="When it was created.")


class TimedEntityList(CreatedEntityList):
    """What a list answers for each row where its times are asked for often."""

    updated_at: datetime = Field(description="When it was last updated.")


class UnauthoredEntityGet(TimedEntityList):
    """What a single row answers, with the columns that the database keeps itself, where it keeps no authors.

    A Get derives from the List of its entity too, so that each field is declared once.
    """

    version: int = Field(description="Count of updates; hand it to expectedVersion.")


class BaseEntityGet(UnauthoredEntityGet):
    """What a single row answers, with the columns that the database keeps itself, authors and all."""

    created_by_id: str | None = Field(None, description="Key of the user who created it.")
    updated_by_id: str | None = Field(None, description="Key of the user who last updated it.")


class WrittenOnceEntityGet(CreatedEntityList):
    """What a single row answers that is never changed."""

    created_by_id: str | None = Field(None, description="Key of the user who created it.")


class UnversionedEntityGet(WrittenOnceEntityGet, TimedEntityList):
    """What a single row answers that may change, where changes are not counted."""

    updated_by_id: str | None = Field(None, description="Key of the user who last updated it.")


class BaseEntityUpdate(BaseModel):
    """What to change: an absent field stays, null clears. Fields that cannot be cleared are `rules.Kept`."""

    model_config = ConfigDict(extra="forbid")


class BaseEntityCreate(BaseEntityUpdate):
    """A row to create: null is the same as absent.

    A Create derives from the Update of its entity too, and declares what it asks for besides.
    """

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: object) -> object:
        return {name: value for name, value in data.items() if value is not None} if isinstance(data, dict) else data


class KeyedEntityCreate(BaseEntityCreate):
    """A row to create whose random key may be chosen, so that others can refer to it before it is there."""

    id: str | None = Field(None, description="Chosen by the caller, or made by the server.")


class ListQuery(BaseModel):
    """Search parameters: all that are given must hold."""

    model_config = ConfigDict(extra="forbid")


# The columns of a row by the names of their attributes; dots cross relations to one.
Row = Mapping[str, ColumnElement[Any]]


@dataclass(frozen=True)
class Expression:
    """A computed field that is SQL over the row: it costs nothing, and can be filtered and ordered by.

    `build` gets the row's columns by their names in the model, as the viewer may see them. The expression must be
    total: PostgreSQL may run it on rows that the viewer never sees, so it must not be able to raise. Where the value
    is a key, `target` is the model that it is a key of.
    """

    build: Callable[[Row], ColumnElement[Any]]
    target: type[Base] | None = None


class BatchContext(Protocol):
    """What a computed field may know of the request."""

    @property
    def principal(self) -> Principal:
        """Who asks."""
        ...


@dataclass(frozen=True)
class Batch:
    """A computed field that is Python over all rows of a level at once.

    `compute` gets who is asking, and one tuple for each row, of the attributes that it `needs`, as the viewer may see
    them; it returns one value for each row. An exception in a value's place fails that field alone; one that is raised
    fails all. What depends on nothing but the row, who asks, and rows of the tables of `reads`, is kept like all else;
    without `reads` it is computed each time.
    """

    needs: tuple[str, ...]
    compute: Callable[[BatchContext, Sequence[tuple[Any, ...]]], Awaitable[Sequence[Any]]]
    reads: tuple[type[Base], ...] | None = None


@dataclass(frozen=True)
class Related:
    """A computed field that is SQL over what a relation to many leads to, as far as the viewer sees it.

    `value` gets the columns of a related row and aggregates over all that pass `where`; with `order`, attributes with
    a leading minus for descending, it is that of the first of them alone. Archived rows are left out, as in lists.
    Where the value is a key, `target` is the model that it is a key of.
    """

    relation: str
    value: Callable[[Row], ColumnElement[Any]]
    where: Callable[[Row], ColumnElement[bool]] | None = None
    order: tuple[str, ...] = ()
    target: type[Base] | None = None


@dataclass(frozen=True)
class Newest:
    """A search parameter that is no condition: keeps, of the rows that pass all else, the first of each group.

    `per` and `order` are attributes; a leading minus in `order` means descending.
    """

    per: tuple[str, ...]
    order: tuple[str, ...]


@dataclass(frozen=True)
class Tree:
    """A relation within a table by ltree paths that share the attributes `within`.

    `on` gets the columns of the row that one starts from and of the row that may be related.
    """

    description: str
    to_many: bool
    within: tuple[str, ...]
    on: Callable[[Row, Row], ColumnElement[bool]]


@dataclass(frozen=True)
class Issued:
    """A secret, which the payload tells once, and what is stored of it: values by attribute, as JSON."""

    secret: str
    stored: Mapping[str, object]


class EntityInterface:
    """One entity: its DTOs, how it is searched, who sees it, and what is computed on it."""

    create: ClassVar[type[BaseEntityCreate] | None] = None
    get: ClassVar[type[BaseModel]]
    list: ClassVar[type[BaseModel]]
    update: ClassVar[type[BaseEntityUpdate] | None] = None
    query: ClassVar[type[ListQuery] | None] = None
    # (statement, query) -> statement, with further conditions and nothing else; without it each parameter of the query
    # is to equal the attribute of its name. Any, since each takes its own query.
    search: ClassVar[Callable[[Select[Any], Any], Select[Any]] | None] = None
    endpoint: ClassVar[str]
    model: ClassVar[type[Base]]
    # Seconds that what was read of it may be kept; 0 for what never is.
    cache_ttl: ClassVar[int] = 15
    # Attributes that searches or computed fields compare with the present: what was read ends at the next of them.
    moments: ClassVar[tuple[str, ...]] = ()
    policy: ClassVar[Policy] = ADMIN_ONLY
    computed: ClassVar[Mapping[str, Expression | Related | Batch]] = {}
    modifiers: ClassVar[Mapping[str, Newest]] = {}
    trees: ClassVar[Mapping[str, Tree]] = {}
    # Attributes of the table itself, a leading minus for descending; the key is added at the end.
    default_order: ClassVar[tuple[str, ...]] = ()
    # By relation: the order of what it leads to, where it differs from the target's own; dots cross relations to one.
    nested_orders: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    # What null reads as, for attributes whose column is nullable and whose field is not.
    null_reads: ClassVar[Mapping[str, object]] = {"version": 0}
    # Whether whoever asks is one of its rows, which `me` gives then.
    is_of_callers: ClassVar[bool] = False
    # By relation: its description, where the name of the target does not say enough.
    relations: ClassVar[Mapping[str, str]] = {}

    # What can be done to rows by whoever may, where it is less than the inputs and the table allow.
    operations: ClassVar[frozenset[Action] | None] = None
    # Relations to many whose rows may be created with the row, in this order.
    children: ClassVar[tuple[str, ...]] = ()
    # By attribute: SQL over a row to create, for what no client says.
    derived: ClassVar[Mapping[str, Callable[[Row], ColumnElement[Any]]]] = {}
    # By attribute that is a key: what lets a row refer to a target that its writer does not see. Whoever has a general
    # claim to write the rows may refer to any.
    links: ClassVar[Mapping[str, tuple[Grant, ...]]] = {}
    # Relations to one whose targets are locked before a write, so that what checks count stays as it is.
    locks: ClassVar[tuple[str, ...]] = ()
    # SQL over a row to write: a text. Writers of rows with the same text go one after the other, so that what checks
    # look for in other rows stays as it is.
    in_turn: ClassVar[Callable[[Row], ColumnElement[Any]] | None] = None
    # The attribute that triggers of the database find fault with.
    trigger_attribute: ClassVar[str | None] = None
    # Makes what only the server knows of a new row, one secret for each.
    issue: ClassVar[Callable[[], Issued] | None] = None
    # By attribute: what deleting writes into the row, where it does not take the row away.
    deletion: ClassVar[Mapping[str, ColumnElement[Any]]] = {}
    # What follows from a write, in this order.
    effects: ClassVar[Mapping[Action, tuple[Effect, ...]]] = {}
