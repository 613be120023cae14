"""Documents: parsed and validated once, and kept with the plans that were made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoFragmentCyclesRule,
    NoUnusedFragmentsRule,
    OperationDefinitionNode,
    OperationType,
    UniqueFragmentNamesRule,
    VariableNode,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)

from backend.errors import ErrorCode, LimitError
from backend.graphql.cost import OperationCost, operation_cost
from backend.graphql.measure import check_size, check_text
from backend.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.face.limits import DocumentLimits
    from backend.graphql.query import Prepared
    from backend.graphql.variables import Variables

MAX_ERRORS = 20
LONGEST_KEPT = 20_000
"""Characters. Longer documents, and requests, are read again each time: nobody can fill the memory with them."""
PLANS_KEPT = 100
# What makes fragments unsound; the other rules take too long over such documents.
_SOUNDNESS = (NoUnusedFragmentsRule, NoFragmentCyclesRule, UniqueFragmentNamesRule)


@dataclass(eq=False)
class Operation:
    """An operation of a document. One that `reads_schema_only` asks for nothing else, and may be answered to anyone."""

    node: OperationDefinitionNode
    cost: OperationCost
    reads_schema_only: bool
    # How its variables are read, once it was asked for.
    variables: Variables | None = None
    prepared: Recent[Any, Prepared] = field(default_factory=lambda: Recent(PLANS_KEPT))

    @property
    def writes(self) -> bool:
        """Whether it is a mutation."""
        return self.node.operation is OperationType.MUTATION


@dataclass(frozen=True, eq=False)
class Document:
    """A document, or why it is none. The only one of its operations is found without a name, too."""

    ast: DocumentNode
    operations: Mapping[str | None, Operation]
    fragments: Mapping[str, FragmentDefinitionNode]
    switch_names: tuple[str, ...]
    errors: Sequence[GraphQLError] = ()
    code: ErrorCode = ErrorCode.GRAPHQL_VALIDATION_FAILED

    def operation(self, name: str | None) -> Operation:
        """The operation that is meant. GraphQLError where there is none."""
        found = self.operations.get(name)
        if found is None and name is None:
            raise _bad_request("The document has several operations: name one as operationName.")
        if found is None:
            raise _bad_request(f"The document has no operation {name!r}.")
        return found

    def writes(self, name: str | None) -> bool:
        """Whether the operation that is meant is a mutation."""
        meant = self.operations.get(name)
        return meant is not None and meant.writes

    def switches(self, variables: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values of the variables that decide what is selected."""
        return tuple(variables.get(name) for name in self.switch_names)


def read_document(schema: GraphQLSchema, text: str, limits: DocumentLimits, *, suggest: bool = False) -> Document:
    """The document that the text is, or, in `errors`, why it is none; with `suggest` they say what was meant perhaps.

    What a limit bounds is measured before the work that it bounds is done.
    """
    try:
        check_text(text, limits)
        ast = parse(text, allow_empty_selection_sets=False)
        sound = check_size(ast, limits)
    except LimitError as error:
        return _broken([GraphQLError(str(error), extensions=error.extensions)], ErrorCode.LIMIT_EXCEEDED)
    except GraphQLSyntaxError as error:
        return _broken([error], ErrorCode.GRAPHQL_PARSE_FAILED)
    rules = specified_rules if sound else _SOUNDNESS
    errors = validate(schema, ast, rules, max_errors=MAX_ERRORS, hide_suggestions=not suggest)
    if errors:
        return _broken(errors, ErrorCode.GRAPHQL_VALIDATION_FAILED)
    fragments = {node.name.value: node for node in ast.definitions if isinstance(node, FragmentDefinitionNode)}
    operations = {
        (node.name.value if node.name else None): Operation(
            node, operation_cost(schema, node, fragments), _reads_schema_only(node, fragments)
        )
        for node in ast.definitions
        if isinstance(node, OperationDefinitionNode)
    }
    if not operations:
        return _broken([GraphQLError("The document has no operation.")], ErrorCode.GRAPHQL_VALIDATION_FAILED)
    if len(operations) == 1:
        operations[None] = next(iter(operations.values()))
    return Document(ast, operations, fragments, _switch_names(ast))


def _broken(errors: Sequence[GraphQLError], code: ErrorCode) -> Document:
    for error in errors:
        error.extensions = {"code": code.value, **(error.extensions or {})}
    return Document(DocumentNode(definitions=()), {}, {}, (), errors, code)


def _reads_schema_only(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> bool:
    names: set[str] = set()
    pending = list(operation.selection_set.selections)
    spread: set[str] = set()
    while pending:
        selection: Any = pending.pop()
        if isinstance(selection, FieldNode):
            names.add(selection.name.value)
        elif getattr(selection, "selection_set", None) is not None:
            pending += selection.selection_set.selections
        elif selection.name.value not in spread:
            spread.add(selection.name.value)
            pending += fragments[selection.name.value].selection_set.selections
    return names <= {"__schema", "__type", "__typename"}


def _bad_request(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": ErrorCode.BAD_REQUEST.value})


def _switch_names(ast: DocumentNode) -> tuple[str, ...]:
    """The variables that stand in `@skip` and `@include`."""
    names: dict[str, None] = {}

    class Finder(Visitor):
        def enter_directive(self, node: Any, *_: Any) -> None:
            if node.name.value in ("skip", "include"):
                names.update(
                    (argument.value.name.value, None)
                    for argument in node.arguments
                    if isinstance(argument.value, VariableNode)
                )

    visit(ast, Finder())
    return tuple(names)
