"""Documents: parsed and validated once, and kept with the plans that were made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    Visitor,
    parse,
    validate,
    visit,
)

from backend.errors import ErrorCode
from backend.plan.statement import Recent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from backend.graphql.query import Prepared
    from backend.graphql.variables import Variables

MAX_TOKENS = 10_000
MAX_ERRORS = 20
# Answers nest at most twice as deep as their documents, and orjson writes 254 levels.
MAX_DEPTH = 100
# Each costs a statement at least; fragments let a few lines spell out any number of them.
MAX_OBJECTS = 2000
PLANS_KEPT = 100


@dataclass(frozen=True, eq=False)
class Document:
    """A document, or why it is none."""

    ast: DocumentNode
    operations: Mapping[str | None, OperationDefinitionNode]
    fragments: Mapping[str, FragmentDefinitionNode]
    switch_names: tuple[str, ...]
    errors: Sequence[GraphQLError] = ()
    code: ErrorCode = ErrorCode.GRAPHQL_VALIDATION_FAILED
    prepared: Recent[Any, Prepared] = field(default_factory=lambda: Recent(PLANS_KEPT))
    # By the name of the operation, once it was asked for.
    variables: dict[str | None, Variables] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation of that name; without a name, the only one. GraphQLError where there is none."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None:
            raise _bad_request("The document has several operations: name one as operationName.")
        if name not in self.operations:
            raise _bad_request(f"The document has no operation {name!r}.")
        return self.operations[name]

    def writes(self, name: str | None) -> bool:
        """Whether the operation of that name is a mutation; without a name, the only one."""
        if name is None and len(self.operations) == 1:
            (name,) = self.operations
        return name in self.operations and self.operations[name].operation is OperationType.MUTATION

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


def read_document(schema: GraphQLSchema, text: str) -> Document:
    """The document that the text is, or, in `errors`, why it is none."""
    try:
        ast = parse(text, max_tokens=MAX_TOKENS)
    except GraphQLSyntaxError as error:
        return _broken([error], ErrorCode.GRAPHQL_PARSE_FAILED)
    except RecursionError:
        return _broken([GraphQLError("The document is nested too deeply.")], ErrorCode.GRAPHQL_PARSE_FAILED)
    try:
        errors = validate(schema, ast, max_errors=MAX_ERRORS)
    except RecursionError:
        errors = [GraphQLError("The document is nested too deeply.")]
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
    if excess := _excess(operations.values(), fragments):
        return _broken([GraphQLError(excess)], ErrorCode.GRAPHQL_VALIDATION_FAILED)
    return Document(ast, operations, fragments, _switch_names(ast))


def _excess(
    operations: Iterable[OperationDefinitionNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> str | None:
    """What is too much about an operation."""
    depths: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for operation in operations:
        if _depth(operation.selection_set, fragments, depths) > MAX_DEPTH:
            return f"The document is nested more than {MAX_DEPTH} levels deep."
        if _size(operation.selection_set, fragments, sizes) > MAX_OBJECTS:
            return f"The document selects more than {MAX_OBJECTS} objects, fragments spelled out."
    return None


def _depth(selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], known: dict[str, int]) -> int:
    """How many levels of fields lie within each other, fragments spelled out; `known` keeps those of fragments."""
    deepest = 0
    for selection in selections.selections:
        if isinstance(selection, FragmentSpreadNode):
            name = selection.name.value
            if name not in known:
                known[name] = _depth(fragments[name].selection_set, fragments, known)
            depth = known[name]
        else:
            inner: SelectionSetNode | None = getattr(selection, "selection_set", None)
            depth = _depth(inner, fragments, known) if inner is not None else 0
            depth += isinstance(selection, FieldNode)
        deepest = max(deepest, depth)
    return deepest


def _size(selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], known: dict[str, int]) -> int:
    """How many fields have selections of their own, fragments spelled out; `known` keeps those of fragments."""
    size = 0
    for selection in selections.selections:
        if isinstance(selection, FragmentSpreadNode):
            name = selection.name.value
            if name not in known:
                known[name] = _size(fragments[name].selection_set, fragments, known)
            size += known[name]
        else:
            inner: SelectionSetNode | None = getattr(selection, "selection_set", None)
            if inner is not None:
                size += _size(inner, fragments, known) + isinstance(selection, FieldNode)
    # Beyond the bound nobody asks how far, and no number grows with each fragment.
    return min(size, MAX_OBJECTS + 1)


def _broken(errors: Sequence[GraphQLError], code: ErrorCode) -> Document:
    for error in errors:
        error.extensions = {"code": code.value}
    return Document(DocumentNode(definitions=()), {}, {}, (), errors, code)


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
