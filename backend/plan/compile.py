"""A document's operation becomes a tree of loads, once for each kind of viewer."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    visit,
)
from sqlalchemy import ColumnElement, literal_column
from sqlalchemy import null as sql_null

from backend.errors import InputError
from backend.interface.base import Batch
from backend.interface.entity import Kind, of_callers
from backend.plan.collect import FieldCollector, Fields
from backend.plan.connection import Connection
from backend.plan.grouping import GroupsRequest, read_groups
from backend.plan.load import ByKey, ToOne
from backend.plan.node import Nodes, parse_node_id
from backend.plan.parts import read_parts
from backend.plan.request import ListRequest, read_list_request
from backend.plan.template import BatchSlot, Load, Template
from backend.plan.value import parse_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from graphql.execution.values import VariableValues

    from backend.interface.entity import Catalog, Entity, Relation
    from backend.plan.limits import Limits
    from backend.plan.run import Run
    from backend.plan.source import Source

MAX_COUNT = 2**31 - 1


@dataclass(frozen=True)
class Plan:
    """An operation, compiled.

    `roots` are in the document's order: a load; a constant (`__typename`); or None for what graphql-core executes.
    `arguments` are read before anything runs, so that bad input is answered without touching the database.
    """

    roots: tuple[tuple[str, Load | str | None], ...]
    arguments: tuple[Arguments, ...]

    @cached_property
    def loads(self) -> tuple[tuple[str, Load], ...]:
        """The roots that the engine runs."""
        return tuple((key, root) for key, root in self.roots if root is not None and not isinstance(root, str))

    @cached_property
    def needs_graphql_core(self) -> bool:
        """Whether a root field is resolved elsewhere: introspection, or a field written by hand."""
        return any(root is None for _, root in self.roots)


@dataclass(eq=False)
class Arguments:
    """The arguments of one field: read once for each run, or once for all where no variable is in them."""

    definition: GraphQLField
    node: FieldNode
    read: Callable[[Run, Mapping[str, Any]], Any]
    constant: bool
    _kept: list[Any] = field(default_factory=list, repr=False)

    def of(self, run: Run) -> Any:
        """What the arguments come to in this run; GraphQLError where a value breaks a rule."""
        if self._kept:
            return self._kept[0]
        if self not in run.arguments:
            try:
                given = run.given(self.definition, self.node)
                run.arguments[self] = self.read(run, given)
            except InputError as error:
                raise GraphQLError(str(error), self.node, extensions={"code": error.code.value}) from None
            if self.constant:
                self._kept.append(run.arguments[self])
        return run.arguments[self]


class PlanCompiler:
    """Compiles the selections of one document for one set of values of `@skip` and `@include`."""

    def __init__(
        self,
        schema: GraphQLSchema,
        catalog: Catalog,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: VariableValues,
        limits: Limits,
    ) -> None:
        self._schema = schema
        self.catalog = catalog
        self._fragments = fragments
        self._variables = variables
        self._limits = limits
        self._collector = FieldCollector(schema, fragments, variables)
        self._arguments: list[Arguments] = []

    @cached_property
    def _ones(self) -> Mapping[str, Entity]:
        return {entity.singular: entity for entity in self.catalog.values()}

    @cached_property
    def _lists(self) -> Mapping[str, Entity]:
        return {entity.plural: entity for entity in self.catalog.values()}

    def operation(self, operation: OperationDefinitionNode) -> Plan:
        """The plan of a query."""
        return self.query([operation.selection_set])

    def query(self, selections: Sequence[SelectionSetNode | None]) -> Plan:
        """The plan of what is selected on Query."""
        fields = self.collect("Query", selections)
        return Plan(tuple((key, self._root(nodes)) for key, nodes in fields.items()), tuple(self._arguments))

    def written_list(self, parent: str, entity: Entity, nodes: list[FieldNode]) -> Plan:
        """The plan of a field written by hand that returns Selects over the entity; the run brings the Select."""
        load = self._connection(parent, entity, None, nodes, written=True)
        return Plan(((nodes[0].name.value, load),), tuple(self._arguments))

    def written_objects(self, entity: Entity, nodes: list[FieldNode]) -> Plan:
        """The plan beneath fields written by hand that return keys of the entity; the run brings the keys."""
        load = ByKey(self.template(entity, nodes), lambda run: run.handed_over, many=True)
        return Plan(((nodes[0].name.value, load),), tuple(self._arguments))

    def fresh(self) -> PlanCompiler:
        """A compiler for another plan of the same document."""
        return PlanCompiler(self._schema, self.catalog, self._fragments, self._variables, self._limits)

    def collect(self, type_name: str, selections: Sequence[SelectionSetNode | None]) -> Fields:
        """The fields selected on a type, by response key, in order."""
        return self._collector.collect(type_name, selections)

    def _root(self, nodes: list[FieldNode]) -> Load | str | None:
        name = nodes[0].name.value
        if name == "__typename":
            return "Query"
        if name in self._lists:
            return self._connection("Query", self._lists[name], None, nodes)
        if name in self._ones:
            entity = self._ones[name]
            one = self._read("Query", nodes, lambda _run, given: [_key_argument(entity, given["id"])])
            return ByKey(self.template(entity, nodes), one.of)
        if name == "me" and (callers := of_callers(self.catalog)) is not None:
            return ByKey(self.template(callers, nodes), lambda run: [(run.principal.user_id,)])
        if name in ("node", "nodes"):
            return self._nodes(nodes, many=name == "nodes")
        return None

    def _nodes(self, nodes: list[FieldNode], *, many: bool) -> Load:
        def read(_run: Run, given: Mapping[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
            name = "ids" if many else "id"
            if many and len(given[name]) > self._limits.max_page:
                raise InputError(f"{len(given[name])} ids are too many: at most {self._limits.max_page}", (name,))
            try:
                return [parse_node_id(self.catalog, value) for value in (given[name] if many else [given[name]])]
            except InputError as error:
                raise error.under(name) from None

        ids = self._read("Query", nodes, read)

        def keys(name: str) -> Callable[[Run], list[tuple[str, ...]]]:
            return lambda run: [key for of, key in ids.of(run) if of == name]

        loads = {
            name: ByKey(self.template(entity, nodes), keys(name), many=True) for name, entity in self.catalog.items()
        }
        return Nodes(ids.of, loads, many=many)

    def template(self, entity: Entity, nodes: Sequence[FieldNode]) -> Template:
        """How the fields selected beneath `nodes` are made of a row."""
        keys: list[str] = []
        outputs: list[Callable[[Source], ColumnElement[Any]]] = []
        hidden: list[Callable[[Source], ColumnElement[Any]]] = []
        children: list[tuple[str, Load]] = []
        batches: list[tuple[str, Batch, bool, tuple[int, ...]]] = []
        floats: list[str] = []
        for key, selected in self.collect(entity.name, [node.selection_set for node in nodes]).items():
            name = selected[0].name.value
            keys.append(key)
            if name == "__typename":
                outputs.append(_constant(entity.name))
            elif name in entity.relations:
                relation = entity.relations[name]
                children.append((key, self._relation(entity, relation, selected)))
                outputs.append(_attribute(relation.local))
            else:
                chosen = entity.fields[name]
                if isinstance(chosen.computed, Batch):
                    places = tuple(range(len(hidden), len(hidden) + len(chosen.computed.needs)))
                    hidden += [_attribute(needed) for needed in chosen.computed.needs]
                    batches.append((key, chosen.computed, chosen.nullable, places))
                    outputs.append(_nothing)
                else:
                    outputs.append(_output(entity, name))
                    floats += [key] if chosen.kind is Kind.FLOAT else []
        slots = tuple(
            BatchSlot(key, batch, tuple(len(keys) + place for place in places), nullable)
            for key, batch, nullable, places in batches
        )
        return Template(entity, tuple(keys), (*outputs, *hidden), tuple(children), slots, tuple(floats))

    def _relation(self, entity: Entity, relation: Relation, nodes: list[FieldNode]) -> Load:
        target = self.target(relation)
        if relation.to_many:
            return self._connection(entity.name, target, relation, nodes)
        return ToOne(relation, self.template(target, nodes))

    def _connection(
        self,
        parent: str,
        entity: Entity,
        relation: Relation | None,
        nodes: list[FieldNode],
        *,
        written: bool = False,
    ) -> Connection:
        name = f"{parent}.{nodes[0].name.value}"
        own_order = relation.order if relation is not None else ()

        def read(run: Run, given: Mapping[str, Any]) -> ListRequest:
            statement = run.written if written else None
            return read_list_request(run.scope, entity, name, own_order, given, self._limits, statement)

        request = self._read(parent, nodes, read, constant=not written)
        wanted, parts = read_parts(self, entity, nodes)
        return Connection(entity, relation, request.of, wanted, parts)

    def _read(
        self,
        parent: str,
        nodes: list[FieldNode],
        read: Callable[[Run, Mapping[str, Any]], Any],
        *,
        constant: bool = True,
    ) -> Arguments:
        """The arguments of a field; `constant` says that they alone tell what is read of them."""
        node = nodes[0]
        definition = self._schema.get_field(self._schema.get_type(parent), node.name.value)  # type: ignore[arg-type]
        if definition is None:
            raise LookupError(f"{parent}.{node.name.value}")
        arguments = Arguments(definition, node, read, constant=constant and not has_variables(node))
        self._arguments.append(arguments)
        return arguments

    def target(self, relation: Relation) -> Entity:
        """What a relation leads to."""
        return self.catalog[relation.target]

    def groups(self, entity: Entity, node: FieldNode, index: int) -> Callable[[Run], GroupsRequest]:
        """Which groups are asked for."""

        def read(_run: Run, given: Mapping[str, Any]) -> GroupsRequest:
            return read_groups(self.catalog, entity, f"groups_{index}_", given, self._limits)

        return self._read(f"{entity.name}Connection", [node], read).of

    def at_most(self, parent: str, node: FieldNode) -> Callable[[Run], int]:
        """Where a count may stop."""

        def read(_run: Run, given: Mapping[str, Any]) -> int:
            bound = given.get("atMost")
            if bound is not None and bound < 0:
                raise InputError(f"{bound} is no bound of a count", ("atMost",))
            return MAX_COUNT if bound is None else int(bound)

        return self._read(parent, [node], read).of


def _key_argument(entity: Entity, value: str) -> tuple[str, ...]:
    try:
        return parse_key(entity, value)
    except InputError as error:
        raise error.under("id") from None


def has_variables(node: FieldNode) -> bool:
    """Whether the field's arguments have variables in them."""
    found = False

    class Finder(Visitor):
        def enter_variable(self, *_: Any) -> None:
            nonlocal found
            found = True

    for argument in node.arguments or ():
        visit(argument, Finder())
    return found


def _constant(text: str) -> Callable[[Source], ColumnElement[Any]]:
    return lambda _source: literal_column(f"'{text}'")


def _nothing(_source: Source) -> ColumnElement[Any]:
    return sql_null()


def _attribute(name: str) -> Callable[[Source], ColumnElement[Any]]:
    return lambda source: source[name]


def _output(entity: Entity, name: str) -> Callable[[Source], ColumnElement[Any]]:
    return lambda source: source.output(entity, entity.fields[name])
