"""Errors as problem details (RFC 9457), with the codes that GraphQL has. Which status means what: docs/rest.md."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from backend.errors import ErrorCode, InputError, RateLimitedError, public
from backend.face.coding import DECODED, UnknownCodingError
from backend.face.incoming import transport_status
from backend.observe import observed
from backend.operation.problem import Problem, ProblemCode, RefusedError
from backend.plan.value import bare_key
from backend.rest.answer import answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from backend.json import Json

MEDIA_TYPE = "application/problem+json"

STATUSES: Mapping[str, int] = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.BAD_REQUEST: 400,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.BAD_USER_INPUT: 422,
    ErrorCode.LIMIT_EXCEEDED: 413,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.TIMEOUT: 504,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.INTERNAL_SERVER_ERROR: 500,
}
_REFUSED: Mapping[ProblemCode, int] = {
    ProblemCode.VALIDATION: 422,
    ProblemCode.CONFLICT: 409,
    ProblemCode.STALE_VERSION: 412,
    ProblemCode.NOT_FOUND: 404,
    ProblemCode.FORBIDDEN: 403,
    ProblemCode.RETRY: 409,
}
_HTTP = {404: ProblemCode.NOT_FOUND.name, 405: ErrorCode.METHOD_NOT_ALLOWED.value}
# The path of what a write is given by its URL and headers, to where that stands; all else is in the body.
_PLACES: Mapping[tuple[str, ...], Json] = {("id",): {"parameter": "id"}, ("expectedVersion",): {"header": "If-Match"}}
BODY = "input"


def problem_response(error: BaseException) -> Response:
    """The answer to a request that failed so."""
    if isinstance(error, RefusedError):
        return _refused(error.problems)
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        code = _HTTP.get(error.status_code, ErrorCode.BAD_REQUEST.value)
        return _response(error.status_code, code, str(error.detail), headers=error.headers)
    if isinstance(error, InputError):
        return _response(STATUSES[error.code], error.code.value, error.message, [_of_input(error)])
    message, extensions = public(error)
    code = extensions.pop("code")
    status = transport_status(error) or STATUSES.get(code, 400)
    return _response(status, code, message, headers=_headers(error, status), further=extensions)


def _headers(error: BaseException, status: int) -> dict[str, str]:
    if isinstance(error, RateLimitedError):
        return {"Retry-After": str(error.retry_after)}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": "1"}
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": "Bearer"}
    return {"Accept-Encoding": DECODED.decode()} if isinstance(error, UnknownCodingError) else {}


def _response(
    status: int,
    code: str,
    detail: str,
    errors: Sequence[Json] = (),
    headers: Mapping[str, str] | None = None,
    further: Mapping[str, Any] | None = None,
) -> Response:
    if (observation := observed()) is not None:
        observation.code = code
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **({"errors": errors} if errors else {}),
        **(further or {}),
    }
    return answer(body, status, headers, media_type=MEDIA_TYPE)


def _refused(problems: Sequence[Problem]) -> Response:
    first = problems[0]
    status = _REFUSED[first.code]
    if first.code is ProblemCode.NOT_FOUND and first.path not in _PLACES:
        # The row that the URL names is there; one that the body refers to is not.
        status = 422
    return _response(status, first.code.name, first.message, [_of_problem(problem) for problem in problems])


def _of_problem(problem: Problem) -> Json:
    error: Json = {"code": problem.code.name, "detail": problem.message, **_place(problem.path)}
    if problem.fields:
        error["fields"] = list(problem.fields)
    if problem.conflicting is not None:
        kind, key = problem.conflicting
        error["conflicting"] = {"type": kind, "id": bare_key(key)}
    if problem.current_version is not None:
        error["current_version"] = problem.current_version
    return error


def _of_input(error: InputError) -> Json:
    # Which value of a search it is, its statement cannot always tell.
    path = error.path[1:] if error.path[:1] == ("search",) else error.path
    place = {"parameter": ".".join(map(str, path))} if path else {}
    return {"code": error.code.value, "detail": error.message, **place}


def _invalid(error: RequestValidationError) -> Response:
    """What FastAPI found of a request to a route written by hand."""
    found = error.errors()
    broken = next((each["ctx"]["error"] for each in found if each["type"] == "json_invalid"), None)
    if broken is not None:
        return _response(400, ErrorCode.BAD_REQUEST.value, f"The body is no JSON: {broken}.")
    errors = [
        {"code": ProblemCode.VALIDATION.name, "detail": str(each["msg"]), **_of_location(each["loc"])} for each in found
    ]
    return _response(422, ProblemCode.VALIDATION.name, errors[0]["detail"], errors)


def _of_location(location: Sequence[str | int]) -> Json:
    source, *rest = map(str, location)
    return _place((BODY, *rest)) if source == "body" else {"parameter": ".".join(rest)}


def _place(path: Sequence[str]) -> Json:
    """Where the value stands: a JSON pointer as a URI's fragment, or the name of a parameter or header."""
    if not path:
        return {}
    if tuple(path) in _PLACES:
        return dict(_PLACES[tuple(path)])
    parts = path[1:] if path[0] == BODY else path
    escaped = (quote(part.replace("~", "~0").replace("/", "~1"), safe="~") for part in parts)
    return {"pointer": "#" + "".join(f"/{part}" for part in escaped)}
