"""`node(id:)` and `nodes(ids:)`: objects of any type, one statement for each type that the ids name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.errors import InputError
from backend.plan.value import parse_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from backend.interface.entity import Catalog
    from backend.json import Json
    from backend.plan.load import ByKey
    from backend.plan.run import Row, Run
    from backend.plan.template import Load, Query, Task

NodeKey = tuple[str, tuple[str, ...]]


def parse_node_id(catalog: Catalog, value: str) -> NodeKey:
    """Type and key of a global id; InputError where it is none."""
    entity = catalog.get(value.partition(":")[0])
    if entity is None:
        raise InputError(f"{value!r} is no id that this server gives")
    return entity.name, parse_key(entity, value, global_only=True)


@dataclass(eq=False)
class Nodes:
    """Objects by global ids. `ids` gives types and keys; `loads` has one load for each type."""

    ids: Callable[[Run], Sequence[NodeKey]]
    loads: Mapping[str, ByKey]
    many: bool
    height: int = 1
    kind: str = "by global id"

    def __post_init__(self) -> None:
        """Counts the levels beneath."""
        self.height = max(load.height for load in self.loads.values())

    @property
    def flat(self) -> bool:
        """Whether there is nothing beneath the objects."""
        return self.height == 1

    @property
    def name(self) -> str:
        """The GraphQL type of the objects."""
        return "Node"

    def beneath(self) -> Sequence[tuple[str, Load]]:
        """The loads beneath objects of any type."""
        return [child for load in self.loads.values() for child in load.beneath()]

    def queries(self, run: Run, slot: str, parents: Sequence[Json]) -> list[Query]:
        """One statement for each type."""
        return [query for name in self._types(run) for query in self.loads[name].queries(run, slot, parents)]

    def place(self, run: Run, slot: str, parents: Sequence[Json], answers: Sequence[list[Row]]) -> list[Task]:
        """In the order of the ids, null where there is no such object for the viewer."""
        tasks: list[Task] = []
        found: dict[NodeKey, Json | None] = {}
        for name, answer in zip(self._types(run), answers, strict=True):
            load = self.loads[name]
            box: Json = {}
            tasks += load.place(run, slot, [box], [answer])
            found.update(zip(((name, key) for key in load.keys(run)), box[slot], strict=True))
            run.types.update((id(target), name) for target in box[slot] if target is not None)
        objects = [found[key] for key in self.ids(run)]
        for parent in parents:
            parent[slot] = objects if self.many else objects[0]
        return tasks

    def _types(self, run: Run) -> list[str]:
        return list(dict.fromkeys(name for name, _ in self.ids(run)))
