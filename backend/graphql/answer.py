"""Requests as clients send them, and the answers that they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from graphql import GraphQLError

from backend.errors import ErrorCode, GatewayError, public

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DUMP = orjson.OPT_UTC_Z


@dataclass(frozen=True)
class Request:
    """A GraphQL request as a client sent it, and the token that came with it."""

    query: str
    variables: Mapping[str, Any]
    operation_name: str | None
    token: str | None


@dataclass(frozen=True)
class Answer:
    """What is sent back. `executed` is False where the request was refused before anything ran."""

    body: bytes
    executed: bool
    code: ErrorCode | None = None


class VariablesError(GatewayError):
    """The variables do not fit the operation."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


def answered(data: dict[str, Any] | None, errors: Sequence[GraphQLError]) -> Answer:
    """The answer of what was executed."""
    if not errors:
        return Answer(orjson.dumps({"data": data}, option=DUMP), executed=True)
    return Answer(
        orjson.dumps({"data": data, "errors": [error.formatted for error in errors]}, option=DUMP), executed=True
    )


def refused(errors: Sequence[GraphQLError], code: ErrorCode) -> Answer:
    """The answer to what was not executed."""
    formatted = [
        {**error.formatted, "extensions": {"code": code.value, **(error.extensions or {})}} for error in errors
    ]
    return Answer(orjson.dumps({"errors": formatted}, option=DUMP), executed=False, code=code)


def public_error(error: GraphQLError) -> GraphQLError:
    """The error as a client may see it: what nobody expected says nothing."""
    original = error.original_error
    if original is None or isinstance(original, GraphQLError):
        message, extensions = error.message, error.extensions or {"code": ErrorCode.BAD_USER_INPUT.value}
    else:
        message, extensions = public(original)
    return GraphQLError(message, error.nodes, path=error.path, extensions=dict(extensions))
