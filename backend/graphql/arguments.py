"""What it costs to read the arguments of an operation: by how much they hold, in each of the places where it stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import ListValueNode, ObjectValueNode, StringValueNode, VariableNode

from backend.face.values import cost_of_size, size_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import FieldNode


@dataclass
class Arguments:
    """Those of fields that were added: how much is written there, and in how many places each variable stands."""

    written: int = 0
    places: Counter[str] = field(default_factory=Counter)
    # By identity, for a field of a fragment is added as often as that is spread.
    _known: dict[int, tuple[int, Counter[str]]] = field(default_factory=dict)

    def add(self, node: FieldNode) -> None:
        """Those of one more field, or of the same in one more place."""
        if not node.arguments:
            return
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = _read(node)
        self.written += known[0]
        self.places.update(known[1])

    def cost(self, variables: Mapping[str, Any]) -> int:
        """What reading all of them costs, with these values of the variables; one that stands nowhere is read, too."""
        places = self.places
        return cost_of_size(self.written + sum(places.get(name, 1) * size_of(variables[name]) for name in variables))


def _read(node: FieldNode) -> tuple[int, Counter[str]]:
    """As `size_of` counts values, and the variables among them."""
    size, variables = 0, Counter[str]()
    pending: list[Any] = [argument.value for argument in node.arguments or ()]
    while pending:
        value = pending.pop()
        if isinstance(value, VariableNode):
            variables[value.name.value] += 1
            continue
        size += size_of(value.value) if isinstance(value, StringValueNode) else 1
        if isinstance(value, ObjectValueNode):
            size += 1
            pending += [each.value for each in value.fields]
        elif isinstance(value, ListValueNode):
            pending += value.values
    return size, variables
