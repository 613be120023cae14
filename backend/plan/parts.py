"""What a document selects on a connection: how the answer is made of a page, and which statements that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from backend.plan.aggregate import COUNT, FUNCTIONS, Figure, aggregated_fields
from backend.plan.connection import Page, Part, Wanted
from backend.plan.grouping import Groups

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from graphql import FieldNode, SelectionSetNode

    from backend.interface.entity import Entity, Relation
    from backend.plan.collect import Fields
    from backend.plan.grouping import GroupsRequest, Keys, Path
    from backend.plan.run import Row, Run
    from backend.plan.template import Template

    # What a row of figures, and the keys that it belongs to, are made into.
    Make = Callable[[Row, Keys], Any]


class Selections(Protocol):
    """Who reads what is selected beneath a connection."""

    def collect(self, type_name: str, selections: Sequence[SelectionSetNode | None]) -> Fields:
        """The fields selected on a type, by response key."""
        ...

    def template(self, entity: Entity, nodes: Sequence[FieldNode]) -> Template:
        """How the fields selected beneath the nodes are made of a row."""
        ...

    def at_most(self, parent: str, node: FieldNode) -> Callable[[Run], int]:
        """Where a count may stop."""
        ...

    def groups(self, entity: Entity, node: FieldNode, index: int) -> Callable[[Run], GroupsRequest]:
        """Which groups are asked for; `index` tells the groups of one connection apart."""
        ...

    def target(self, relation: Relation) -> Entity:
        """What a relation leads to."""
        ...


def read_parts(
    compiler: Selections, entity: Entity, nodes: list[FieldNode]
) -> tuple[Wanted, tuple[tuple[str, Part], ...]]:
    """What is wanted of a connection, and its parts by response key."""
    parts = _Parts(compiler, entity)
    read = parts.read(nodes)
    return parts.wanted(), read


class _Parts:
    """Reads what is selected on a connection, and gathers which statements that takes."""

    def __init__(self, compiler: Selections, entity: Entity) -> None:
        self._compiler = compiler
        self._entity = entity
        self._templates: list[Template] = []
        self._figures = _Figures(compiler, entity)
        self._counts: list[Callable[[Run], int]] = []
        self._groups: list[Groups] = []
        self._flags = dict.fromkeys(("rows", "cursors", "next", "previous"), False)

    def wanted(self) -> Wanted:
        """What was gathered."""
        return Wanted(
            tuple(self._templates),
            tuple(self._figures.gathered),
            tuple(self._counts),
            tuple(self._groups),
            **self._flags,
        )

    def read(self, nodes: list[FieldNode]) -> tuple[tuple[str, Part], ...]:
        """The parts of the connection, by response key."""
        type_name = f"{self._entity.name}Connection"
        return tuple((key, self._part(type_name, selected)) for key, selected in self._below(type_name, nodes).items())

    def _below(self, type_name: str, nodes: list[FieldNode]) -> Fields:
        return self._compiler.collect(type_name, [node.selection_set for node in nodes])

    def _part(self, type_name: str, nodes: list[FieldNode]) -> Part:
        readers: dict[str, Callable[[list[FieldNode]], Part]] = {
            "nodes": self._nodes,
            "edges": self._edges,
            "pageInfo": self._page_info,
            "totalCount": self._total,
            "aggregate": self._aggregate,
            "groups": self._grouping,
        }
        read = readers.get(nodes[0].name.value)
        return (lambda _page: type_name) if read is None else read(nodes)

    def _nodes(self, nodes: list[FieldNode]) -> Part:
        index = self._add_template(nodes)
        return lambda page: page.objects[index]

    def _aggregate(self, nodes: list[FieldNode]) -> Part:
        make = self._figures.read(f"{self._entity.name}Aggregate", nodes)
        return lambda page: make(page.figures, {})

    def _add_template(self, nodes: list[FieldNode]) -> int:
        self._flags["rows"] = True
        self._templates.append(self._compiler.template(self._entity, nodes))
        return len(self._templates) - 1

    def _edges(self, nodes: list[FieldNode]) -> Part:
        self._flags["rows"] = True
        type_name = f"{self._entity.name}Edge"
        makers: list[tuple[str, Callable[[Page, int], Any]]] = []
        for key, selected in self._below(type_name, nodes).items():
            name = selected[0].name.value
            if name == "cursor":
                self._flags["cursors"] = True
                makers.append((key, lambda page, row: page.cursor(page.rows[row])))
            elif name == "node":
                index = self._add_template(selected)
                makers.append((key, lambda page, row, index=index: page.objects[index][row]))  # type: ignore[misc]
            else:
                makers.append((key, lambda _page, _row: type_name))
        return lambda page: [{key: make(page, row) for key, make in makers} for row in range(len(page.rows))]

    def _page_info(self, nodes: list[FieldNode]) -> Part:
        self._flags["rows"] = True
        makers: list[tuple[str, Part]] = []
        for key, selected in self._below("PageInfo", nodes).items():
            name = selected[0].name.value
            if name == "hasNextPage":
                self._flags["next"] = True
                makers.append((key, lambda page: page.has_next))
            elif name == "hasPreviousPage":
                self._flags["previous"] = True
                makers.append((key, lambda page: page.has_previous))
            elif name == "__typename":
                makers.append((key, lambda _page: "PageInfo"))
            else:
                self._flags["cursors"] = True
                end = 0 if name == "startCursor" else -1
                makers.append((key, lambda page, end=end: page.cursor(page.rows[end]) if page.rows else None))  # type: ignore[misc]
        return lambda page: {key: make(page) for key, make in makers}

    def _total(self, nodes: list[FieldNode]) -> Part:
        if not nodes[0].arguments:
            make = self._figures.add(COUNT)
            return lambda page: make(page.figures, {})
        index = len(self._counts)
        self._counts.append(self._compiler.at_most(f"{self._entity.name}Connection", nodes[0]))
        return lambda page: page.counts[index]

    def _grouping(self, nodes: list[FieldNode]) -> Part:
        index = len(self._groups)
        figures = _Figures(self._compiler, self._entity)
        make = figures.read(f"{self._entity.name}Grouping", nodes)
        request = self._compiler.groups(self._entity, nodes[0], index)
        width = len(figures.gathered)
        self._groups.append(Groups(request, tuple(figures.gathered)))

        def part(page: Page) -> Any:
            asked, rows = page.groups[index]
            return [make(row, asked.named(row[width : width + len(asked.keys)])) for row in rows]

        return part


class _Figures:
    """Reads what is selected of an aggregate or a group, and gathers the figures that it takes."""

    def __init__(self, compiler: Selections, entity: Entity) -> None:
        self._compiler = compiler
        self._entity = entity
        self.gathered: list[Figure] = []

    def add(self, figure: Figure) -> Make:
        """Where the figure stands in a row."""
        if figure not in self.gathered:
            self.gathered.append(figure)
        index = self.gathered.index(figure)
        return lambda row, _keys: row[index]

    def read(self, type_name: str, nodes: list[FieldNode]) -> Make:
        """The object made of a row of figures."""
        makers: list[tuple[str, Make]] = []
        for key, selected in self._below(type_name, nodes):
            name = selected[0].name.value
            if name == "count":
                makers.append((key, self.add(COUNT)))
            elif name == "keys":
                makers.append((key, self._keys(self._entity, selected, ())))
            elif name in FUNCTIONS:
                makers.append((key, self._function(name, selected)))
            else:
                makers.append((key, _always(type_name)))
        return _object(makers)

    def _function(self, function: str, nodes: list[FieldNode]) -> Make:
        type_name = f"{self._entity.name}{function.capitalize()}"
        kinds = aggregated_fields(self._entity, function)
        makers: list[tuple[str, Make]] = []
        for key, selected in self._below(type_name, nodes):
            name = selected[0].name.value
            if name == "__typename":
                makers.append((key, _always(type_name)))
            else:
                figure = Figure(function, self._entity.fields[name].attribute, kinds[name])
                makers.append((key, self.add(figure)))
        return _object(makers)

    def _keys(self, entity: Entity, nodes: list[FieldNode], path: Path) -> Make:
        type_name = f"{entity.name}GroupingKeys"
        makers: list[tuple[str, Make]] = []
        for key, selected in self._below(type_name, nodes):
            name = selected[0].name.value
            if name == "__typename":
                makers.append((key, _always(type_name)))
            elif name in entity.relations:
                target = self._compiler.target(entity.relations[name])
                makers.append((key, _where_keyed((*path, name), self._keys(target, selected, (*path, name)))))
            else:
                makers.append((key, _key((*path, name))))
        return _object(makers)

    def _below(self, type_name: str, nodes: list[FieldNode]) -> list[tuple[str, list[FieldNode]]]:
        return list(self._compiler.collect(type_name, [node.selection_set for node in nodes]).items())


def _always(value: str) -> Make:
    return lambda _row, _keys: value


def _key(path: Path) -> Make:
    return lambda _row, keys: keys.get(path)


def _object(makers: list[tuple[str, Make]]) -> Make:
    return lambda row, keys: {key: make(row, keys) for key, make in makers}


def _where_keyed(path: Path, make: Make) -> Make:
    """Null where no key lies across the relation."""
    return lambda row, keys: make(row, keys) if any(key[: len(path)] == path for key in keys) else None
