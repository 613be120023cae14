"""Connections: pages of rows, and figures over whole lists, for all parents at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from backend.plan.keys import KEYS
from backend.plan.listing import Listing
from backend.plan.template import Load, Query, Task, Template
from backend.recent import Recent

if TYPE_CHECKING:
    from sqlalchemy import Select

    from backend.interface.entity import Entity, Relation
    from backend.json import Json
    from backend.plan.aggregate import Figure
    from backend.plan.cursor import Seal
    from backend.plan.grouping import Groups, GroupsRequest
    from backend.plan.request import ListRequest
    from backend.plan.run import Row, Run
    from backend.plan.statement import Statement

SHAPES_KEPT = 64


@dataclass(frozen=True)
class Page:
    """One page of one list: its rows in order, the objects made of them for each template, what lies on either side.

    `figures` has one row of figures over the whole list, `counts` the counts that stop somewhere, `groups` the rows of
    each `groups` field.
    """

    request: ListRequest
    rows: Sequence[Row]
    objects: Sequence[Sequence[Json]]
    has_next: bool
    has_previous: bool
    figures: Row
    counts: Sequence[int]
    groups: Sequence[tuple[GroupsRequest, Sequence[Row]]]
    width: int
    seal: Seal

    def cursor(self, row: Row) -> str:
        """The cursor of a row, from the values that stand behind the templates' columns."""
        return self.seal.write(self.request.mark, row[self.width : self.width + len(self.request.order)])


Part = Callable[[Page], Any]


@dataclass(frozen=True)
class Wanted:
    """What a document asks of a connection, and so which statements it takes.

    `counts` are the bounds of counts that stop somewhere, each a statement of its own.
    """

    templates: tuple[Template, ...]
    figures: tuple[Figure, ...]
    counts: tuple[Callable[[Run], int], ...]
    groups: tuple[Groups, ...]
    rows: bool
    cursors: bool
    next: bool
    previous: bool


@dataclass(eq=False)
class Connection:
    """A connection field, at the root where `relation` is None; `parts` makes its object from a page."""

    entity: Entity
    relation: Relation | None
    request: Callable[[Run], ListRequest]
    wanted: Wanted
    parts: tuple[tuple[str, Part], ...]
    height: int = 1
    _statements: Recent[object, Statement] = field(default_factory=lambda: Recent(SHAPES_KEPT), repr=False)

    def __post_init__(self) -> None:
        """Counts the levels beneath."""
        self.height = 1 + max((template.height for template in self.wanted.templates), default=0)

    @property
    def flat(self) -> bool:
        """Whether there is nothing beneath it."""
        return self.height == 1

    @property
    def kind(self) -> str:
        """Whether it is one list, or one for each parent."""
        return "list" if self.relation is None else "to many"

    @property
    def name(self) -> str:
        """The GraphQL type of the rows."""
        return self.entity.name

    def beneath(self) -> Sequence[tuple[str, Load]]:
        """The loads beneath the rows."""
        return [child for template in self.wanted.templates for child in template.children]

    def queries(self, run: Run, slot: str, parents: Sequence[Json]) -> list[Query]:
        """The page, what lies outside, the figures, each bounded count, the groups: what of these is wanted."""
        request, wanted = self.request(run), self.wanted
        bound = dict(request.bound)
        if self.relation is not None:
            bound[KEYS] = list(dict.fromkeys(parent[slot] for parent in parents))
        listing = Listing(run.scope, self.entity, self.relation, request)
        builds: list[tuple[object, Callable[[], Select[Any]]]] = []
        if wanted.rows:
            builds.append(("page", lambda: listing.page(wanted.templates, with_cursors=wanted.cursors)))
        before, behind = self._outside(request)
        if before or behind:
            builds.append(("outside", lambda: listing.outside(before=before, behind=behind)))
        if wanted.figures:
            builds.append(("figures", lambda: listing.figures(wanted.figures)))
        for index, at_most in enumerate(wanted.counts):
            bound[f"at_most_{index}"] = at_most(run)
            builds.append((f"count {index}", lambda index=index: listing.count_up_to(f"at_most_{index}")))  # type: ignore[misc]
        for index, groups in enumerate(wanted.groups):
            asked = groups.request(run)
            bound.update(asked.bound)
            build = partial(listing.groups, asked, groups.figures)
            builds.append((("groups", index, asked.shape), build))
        return [
            Query(self._statement(run, request, name, build), bound, name if isinstance(name, str) else "groups")
            for name, build in builds
        ]

    def place(self, run: Run, slot: str, parents: Sequence[Json], answers: Sequence[list[Row]]) -> list[Task]:
        """A connection for each parent, and what is to be loaded beneath all of their objects."""
        request, wanted = self.request(run), self.wanted
        keys = list(dict.fromkeys(parent[slot] for parent in parents)) if self.relation is not None else [None]
        split = [self._split(rows, len(keys)) for rows in answers]
        rest = iter(split)
        nothing: list[list[Row]] = [[] for _ in keys]
        pages = next(rest) if wanted.rows else nothing
        outside = next(rest) if any(self._outside(request)) else nothing
        figures = next(rest) if wanted.figures else nothing
        counts = [next(rest) for _ in wanted.counts]
        groups = [(asked.request(run), next(rest)) for asked in wanted.groups]
        connections: dict[object, Json] = {}
        collected: list[list[Json]] = [[] for _ in wanted.templates]
        for index, key in enumerate(keys):
            rows = pages[index]
            more = len(rows) > request.size
            rows = rows[: request.size]
            if request.backward:
                rows.reverse()
            before, behind = outside[index][0][:2] if outside[index] else (False, False)
            objects, start = [], 0
            for template, gathered in zip(wanted.templates, collected, strict=True):
                made = template.objects(run, rows, start)
                objects.append(made)
                gathered.extend(made)
                start += template.width
            page = Page(
                request,
                rows,
                objects,
                has_next=behind or (more and not request.backward),
                has_previous=before or (more and request.backward),
                figures=figures[index][0] if figures[index] else (),
                counts=[count[index][0][0] for count in counts],
                groups=[(asked, of[index]) for asked, of in groups],
                width=start,
                seal=run.scope.seal,
            )
            connections[key] = {name: part(page) for name, part in self.parts}
        for parent in parents:
            parent[slot] = connections[parent[slot] if self.relation is not None else None]
        return [
            task for template, made in zip(wanted.templates, collected, strict=True) for task in template.tasks(made)
        ]

    def _split(self, rows: list[Row], parents: int) -> list[list[Row]]:
        """The rows of each parent, by the number in their last column; at the root they get one, too."""
        if self.relation is None:
            return [rows]
        split: list[list[Row]] = [[] for _ in range(parents)]
        for row in rows:
            split[row[-1] - 1].append(row)
        return split

    def _outside(self, request: ListRequest) -> tuple[bool, bool]:
        """Whether to ask for rows before the page's range, and behind it: the page itself cannot tell."""
        return self.wanted.previous and request.after is not None, self.wanted.next and request.before is not None

    def _statement(self, run: Run, request: ListRequest, name: object, build: Callable[[], Select[Any]]) -> Statement:
        # A list at the root is planned anew each time; what is reached by keys has one good plan.
        prepare = self.relation is not None
        key = (name, request.shape)
        known = self._statements.get(key)
        return known or self._statements.put(key, run.make(build(), prepare=prepare))
