"""Rows as their DTOs have them, by attributes, for whoever asks for them without a document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Integer, bindparam
from sqlalchemy import null as sql_null

from backend.errors import InputError
from backend.interface.base import Batch
from backend.plan.aggregate import COUNT
from backend.plan.compile import Plan
from backend.plan.execute import execute
from backend.plan.listing import Listing
from backend.plan.load import ByKey
from backend.plan.order import declared_order, total_order
from backend.plan.request import LIMIT, ListRequest, read_search
from backend.plan.run import Failure
from backend.plan.search import named_conditions
from backend.plan.template import BatchSlot, Query, Template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pydantic import BaseModel
    from sqlalchemy import Select

    from backend.interface.entity import Catalog, Entity
    from backend.json import Json
    from backend.plan.keys import Key
    from backend.plan.limits import Limits
    from backend.plan.run import Row, Run
    from backend.plan.source import Source
    from backend.plan.statement import Statement
    from backend.plan.template import Load, Task

SKIP = "skip"
MOST_SKIPPED = 2**31 - 1


@dataclass(frozen=True)
class Asked:
    """What is asked of a list: values of the query DTO by attribute, a Select whose conditions come on top, a page."""

    search: Mapping[str, Any] = field(default_factory=dict)
    written: Select[Any] | None = None
    archived: str = "EXCLUDE"
    skip: int = 0
    limit: int | None = None


@dataclass(frozen=True)
class Slice:
    """Which rows of a list: those that pass the request, from the one behind `skip` on, `limit` of them."""

    request: ListRequest
    skip: int
    limit: int


def read_slice(catalog: Catalog, entity: Entity, limits: Limits, asked: Asked) -> Slice:
    """The slice of the entity's list, in its own order, that is asked for; InputError, which names the parameter."""
    size = limits.default_page if asked.limit is None else asked.limit
    if not 0 <= size <= limits.max_page:
        raise InputError(f"{size} is no size of a page: it lies between 0 and {limits.max_page}", ("limit",))
    if not 0 <= asked.skip <= MOST_SKIPPED:
        raise InputError(f"{asked.skip} cannot be skipped: it lies between 0 and {MOST_SKIPPED}", ("skip",))
    query, newest = read_search(catalog, entity, asked.search)
    conditions = named_conditions(entity, query, asked.written)
    request = ListRequest(
        filter=None,
        conditions=conditions,
        newest=newest,
        archived=asked.archived,
        order=total_order(entity, declared_order(entity.interface.default_order)),
        backward=False,
        after=None,
        before=None,
        size=size,
        mark=b"",
        bound=conditions.bound,
    )
    return Slice(request, asked.skip, size)


async def load_dtos(
    run: Run, entity: Entity, dto: type[BaseModel], keys: Sequence[Key], *, last: bool
) -> list[Json | None]:
    """The values of the DTO of each row by its key; None where the viewer sees no such row.

    `last` says that nothing else will read in the run's snapshot. Raises what a computed field fails with.
    """
    return await load_attributes(run, entity, _attributes(entity, dto), keys, last=last)


async def load_attributes(
    run: Run, entity: Entity, attributes: Iterable[str], keys: Sequence[Key], *, last: bool
) -> list[Json | None]:
    """As `load_dtos`, of these attributes alone."""
    load = ByKey(_template(entity, attributes), lambda _: list(keys), many=True)
    key = (run.scope.visibility, "rows by key", entity, load.template.keys)
    load.statement = run.compiler.kept(key, lambda: load.compiled(run))
    found: list[Json | None] = await _loaded(run, load, last=last)
    return [_whole(row) for row in found]


async def load_slice(
    run: Run, entity: Entity, dto: type[BaseModel], wanted: Slice, *, last: bool
) -> tuple[list[Json], int]:
    """The values of the DTO of each row of the slice, and how many rows the whole list has; raises as `load_dtos`."""
    rows, total = await _loaded(run, _Sliced(_template(entity, _attributes(entity, dto)), wanted), last=last)
    return [_whole(row) for row in rows], total


def _attributes(entity: Entity, dto: type[BaseModel]) -> list[str]:
    """In the order of the entity's fields: the key first, and last what the database keeps itself."""
    return [name for name in entity.by_attribute if name in dto.model_fields]


def _template(entity: Entity, attributes: Iterable[str]) -> Template:
    """The template that reads the attributes, each as its DTO has it."""
    keys = tuple(attributes)
    outputs: list[Callable[[Source], ColumnElement[Any]]] = []
    hidden: list[Callable[[Source], ColumnElement[Any]]] = []
    slots = []
    for name in keys:
        computed = entity.interface.computed.get(name)
        if isinstance(computed, Batch):
            places = tuple(len(keys) + len(hidden) + place for place in range(len(computed.needs)))
            hidden += [_reader(needed) for needed in computed.needs]
            slots.append(BatchSlot(name, computed, places, entity.by_attribute[name].nullable))
            outputs.append(lambda _: sql_null())
        else:
            outputs.append(_reader(name))
    return Template(entity, keys, (*outputs, *hidden), (), tuple(slots))


def _reader(name: str) -> Callable[[Source], ColumnElement[Any]]:
    return lambda source: source[name]


@dataclass(eq=False)
class _Sliced:
    """A slice of a list, and the size of the whole, in two statements."""

    template: Template
    wanted: Slice
    height: int = field(default=1, init=False)
    flat: bool = field(default=True, init=False)
    kind: str = field(default="slice", init=False)

    @property
    def name(self) -> str:
        """The GraphQL type of the rows."""
        return self.template.entity.name

    def beneath(self) -> Sequence[tuple[str, Load]]:
        """Nothing."""
        return ()

    def queries(self, run: Run, slot: str, parents: Sequence[Json]) -> list[Query]:  # noqa: ARG002 - as every load
        """The rows, and how many there are."""
        wanted, template = self.wanted, self.template
        key = (run.scope.visibility, "slice", template.entity, template.keys, wanted.request.shape)
        page, figures = run.compiler.kept(key, lambda: self._statements(run))
        bound = {**wanted.request.bound, LIMIT: wanted.limit, SKIP: wanted.skip}
        return [Query(page, bound, "page"), Query(figures, bound, "figures")]

    def _statements(self, run: Run) -> tuple[Statement, Statement]:
        """The page, and how many rows there are. They are planned anew each time: the best plan depends on values."""
        listing = Listing(run.scope, self.template.entity, None, self.wanted.request)
        page = listing.page((self.template,), with_cursors=False).offset(bindparam(SKIP, type_=Integer))
        figures = listing.figures([COUNT])
        return run.make(page, prepare=False), run.make(figures, prepare=False)

    def place(self, run: Run, slot: str, parents: Sequence[Json], answers: Sequence[list[Row]]) -> list[Task]:
        """Rows and size, as a pair."""
        rows, ((total, *_),) = answers
        for parent in parents:
            parent[slot] = (self.template.objects(run, rows), total)
        return []


async def _loaded(run: Run, load: Load, *, last: bool) -> Any:
    box: Json = {}
    await execute(run, Plan((("found", load),), ()), box, last=last)
    return box["found"]


def _whole(row: Any) -> Any:
    failed = next((value for value in (row or {}).values() if isinstance(value, Failure)), None)
    if failed is not None:
        raise failed.error
    return row
