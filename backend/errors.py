"""Expected failures, raised deep and turned into an answer once, at each face."""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from backend.correlation import request_id

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger("computor")


class ErrorCode(StrEnum):
    """What kind of failure an error is, as its `extensions.code` says; stable."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    BAD_REQUEST = "BAD_REQUEST"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    RATE_LIMITED = "RATE_LIMITED"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    DOCUMENT_NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"
    TIMEOUT = "TIMEOUT"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


MEANINGS: Mapping[ErrorCode, str] = {
    ErrorCode.UNAUTHENTICATED: "There is no token, or one that does not hold.",
    ErrorCode.BAD_REQUEST: "The HTTP request is no GraphQL request, or names no operation.",
    ErrorCode.METHOD_NOT_ALLOWED: "The HTTP method is none that this takes; mutations take POST.",
    ErrorCode.GRAPHQL_PARSE_FAILED: "The document is no GraphQL.",
    ErrorCode.GRAPHQL_VALIDATION_FAILED: "The document does not fit the schema.",
    ErrorCode.BAD_USER_INPUT: "A value breaks a rule; the message begins with its place.",
    ErrorCode.LIMIT_EXCEEDED: "The request asks for more than one request may: extensions name the limit.",
    ErrorCode.RATE_LIMITED: "The caller asks for more than they may at a time; Retry-After says when to come again.",
    ErrorCode.PERSISTED_QUERY_NOT_FOUND: "No document has this hash: send it with its text once.",
    ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED: "Documents are not registered by hash here.",
    ErrorCode.DOCUMENT_NOT_TRUSTED: "No trusted document has this id, or the server answers no others.",
    ErrorCode.TIMEOUT: "The request took too long and was ended.",
    ErrorCode.UNAVAILABLE: "The database cannot be reached, or a statement took too long; it may be tried again.",
    ErrorCode.INTERNAL_SERVER_ERROR: "A bug; the log has it under the error's correlationId.",
}


class GatewayError(Exception):
    """A failure whose text may be shown to the client."""

    code = ErrorCode.INTERNAL_SERVER_ERROR

    @property
    def extensions(self) -> dict[str, Any]:
        """What a program is told of it."""
        return {"code": self.code.value}


class UnauthenticatedError(GatewayError):
    """The request has no credential, or one that does not hold."""

    code = ErrorCode.UNAUTHENTICATED


class BadRequestError(GatewayError):
    """The HTTP request is no GraphQL request."""

    code = ErrorCode.BAD_REQUEST


class MethodNotAllowedError(GatewayError):
    """The HTTP method is none that this takes."""

    code = ErrorCode.METHOD_NOT_ALLOWED


class UnavailableError(GatewayError):
    """The database cannot be reached or is too slow; the request may be tried again."""

    code = ErrorCode.UNAVAILABLE


class LimitError(GatewayError):
    """The request goes beyond a limit: `limit` is its name, `allowed` what it allows, `found` what was found."""

    code = ErrorCode.LIMIT_EXCEEDED

    def __init__(self, message: str, limit: str, allowed: float, found: float) -> None:
        super().__init__(message)
        self.limit = limit
        self.allowed = allowed
        self.found = found

    @property
    def extensions(self) -> dict[str, Any]:
        """The code, and what of the limit."""
        return {"code": self.code.value, "limit": self.limit, "allowed": self.allowed, "found": self.found}


class TimedOutError(LimitError):
    """The request took longer than requests may."""

    code = ErrorCode.TIMEOUT


class RateLimitedError(LimitError):
    """The caller does more at a time than they may; in `retry_after` seconds it may be tried again."""

    code = ErrorCode.RATE_LIMITED

    def __init__(self, message: str, limit: str, allowed: float, found: float, *, retry_after: int) -> None:
        super().__init__(message, limit, allowed, found)
        self.retry_after = retry_after


class UncertainError(UnavailableError):
    """A change may have happened or not: the database was lost while it was asked to commit."""

    def __init__(self) -> None:
        super().__init__("The database was lost just as it was to commit: look whether it did before you try again.")


class InputError(GatewayError):
    """A value in the arguments breaks a rule.

    `path` names the place from the argument on, such as `("filter", "title", "like")`.
    """

    code = ErrorCode.BAD_USER_INPUT

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    def under(self, *outer: str | int) -> InputError:
        """The same error, its path seen from further out."""
        return InputError(self.message, (*outer, *self.path))

    def __str__(self) -> str:
        """The path, dotted, and what is wrong there."""
        return f"{'.'.join(map(str, self.path))}: {self.message}" if self.path else self.message


def public(error: BaseException) -> tuple[str, dict[str, Any]]:
    """What a client is told of an error: its text and its extensions.

    Of one that nobody expected they say nothing but the request's id, under which the log has it.
    """
    if isinstance(error, GatewayError):
        return str(error), error.extensions
    mark = request_id()
    log.error("internal error, correlation id %s", mark, exc_info=error)
    return (
        f"Internal error. Tell the operators this mark: {mark}.",
        {"code": ErrorCode.INTERNAL_SERVER_ERROR.value, "correlationId": mark},
    )


class DeclarationError(Exception):
    """Interfaces, models and policies do not fit together; found at start."""
