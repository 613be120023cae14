"""A hostile request, and what it is refused with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT, BAD, PARSE = "LIMIT_EXCEEDED", "BAD_REQUEST", "GRAPHQL_PARSE_FAILED"
INVALID, INPUT, VALUE = "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "VALIDATION"


@dataclass(frozen=True)
class Hostile:
    """A POST, and what it is refused with: the code, and the limit where that is LIMIT_EXCEEDED."""

    name: str
    body: bytes
    code: str
    limit: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = "/graphql"

    def told_by(self, answer: Any) -> Mapping[str, Any]:
        """Where an answer has code and limit: GraphQL's first error, or REST's problem; empty if it is neither."""
        if self.path != "/graphql":
            return answer if isinstance(answer, dict) else {}
        return answer["errors"][0]["extensions"] if "errors" in answer and "data" not in answer else {}


def asked(
    name: str, document: str, code: str, limit: str | None = None, variables: Mapping[str, Any] | None = None
) -> Hostile:
    """The request for a document that is refused so."""
    return Hostile(name, orjson.dumps({"query": document, "variables": variables}), code, limit)
