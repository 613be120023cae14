"""Which fields a document selects on a type: GraphQL specification, CollectFields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
    is_abstract_type,
)

from backend.errors import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import FragmentDefinitionNode, GraphQLSchema
    from graphql.execution.values import VariableValues

Fields = dict[str, list[FieldNode]]


class FieldCollector:
    """Collects the fields of one document, for one set of values of `@skip` and `@include`."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: VariableValues
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables

    def collect(self, type_name: str, selections: Sequence[SelectionSetNode | None]) -> Fields:
        """The fields selected on a type, by response key, in order."""
        fields: Fields = {}
        visited: set[str] = set()
        for selection_set in selections:
            if selection_set is not None:
                self._collect_into(fields, visited, type_name, selection_set)
        return fields

    def _collect_into(self, fields: Fields, visited: set[str], type_name: str, selections: SelectionSetNode) -> None:
        for selection in selections.selections:
            if not self._included(selection):
                continue
            if isinstance(selection, FieldNode):
                key = (selection.alias or selection.name).value
                fields.setdefault(key, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self._applies(condition.name.value, type_name):
                    self._collect_into(fields, visited, type_name, selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in visited:
                visited.add(selection.name.value)
                fragment = self._fragments[selection.name.value]
                if self._applies(fragment.type_condition.name.value, type_name):
                    self._collect_into(fields, visited, type_name, fragment.selection_set)

    def _applies(self, condition: str, type_name: str) -> bool:
        if condition == type_name:
            return True
        abstract, concrete = self._schema.get_type(condition), self._schema.get_type(type_name)
        return is_abstract_type(abstract) and concrete in self._schema.get_possible_types(abstract)

    def _included(self, selection: Any) -> bool:
        for directive in selection.directives or ():
            name = directive.name.value
            if name not in ("skip", "include"):
                continue
            value: Any = directive.arguments[0].value
            flag = self._variables.coerced[value.name.value] if isinstance(value, VariableNode) else value.value
            if flag is None:
                text = f"Argument 'if' of @{name} must not be null."
                raise GraphQLError(text, directive, extensions={"code": ErrorCode.BAD_USER_INPUT.value})
            if bool(flag) == (name == "skip"):
                return False
        return True
