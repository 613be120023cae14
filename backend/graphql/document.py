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
from backend.graphql.cost import Cost, OperationCost, operation_cost
from backend.graphql.measure import check_size, check_text
from backend.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.face.limits import DocumentLimits
    from backend.graphql.query import Prepared
    from backend.graphql.variables import Variables

MAX_ERRORS = 20
PLANS_KEPT = 100
# What makes fragments unsound; the other rules take too long over such documents.
_SOUNDNESS = (NoUnusedFragmentsRule, NoFragmentCyclesRule, UniqueFragmentNamesRule)


@dataclass(frozen=True, eq=False)
class Document:
    """A document, or why it is none."""

    ast: DocumentNode
    operations: Mapping[str | None, OperationDefinitionNode]
    fragments: Mapping[str, FragmentDefinitionNode]
    costs: Mapping[str | None, OperationCost]
    switch_names: tuple[str, ...]
    errors: Sequence[GraphQLError] = ()
    code: ErrorCode = ErrorCode.GRAPHQL_VALIDATION_FAILED
    prepared: Recent[Any, Prepared] = field(default_factory=lambda: Recent(PLANS_KEPT))
    # By the name of the operation, once it was asked for.
    variables: dict[str | None, Variables] = field(default_factory=dict)

    def meant(self, name: str | None) -> str | None:
        """The name of the operation that a request means: without a name, that of the only one."""
        return next(iter(self.operations)) if name is None and len(self.operations) == 1 else name

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation that is meant. GraphQLError where there is none."""
        name = self.meant(name)
        if name is None and len(self.operations) != 1:
            raise _bad_request("The document has several operations: name one as operationName.")
        if name not in self.operations:
            raise _bad_request(f"The document has no operation {name!r}.")
        return self.operations[name]

    def cost(self, name: str | None, variables: Mapping[str, Any]) -> Cost:
        """What the operation that is meant costs with these variables, as the schema weighs it."""
        return self.costs[self.meant(name)].of(variables)

    def writes(self, name: str | None) -> bool:
        """Whether the operation that is meant is a mutation."""
        meant = self.operations.get(self.meant(name))
        return meant is not None and meant.operation is OperationType.MUTATION

    def switches(self, variables: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values of the variables that decide what is selected."""
        return tuple(variables.get(name) for name in self.switch_names)

    def reads_schema_only(self, operation: OperationDefinitionNode) -> bool:
        """Whether the operation asks for nothing but the schema, so that it may be answered to anyone."""
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
                pending += self.fragments[selection.name.value].selection_set.selections
        return names <= {"__schema", "__type", "__typename"}


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
        (node.name.value if node.name else None): node
        for node in ast.definitions
        if isinstance(node, OperationDefinitionNode)
    }
    if not operations:
        return _broken([GraphQLError("The document has no operation.")], ErrorCode.GRAPHQL_VALIDATION_FAILED)
    costs = {name: operation_cost(schema, operation, fragments) for name, operation in operations.items()}
    return Document(ast, operations, fragments, costs, _switch_names(ast))


def _broken(errors: Sequence[GraphQLError], code: ErrorCode) -> Document:
    for error in errors:
        error.extensions = {"code": code.value, **(error.extensions or {})}
    return Document(DocumentNode(definitions=()), {}, {}, {}, (), errors, code)


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
