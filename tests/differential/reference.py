"""The naive reference: graphql-core runs a resolver for each field, over rows in memory, one object at a time.

It is written from the rules that clients and the documents of the domain state, and imports nothing that plans, checks
or answers queries. Slow, and meant to be obvious.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSkipDirective,
    InlineFragmentNode,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    get_named_type,
    parse,
)
from graphql.execution.values import get_argument_values, get_directive_values, get_variable_values

from backend.interface.registry import INTERFACES
from tests.differential.principals import PRINCIPALS
from tests.differential.reference_access import Viewer
from tests.differential.reference_figures import Figures, check_groups, figures, groups
from tests.differential.reference_pages import Listing, check_listing
from tests.differential.reference_relations import RELATIONS, TYPES
from tests.differential.reference_rows import Row, World
from tests.differential.reference_values import InputError, Reader, is_archived, read_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from graphql import ExecutionResult, GraphQLResolveInfo, GraphQLSchema, SelectionSetNode
    from graphql.execution.values import VariableValues

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
_PATH = re.compile(r"[A-Za-z0-9_]{1,255}(\.[A-Za-z0-9_]{1,255})*")
_REFUSED: dict[str, Any] = {"errors": "BAD_USER_INPUT"}


def _list_type(name: str) -> str:
    words = name.split("-")
    return words[0] + "".join(word.capitalize() for word in words[1:])


ROOT_ONE = {name[0].lower() + name[1:]: name for name in TYPES}
ROOT_MANY = {_list_type(interface.endpoint): interface.model.__name__ for interface in INTERFACES}
ROOT_MANY["activeCourses"] = "Course"
# What stands beneath a field written by hand is only known when it has run: its error is the field's own.
WRITTEN = {"activeCourses"}


class Reference:
    """Answers documents over a world, as each viewer."""

    def __init__(self, sdl: str, world: World) -> None:
        self.schema = build_schema(sdl)
        _set_scalars(self.schema)
        self.world = world
        self._readers: dict[str, Reader] = {}

    def viewer(self, name: str) -> Viewer:
        """What a principal sees."""
        return self._reader(name).viewer

    def _reader(self, name: str) -> Reader:
        if name not in self._readers:
            username, scopes = PRINCIPALS[name]
            self._readers[name] = Reader(self.world, Viewer(self.world, username, scopes))
        return self._readers[name]

    def answer(self, name: str, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The answer as JSON; of a refused request, nothing but the code."""
        reader = self._reader(name)
        document = parse(query)
        (operation,) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
        coerced = get_variable_values(self.schema, operation.variable_definitions or (), dict(variables))
        if isinstance(coerced, list):
            return _REFUSED
        fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        refused: set[str] = set()
        for root, parent, node in _fields(self.schema, operation.selection_set, fragments, coerced):
            field = parent.fields[node.name.value]
            try:
                _check_arguments(parent.name, node.name.value, get_argument_values(field, node, coerced), reader)
            except (InputError, GraphQLError):
                if root.name.value not in WRITTEN:
                    return _REFUSED
                refused.add(_response_key(root))
        result: ExecutionResult = execute_sync(
            self.schema,
            document,
            variable_values=dict(variables),
            context_value=(reader, refused),
            field_resolver=_resolve,
            type_resolver=lambda row, *_: row.type,
        )
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [{"path": error.path, "code": "BAD_USER_INPUT"} for error in result.errors]
        return answer


def _resolve(source: Any, info: GraphQLResolveInfo[Any], **args: Any) -> Any:  # noqa: PLR0911 - a line for each kind
    """A field of whatever `source` is."""
    reader: Reader
    reader, refused = info.context
    name = info.field_name
    if source is None:
        if info.path.key in refused:
            raise InputError("refused, here or beneath")
        return _resolve_root(reader, name, args)
    if isinstance(source, Row):
        relation = RELATIONS.get((source.type, name))
        if relation is None:
            return reader.field(source, name)
        if not relation.to_many:
            return reader.one(source, name)
        return Listing(reader, f"{source.type}.{name}", relation.target, reader.many(source, name), args)
    if isinstance(source, Listing):
        return _resolve_listing(source, name, args)
    if isinstance(source, Figures):
        return source.of(name)
    return source[name]


def _resolve_root(reader: Reader, name: str, args: Mapping[str, Any]) -> Any:
    world = reader.world
    if name == "me":
        return _visible(reader, world.get("User", (reader.viewer.user_id,)))
    if name == "node":
        return _visible(reader, world.get(*_read_global_id(args["id"])))
    if name == "nodes":
        return [_visible(reader, world.get(*_read_global_id(text))) for text in args["ids"]]
    if name in ROOT_ONE:
        return _visible(reader, world.get(ROOT_ONE[name], read_id(args["id"], ROOT_ONE[name])))
    rows: Iterable[Row] = world.rows[ROOT_MANY[name]]
    if name == "activeCourses":
        rows = [row for row in rows if any(not is_archived(content) for content in reader.many(row, "contents"))]
    return Listing(reader, f"Query.{name}", ROOT_MANY[name], rows, args)


def _resolve_listing(listing: Listing, name: str, args: Mapping[str, Any]) -> Any:
    if name == "nodes":
        return listing.page
    if name == "edges":
        return [{"cursor": listing.cursor(row), "node": row} for row in listing.page]
    if name == "totalCount":
        at_most = args.get("atMost")
        return len(listing.rows) if at_most is None else min(at_most, len(listing.rows))
    if name == "aggregate":
        return figures(listing.reader, listing.rows)
    if name == "groups":
        return groups(listing, args)
    cursors: list[str | None] = [*(listing.cursor(row) for row in listing.page)] or [None]
    return {
        "hasNextPage": listing.has_next,
        "hasPreviousPage": listing.has_previous,
        "startCursor": cursors[0],
        "endCursor": cursors[-1],
    }


def _visible(reader: Reader, row: Row | None) -> Row | None:
    return row if row is not None and reader.viewer.sees(row) else None


def _read_global_id(text: str) -> tuple[str, tuple[str, ...]]:
    type_name, colon, _ = text.partition(":")
    if not colon or type_name not in TYPES:
        raise InputError(f"{text!r} is no id")
    return type_name, read_id(text, type_name)


def _check_arguments(parent: str, name: str, args: Mapping[str, Any], reader: Reader) -> None:
    """InputError where the arguments of a field break a rule."""
    if (args.get("atMost") or 0) < 0:
        raise InputError("a negative bound")
    relation = RELATIONS.get((parent, name))
    if name == "groups" and parent.removesuffix("Connection") in TYPES:
        check_groups(parent.removesuffix("Connection"), args)
    elif parent == "Query" and name in ("node", "nodes"):
        for text in args.get("ids") or [args.get("id")]:
            if text is not None:
                _read_global_id(text)
    elif parent == "Query" and name in ROOT_ONE:
        read_id(args["id"], ROOT_ONE[name])
    elif parent == "Query" and name in ROOT_MANY:
        check_listing(f"Query.{name}", ROOT_MANY[name], args, reader)
    elif relation is not None and relation.to_many:
        check_listing(f"{parent}.{name}", relation.target, args, reader)


def _fields(
    schema: GraphQLSchema,
    selections: SelectionSetNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: VariableValues,
    parent: Any = None,
    root: FieldNode | None = None,
) -> Iterator[tuple[FieldNode, GraphQLObjectType | GraphQLInterfaceType, FieldNode]]:
    """Every field that is asked for, with its root field and its parent type; what is skipped is not."""
    parent = parent or schema.query_type
    for node in selections.selections:
        skip = get_directive_values(GraphQLSkipDirective, node, variables)
        include = get_directive_values(GraphQLIncludeDirective, node, variables)
        if (skip and skip["if"]) or (include and not include["if"]):
            continue
        if isinstance(node, InlineFragmentNode | FragmentSpreadNode):
            fragment = node if isinstance(node, InlineFragmentNode) else fragments[node.name.value]
            condition = fragment.type_condition
            inner = parent if condition is None else schema.type_map[condition.name.value]
            yield from _fields(schema, fragment.selection_set, fragments, variables, inner, root)
        elif isinstance(node, FieldNode) and not node.name.value.startswith("__"):
            yield root or node, parent, node
            if node.selection_set is not None:
                inner = get_named_type(parent.fields[node.name.value].type)
                yield from _fields(schema, node.selection_set, fragments, variables, inner, root or node)


def _response_key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _set_scalars(schema: GraphQLSchema) -> None:
    """Teaches a schema that was built from text how its scalars are read."""
    for name, read in (("BigInt", _read_big_int), ("DateTime", _read_date_time), ("TreePath", _read_tree_path)):
        scalar = schema.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)
        scalar.coerce_input_value = read  # a scalar made from text has no reader of its own


def _read_big_int(value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,19}", str(value)) or not -(2**63) <= int(value) < 2**63:
        raise GraphQLError(f"{value!r} is no BigInt")
    return int(value)


def _read_date_time(value: Any) -> datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise GraphQLError(f"{value!r} is no DateTime")
    return datetime.fromisoformat(value).astimezone(UTC)


def _read_tree_path(value: Any) -> str:
    if not isinstance(value, str) or not _PATH.fullmatch(value):
        raise GraphQLError(f"{value!r} is no TreePath")
    return value
