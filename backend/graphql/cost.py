"""What an operation costs before it runs, as the schema weighs it (IBM's GraphQL cost specification).

A field weighs what its `@cost` says, else 1 where it gives objects and 0 where it gives values, for each object that it
is asked of. An object weighs what the `@cost` of its type says, else 1. How long a list may become is told by
`@listSize`: by its slicing arguments, a list among these by its length, or else the assumed size. `@skip` and
`@include` count for nothing, so that a cost depends on sizes alone. Where an object may be of several types, the
dearest counts. What arguments hold counts with the fields (`backend.graphql.arguments`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    IntValueNode,
    ListValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_object_type,
)

from backend.face.weights import ASSUMED_SIZE, FIELD, OBJECT
from backend.graphql import directives
from backend.graphql.arguments import Arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, SelectionSetNode

    from backend.face.admission import Allowance

    Fragments = Mapping[str, FragmentDefinitionNode]
    # A size, from the values of variables.
    Size = Callable[[Mapping[str, Any]], int]

# The schema about itself, which no directive can stand in: about the sizes of this one. It is answered one object at a
# time, and nobody else meanwhile.
_INTROSPECTION_WEIGHT = 3.0
_INTROSPECTION = {"types": 1000, "directives": 20, "fields": 6, "inputFields": 4, "args": 1, "interfaces": 1}
_NODE = "Node"


@dataclass(frozen=True)
class Cost:
    """What an operation costs: its fields with their arguments, its objects, and how many of these are rows."""

    fields: float = 0.0
    types: float = 0.0
    rows: float = 0.0

    @property
    def total(self) -> int:
        """What limits are held against."""
        return int(self.fields + self.types)

    def report(self, allowance: Allowance | None) -> dict[str, int]:
        """What clients are told of it in `extensions.cost`."""
        told = {"cost": self.total, "fieldCost": int(self.fields), "typeCost": int(self.types), "rows": int(self.rows)}
        if allowance is not None:
            told |= {"costPerMinute": allowance.allowed, "costLeft": allowance.left}
        return told


@dataclass(frozen=True)
class OperationCost:
    """The cost of an operation, by the values of its variables."""

    of: Callable[[Mapping[str, Any]], Cost]


@dataclass(frozen=True)
class _Operation:
    """What an operation is weighed with; `arguments` are those of its fields so far."""

    schema: GraphQLSchema
    fragments: Fragments
    arguments: Arguments


@dataclass(frozen=True)
class _Part:
    """A field: its weight, that of each object it gives, how many it gives, and what is selected on each."""

    weight: float
    each: float
    row: bool
    size: int | Size
    inner: tuple[_Part, ...]
    # For objects of several types: what is selected on each of them alone.
    alternatives: tuple[tuple[_Part, ...], ...] = ()

    def of(self, variables: Mapping[str, Any]) -> tuple[float, float, float]:
        """Fields, objects and rows for one parent."""
        size = self.size if isinstance(self.size, int) else self.size(variables)
        fields, types, rows = _sum(self.inner, variables)
        if self.alternatives:
            dearest = max((_sum(parts, variables) for parts in self.alternatives), key=lambda sums: sums[0] + sums[1])
            fields, types, rows = fields + dearest[0], types + dearest[1], rows + dearest[2]
        return self.weight + size * fields, size * (self.each + types), size * (self.row + rows)

    @property
    def constant(self) -> bool:
        """Whether no variable is in it."""
        parts = (*self.inner, *(part for parts in self.alternatives for part in parts))
        return isinstance(self.size, int) and all(part.constant for part in parts)


def operation_cost(schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Fragments) -> OperationCost:
    """The cost of an operation of a valid document whose fields, fragments spelled out, are within bounds."""
    arguments = Arguments()
    root = schema.get_root_type(operation.operation)
    inner, _ = _parts(_Operation(schema, fragments, arguments), root, [operation.selection_set], {})
    whole = _Part(0, OBJECT, row=False, size=1, inner=inner)
    # Once for all where no size in it is a variable's.
    known = Cost(*whole.of({})) if whole.constant else None

    def of(variables: Mapping[str, Any]) -> Cost:
        cost = known or Cost(*whole.of(variables))
        reading = arguments.cost(variables)
        return replace(cost, fields=cost.fields + reading) if reading else cost

    return OperationCost(of)


def _sum(parts: Sequence[_Part], variables: Mapping[str, Any]) -> tuple[float, float, float]:
    fields = types = rows = 0.0
    for part in parts:
        more = part.of(variables)
        fields += more[0]
        types += more[1]
        rows += more[2]
    return fields, types, rows


def _parts(
    operation: _Operation,
    parent: Any,
    sets: Sequence[SelectionSetNode],
    sizes: Mapping[str, int | Size],
) -> tuple[tuple[_Part, ...], tuple[tuple[_Part, ...], ...]]:
    """What is selected on a type: always, and, for each type that its objects may be of, beside that.

    `sizes` are those that a list has from its connection, by the names of its fields.
    """
    schema = operation.schema
    collected = _collect(schema, operation.fragments, parent, sets)
    made = {
        on: tuple(_part(operation, schema.get_type(on), nodes, sizes) for nodes in fields.values())
        for on, fields in collected.items()
    }
    always = tuple(part for on, parts in made.items() if not is_object_type(schema.get_type(on)) for part in parts)
    if is_object_type(parent):
        return (*always, *made.get(parent.name, ())), ()
    return always, tuple(parts for on, parts in made.items() if is_object_type(schema.get_type(on)))


def _collect(
    schema: GraphQLSchema, fragments: Fragments, parent: Any, sets: Sequence[SelectionSetNode]
) -> dict[str, dict[str, list[FieldNode]]]:
    """Fields by the type that they are selected on and their response names; each once, however often it is asked."""
    collected: dict[str, dict[str, list[FieldNode]]] = {}
    pending = [(selections, parent) for selections in sets]
    spread: set[tuple[str, str]] = set()
    while pending:
        selections, on = pending.pop()
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                name = (selection.alias or selection.name).value
                collected.setdefault(on.name, {}).setdefault(name, []).append(selection)
                continue
            body: Any = selection
            if isinstance(selection, FragmentSpreadNode):
                if (selection.name.value, on.name) in spread:
                    continue
                spread.add((selection.name.value, on.name))
                body = fragments[selection.name.value]
            condition = schema.get_type(body.type_condition.name.value) if body.type_condition is not None else on
            # An object is of one type, whatever a fragment within is about.
            pending.append((body.selection_set, on if is_object_type(on) else condition))
    return collected


def _part(operation: _Operation, parent: Any, nodes: list[FieldNode], sizes: Mapping[str, int | Size]) -> _Part:
    name = nodes[0].name.value
    field: GraphQLField | None = operation.schema.get_field(parent, name)
    # A fragment about an interface that the object has.
    if field is None:
        return _Part(0, 0, row=False, size=1, inner=())
    operation.arguments.add(nodes[0])
    of: Any = get_named_type(field.type)
    composite = is_composite_type(of)
    cost = _declared(field, directives.Cost)
    weight = float(cost.weight) if cost is not None else float(FIELD * composite)
    if not composite:
        return _Part(weight, 0, row=False, size=1, inner=())
    type_cost = _declared(of, directives.Cost)
    each = float(type_cost.weight) if type_cost is not None else float(OBJECT)
    own = _declared(field, directives.ListSize)
    size: int | Size = 1
    if name in sizes:
        size = sizes[name]
    elif _is_list(field.type):
        size = _size(own, nodes[0]) if own is not None else ASSUMED_SIZE
        if parent.name.startswith("__"):
            size = _INTROSPECTION.get(name, 5)
    sized = own.sized_fields if own is not None and isinstance(own.sized_fields, list) else ()
    given = _size(own, nodes[0]) if own is not None and sized else 1
    inner, alternatives = _parts(
        operation,
        of,
        [node.selection_set for node in nodes if node.selection_set is not None],
        dict.fromkeys(sized, given),
    )
    if of.name.startswith("__"):
        weight = each = _INTROSPECTION_WEIGHT
    row = of.name == _NODE or (is_object_type(of) and any(interface.name == _NODE for interface in of.interfaces))
    return _Part(weight, each, row=row, size=size, inner=inner, alternatives=alternatives)


def _size(declared: directives.ListSize, node: FieldNode) -> int | Size:
    """The size that the slicing arguments ask for, the largest if several are given; else the assumed one."""
    assumed = declared.assumed_size if isinstance(declared.assumed_size, int) else ASSUMED_SIZE
    slicing = declared.slicing_arguments if isinstance(declared.slicing_arguments, list) else ()
    fixed: list[int] = []
    named: list[str] = []
    for argument in node.arguments or ():
        if argument.name.value not in slicing:
            continue
        value = argument.value
        if isinstance(value, VariableNode):
            named.append(value.name.value)
        elif isinstance(value, IntValueNode):
            fixed.append(_bounded(int(value.value)))
        elif isinstance(value, ListValueNode):
            fixed.append(len(value.values))
    if not named:
        return max(fixed, default=assumed)

    def size(variables: Mapping[str, Any]) -> int:
        given = [_length(variables.get(name)) for name in named]
        return max([*fixed, *(length for length in given if length is not None)], default=assumed)

    return size


def _length(value: Any) -> int | None:
    if isinstance(value, int):
        return _bounded(value)
    return len(value) if isinstance(value, list) else None


def _bounded(size: int) -> int:
    return min(max(size, 0), 2**31)


def _is_list(of: Any) -> bool:
    while isinstance(of, GraphQLNonNull | GraphQLList):
        if is_list_type(of):
            return True
        of = of.of_type
    return False


def _declared(element: Any, directive: type[Any]) -> Any:
    """The directive of a field or type of the schema; None where it has none."""
    definition = (element.extensions or {}).get("strawberry-definition")
    for found in getattr(definition, "directives", None) or ():
        if isinstance(found, directive):
            return found
    return None
