"""Expected failures, raised deep and turned into an answer once, at each face."""

from __future__ import annotations

import logging
from enum import StrEnum
from uuid import uuid4

log = logging.getLogger("computor")


class ErrorCode(StrEnum):
    """`extensions.code` of a GraphQL error."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    BAD_REQUEST = "BAD_REQUEST"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


class GatewayError(Exception):
    """A failure whose text may be shown to the client."""

    code = ErrorCode.INTERNAL_SERVER_ERROR


class UnauthenticatedError(GatewayError):
    """The request has no credential, or one that does not hold."""

    code = ErrorCode.UNAUTHENTICATED


class BadRequestError(GatewayError):
    """The HTTP request is no GraphQL request."""

    code = ErrorCode.BAD_REQUEST


class UnavailableError(GatewayError):
    """The database cannot be reached or is too slow; the request may be tried again."""

    code = ErrorCode.UNAVAILABLE


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


def public(error: BaseException) -> tuple[str, dict[str, str]]:
    """What a client is told of an error: its text and its extensions.

    Of one that nobody expected they say nothing but a mark, under which the log has it.
    """
    if isinstance(error, GatewayError):
        return str(error), {"code": error.code.value}
    mark = uuid4().hex
    log.error("internal error, correlation id %s", mark, exc_info=error)
    return (
        f"Internal error. Tell the operators this mark: {mark}.",
        {"code": ErrorCode.INTERNAL_SERVER_ERROR.value, "correlationId": mark},
    )


class DeclarationError(Exception):
    """Interfaces, models and policies do not fit together; found at start."""
