"""What an HTTP request asks: its body or its query string as requests of GraphQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from backend.errors import BadRequestError, LimitError
from backend.face.values import read_json
from backend.graphql.answer import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.face.limits import ValueLimits

_PARAMETERS = ("query", "documentId", "operationName", "variables", "extensions")
_MOST_PARAMETERS = 20


def read_requests(body: bytes, token: str | None, max_batch: int, values: ValueLimits) -> Request | list[Request]:
    """The request that a body is, or the list of them. Raises BadRequestError, and LimitError for too many values."""
    content = read_json(body, values)
    if isinstance(content, list) and max_batch:
        if len(content) > max_batch:
            text = f"The body has {len(content)} requests; at most {max_batch} are answered at once."
            raise LimitError(text, "batch", max_batch, len(content))
        if not content:
            raise BadRequestError("The list in the body has no request.")
        return [_request(each, token) for each in content]
    return _request(content, token)


def read_query_string(query_string: bytes, token: str | None, values: ValueLimits) -> Request:
    """The request that is in the query string of a GET, which may change nothing."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError:
        raise BadRequestError("The query string cannot be read.") from None
    content: dict[str, Any] = {name: value for name, value in pairs if name in _PARAMETERS}
    if len(content) < sum(name in _PARAMETERS for name, _ in pairs):
        raise BadRequestError("The query string gives a parameter twice.")
    for name in ("variables", "extensions"):
        if name in content:
            content[name] = read_json(content[name], values, f"`{name}`") if content[name] else None
    return _request(content, token, changes=False)


def asks_something(query_string: bytes) -> bool:
    """Whether a query string is a request of GraphQL rather than nothing or a page's."""
    return any(name in query_string for name in (b"query=", b"documentId=", b"extensions="))


def _request(content: Any, token: str | None, *, changes: bool = True) -> Request:
    if not isinstance(content, dict):
        raise BadRequestError("The body must be a JSON object with a `query`.")
    query = content.get("query")
    identifier = content.get("documentId")
    extensions = content.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise BadRequestError("`extensions` must be a JSON object.")
    if identifier is not None and (not isinstance(identifier, str) or not identifier):
        raise BadRequestError("`documentId` must be a text.")
    persisted = _persisted(extensions) if extensions else None
    if query is None and (identifier is not None or persisted is not None):
        query = ""
    elif not isinstance(query, str) or not query:
        raise BadRequestError("`query` is missing: it must be a text, the GraphQL document.")
    if query and identifier is not None:
        raise BadRequestError("Give `query` or `documentId`, not both.")
    variables = content.get("variables")
    if variables is None:
        variables = {}
    if not isinstance(variables, dict):
        raise BadRequestError("`variables` must be a JSON object.")
    name = content.get("operationName")
    if name is not None and not isinstance(name, str):
        raise BadRequestError("`operationName` must be a text.")
    return Request(query, variables, name or None, token, identifier, persisted, changes)


def _persisted(extensions: Mapping[str, Any]) -> str | None:
    """The hash of an automatic persisted query (Apollo's protocol, version 1)."""
    given = extensions.get("persistedQuery")
    if given is None:
        return None
    if not isinstance(given, dict) or given.get("version") != 1 or not isinstance(given.get("sha256Hash"), str):
        raise BadRequestError("`extensions.persistedQuery` must have `version` 1 and `sha256Hash`, a text.")
    digest: str = given["sha256Hash"]
    return digest
