"""Requests as clients send them, and the answers that they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from graphql import GraphQLError

from backend.errors import ErrorCode, GatewayError, RateLimitedError, public

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.cache.memory import Proof
    from backend.face.admission import Allowance

DUMP = orjson.OPT_UTC_Z
_NO_EXTENSIONS: Mapping[str, object] = {}
# What may be otherwise in a moment.
_PASSING = (ErrorCode.UNAVAILABLE,)


class Request(NamedTuple):
    """A GraphQL request as a client sent it, and the token that came with it.

    Instead of the text of its document, it may have the id of a trusted one, or the hash of an automatic persisted
    query, which the text may be sent with, too. `changes` is False where it must not change anything, and `reports`
    names what is asked for in the answer's extensions. Reading it `took` so many seconds of the processor's time.
    """

    query: str
    variables: Mapping[str, Any]
    operation_name: str | None
    token: str | None
    document_id: str | None = None
    persisted: str | None = None
    changes: bool = True
    reports: frozenset[str] = frozenset()
    took: float = 0.0


class Answer(NamedTuple):
    """What is sent back. `executed` is False where the request was refused before anything ran.

    `extensions` are the answer's own. It `cost` so much, and `allowance` is what the caller may still cost, where that
    is counted; `retry_after` says in how many seconds it is worth coming again. `proof` is what has to be as it was
    for the same request to be given the same answer; None where that is not known.
    """

    body: bytes
    executed: bool
    code: ErrorCode | None = None
    extensions: Mapping[str, object] = _NO_EXTENSIONS
    allowance: Allowance | None = None
    retry_after: int | None = None
    proof: Proof | None = None
    cost: int = 0

    def paid(self, cost: int, allowance: Allowance | None) -> Answer:
        """The same, once its cost is known; `_replace` would take as long as all else that is done for it."""
        code, extensions, retry_after = self.code, self.extensions, self.retry_after
        return Answer(self.body, self.executed, code, extensions, allowance, retry_after, self.proof, cost)

    @property
    def content(self) -> bytes:
        """The body, with the extensions in it."""
        if not self.extensions:
            return self.body
        return self.body[:-1] + b',"extensions":' + orjson.dumps(self.extensions, option=DUMP) + b"}"


class VariablesError(GatewayError):
    """The variables do not fit the operation."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


def answered(
    data: dict[str, Any] | None,
    errors: Sequence[GraphQLError],
    extensions: Mapping[str, object] = _NO_EXTENSIONS,
    proof: Proof | None = None,
) -> Answer:
    """The answer of what was executed."""
    body: dict[str, Any] = {"data": data}
    if errors:
        body["errors"] = [error.formatted for error in errors]
    return Answer(orjson.dumps(body, option=DUMP), executed=True, extensions=extensions, proof=proof)


def refused(errors: Sequence[GraphQLError], code: ErrorCode) -> Answer:
    """The answer to what was not executed."""
    formatted = [
        {**error.formatted, "extensions": {"code": code.value, **(error.extensions or {})}} for error in errors
    ]
    return Answer(orjson.dumps({"errors": formatted}, option=DUMP), executed=False, code=code)


def failed(error: Exception) -> Answer:
    """The answer to what was not executed, for whatever reason."""
    message, extensions = public(error)
    answer = refused([GraphQLError(message, extensions=extensions)], ErrorCode(extensions["code"]))
    if isinstance(error, RateLimitedError):
        return answer._replace(retry_after=error.retry_after)
    return answer._replace(retry_after=1) if answer.code in _PASSING else answer


def public_error(error: GraphQLError) -> GraphQLError:
    """The error as a client may see it: what nobody expected says nothing."""
    original = error.original_error
    if original is None or isinstance(original, GraphQLError):
        message, extensions = error.message, error.extensions or {"code": ErrorCode.BAD_USER_INPUT.value}
    else:
        message, extensions = public(original)
    return GraphQLError(message, error.nodes, path=error.path, extensions=dict(extensions))
