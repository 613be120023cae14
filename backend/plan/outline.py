"""A field of a document in one form, however it was written: what an answer is kept under.

Fragments are spelled out, `@skip` and `@include` applied, and arguments read, with variables and defaults filled in.
Aliases stay, for they shape the answer.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson
from graphql import GraphQLNamedType, GraphQLObjectType, get_named_type, is_abstract_type, is_composite_type
from graphql.execution.values import VariableValues, get_argument_values

from backend.plan.compile import has_variables

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from graphql import FieldNode, GraphQLField, GraphQLSchema

    from backend.plan.compile import PlanCompiler
    from backend.plan.run import Run

    _Arguments = tuple[GraphQLField, FieldNode]

_NO_VARIABLES = VariableValues({}, {})
_DUMP = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


class Outline:
    """A root field: the text of its selections, which has a mark for the arguments of each field that takes any.

    `arguments` are those of each such field, in the order of their marks: as they are, or, where variables are among
    them, how to read them.
    """

    def __init__(self, text: bytes, arguments: Iterable[bytes | _Arguments]) -> None:
        known = bytearray(_framed(text))
        # What is known comes in as few pieces as may be.
        self._further: list[bytes | _Arguments] = []
        for each in arguments:
            if isinstance(each, bytes):
                known += _framed(each)
            else:
                self._further += [bytes(known), each]
                known.clear()
        self._further.append(bytes(known))
        self._begun = blake2b(digest_size=32)
        self._begun.update(self._further.pop(0))  # type: ignore[arg-type]  # the first are bytes

    def digest(self, run: Run) -> bytes:
        """A hash of the field as the run has it. Raises GraphQLError for a value that an argument does not take."""
        found = self._begun.copy()
        for each in self._further:
            found.update(each if isinstance(each, bytes) else _framed(_dumped(run.given(*each))))
        return found.digest()


def _framed(piece: bytes) -> bytes:
    """So that no other pieces come to the same in a row."""
    return b"%d:%b" % (len(piece), piece)


def outline(schema: GraphQLSchema, compiler: PlanCompiler, nodes: Sequence[FieldNode]) -> Outline:
    """The outline of a field of Query; the nodes are those that are merged into it.

    Raises GraphQLError for a value that an argument does not take.
    """
    drawn = _Drawn(schema, compiler)
    drawn.field("Query", "", nodes)
    arguments = (
        each if has_variables(each[1]) else _dumped(get_argument_values(*each, _NO_VARIABLES))
        for each in drawn.arguments
    )
    return Outline("".join(drawn.parts).encode(), arguments)


class _Drawn:
    def __init__(self, schema: GraphQLSchema, compiler: PlanCompiler) -> None:
        self._schema = schema
        self._compiler = compiler
        self.parts: list[str] = []
        self.arguments: list[tuple[GraphQLField, FieldNode]] = []

    def field(self, parent: str, key: str, nodes: Sequence[FieldNode]) -> None:
        name = nodes[0].name.value
        self.parts.append(f"{key}:{name}")
        definition = self._schema.get_field(self._schema.get_type(parent), name)  # type: ignore[arg-type]
        if definition is None:
            raise LookupError(f"{parent}.{name}")
        if definition.args:
            self.parts.append("()")
            self.arguments.append((definition, nodes[0]))
        of = get_named_type(definition.type)
        if is_composite_type(of):
            for each in self._types(of):
                self._object(each, nodes)

    def _types(self, of: GraphQLNamedType) -> Sequence[GraphQLObjectType]:
        """What the value may be: each type may have other fields selected."""
        if is_abstract_type(of):
            return self._schema.get_possible_types(of)
        return [of] if isinstance(of, GraphQLObjectType) else []

    def _object(self, of: GraphQLObjectType, nodes: Sequence[FieldNode]) -> None:
        self.parts.append(f"{of.name}{{")
        for key, selected in self._compiler.collect(of.name, [node.selection_set for node in nodes]).items():
            self.field(of.name, key, selected)
            self.parts.append(" ")
        self.parts.append("}")


def _dumped(given: dict[str, Any]) -> bytes:
    return orjson.dumps(given, default=str, option=_DUMP)
