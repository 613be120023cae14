"""Variables, read as graphql-core reads them, only faster where nothing is wrong with them.

graphql-core looks at every field of an input type for every object that it reads, which for a filter of hundreds of
branches takes longer than all else. What is read here are the fields that are given. Whatever is unusual is left to
graphql-core, whose errors are the ones that clients know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    VariableDefinitionNode,
    is_required_input_field,
    type_from_ast,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values
from graphql.pyutils import Undefined

if TYPE_CHECKING:
    from graphql import GraphQLInputType

MAX_ERRORS = 20
Read = Callable[[Any], Any]


class _UnusualError(Exception):
    """The value is wrong, or may be."""


class Variables:
    """The variables of an operation: how each is read, found out once for all requests.

    With `suggest` errors say what was meant perhaps.
    """

    def __init__(self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode], *, suggest: bool) -> None:
        self._schema = schema
        self._suggest = suggest
        self._definitions = definitions
        self._known = [
            (definition, _reader(type_from_ast(schema, definition.type)), get_variable_signature(schema, definition))
            for definition in definitions
        ]

    def read(self, given: Mapping[str, Any]) -> VariableValues | list[GraphQLError]:
        """The values, or what is wrong with them."""
        rest: list[VariableDefinitionNode] = []
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for definition, reader, signature in self._known:
            name = definition.variable.name.value
            if isinstance(signature, GraphQLError):
                return [signature]
            if name not in given:
                rest.append(definition)
                continue
            try:
                coerced[name] = reader(given[name])
            except (_UnusualError, RecursionError):
                return self._read_slowly(self._definitions, given)
            sources[name] = VariableValueSource(signature, given[name])
        if not rest:
            return VariableValues(sources, coerced)
        values = self._read_slowly(rest, given)
        if isinstance(values, list):
            return values
        return VariableValues({**values.sources, **sources}, {**values.coerced, **coerced})

    def _read_slowly(
        self, definitions: Sequence[VariableDefinitionNode], given: Mapping[str, Any]
    ) -> VariableValues | list[GraphQLError]:
        return get_variable_values(
            self._schema, definitions, dict(given), max_errors=MAX_ERRORS, hide_suggestions=not self._suggest
        )


@cache
def _reader(of: GraphQLInputType) -> Read:
    if isinstance(of, GraphQLNonNull):
        return _required(_reader(of.of_type))
    if isinstance(of, GraphQLList):
        return _list(_reader(of.of_type))
    if isinstance(of, GraphQLInputObjectType):
        return _object(of)
    leaf: Any = of

    def read_leaf(value: Any) -> Any:
        if value is None:
            return None
        try:
            read = leaf.coerce_input_value(value)
        except Exception:  # noqa: BLE001 - whatever it is, graphql-core will say it
            raise _UnusualError from None
        if read is Undefined:
            raise _UnusualError
        return read

    return read_leaf


def _required(inner: Read) -> Read:
    def read(value: Any) -> Any:
        if value is None:
            raise _UnusualError
        return inner(value)

    return read


def _list(inner: Read) -> Read:
    def read(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, list):
            raise _UnusualError
        return [inner(item) for item in value]

    return read


def _object(of: GraphQLInputObjectType) -> Read:
    known: dict[str, tuple[int, Read]] = {}

    def learn() -> None:
        # Not before the first value comes: an input type may contain itself.
        for place, (name, field) in enumerate(of.fields.items()):
            defaults = field.default is not None or field.default_value is not Undefined
            if defaults or is_required_input_field(field) or field.out_name not in (None, name):
                raise _UnusualError
            known[name] = (place, _reader(field.type))

    def read(value: Any) -> Any:
        if value is None:
            return None
        if not known:
            learn()
        if not isinstance(value, dict) or not value.keys() <= known.keys() or Undefined in value.values():
            raise _UnusualError
        if of.is_one_of and (len(value) != 1 or None in value.values()):
            raise _UnusualError
        names = sorted(value, key=lambda name: known[name][0]) if len(value) > 1 else value
        return of.out_type({name: known[name][1](value[name]) for name in names})

    return read
