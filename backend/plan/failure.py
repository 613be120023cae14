"""Where a computed field failed: its error with its path, and null as far up as the schema demands.

Runs only when something failed. Rules: GraphQL specification, "Handling Execution Errors".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
)

from backend.errors import public
from backend.plan.run import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.plan.compile import PlanCompiler

Path = tuple[str | int, ...]


class _NullError(Exception):
    """A value that may not be null came to null."""


class Settlement:
    """Replaces failures in what was loaded; `errors` has one error for each place that failed."""

    def __init__(self, schema: GraphQLSchema, compiler: PlanCompiler, types: Mapping[int, str]) -> None:
        self._schema = schema
        self._compiler = compiler
        self._types = types
        self.errors: list[GraphQLError] = []

    def settle(
        self, type_name: str, selections: Sequence[SelectionSetNode | None], data: dict[str, Any], path: Path = ()
    ) -> dict[str, Any] | None:
        """The object without failures; None where one of its fields may not be null."""
        try:
            return self._object(type_name, selections, data, path)
        except _NullError:
            return None

    def _object(
        self, type_name: str, selections: Sequence[SelectionSetNode | None], data: dict[str, Any], path: Path
    ) -> dict[str, Any]:
        parent = self._schema.get_type(type_name)
        settled: dict[str, Any] = {}
        propagating = False
        for key, nodes in self._compiler.collect(type_name, selections).items():
            definition = self._schema.get_field(parent, nodes[0].name.value)  # type: ignore[arg-type]
            if definition is None or key not in data:
                continue
            try:
                settled[key] = self._value(definition.type, nodes, data[key], (*path, key))
            except _NullError:
                propagating = True
        if propagating:
            raise _NullError
        return settled

    def _value(self, of: Any, nodes: list[FieldNode], value: Any, path: Path) -> Any:
        if isinstance(of, GraphQLNonNull):
            settled = self._value(of.of_type, nodes, value, path)
            if settled is None:
                raise _NullError
            return settled
        try:
            if isinstance(value, Failure):
                self.errors.append(_located(value.error, nodes, path))
                return None
            if isinstance(of, GraphQLList) and isinstance(value, list):
                return [self._value(of.of_type, nodes, item, (*path, index)) for index, item in enumerate(value)]
            named = get_named_type(of)
            if isinstance(value, dict) and (isinstance(named, GraphQLObjectType) or is_abstract_type(named)):
                name = named.name if isinstance(named, GraphQLObjectType) else self._types[id(value)]
                return self._object(name, [node.selection_set for node in nodes], value, path)
        except _NullError:
            return None
        return value


def _located(error: BaseException, nodes: list[FieldNode], path: Path) -> GraphQLError:
    message, extensions = public(error)
    return GraphQLError(message, nodes, path=list(path), extensions=dict(extensions))
