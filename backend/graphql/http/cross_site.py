"""Pages of other sites: which may ask (CORS), and that none asks unseen (CSRF).

A browser asks the server first (a preflight) before a page of another site sends what no form could. So whatever runs
a document must be such a request: a POST with JSON, or a GET with a header of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.face.http import is_json

if TYPE_CHECKING:
    from collections.abc import Mapping

Headers = list[tuple[bytes, bytes]]
# Headers that no browser sends without a preflight; the first two are Apollo's.
NOT_SIMPLE = (b"apollo-require-preflight", b"x-apollo-operation-name", b"graphql-require-preflight")
_ALLOWED = b"Authorization, Content-Type, Content-Encoding, If-None-Match, X-Request-ID, GraphQL-Cost, " + b", ".join(
    name.title() for name in NOT_SIMPLE
)
_EXPOSED = b"ETag, X-Request-ID, RateLimit, RateLimit-Policy, Retry-After"
_PREFLIGHT_SECONDS = b"7200"


def is_simple(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a page of any site could have sent the GET with these headers without a preflight."""
    return not (any(headers.get(name) for name in NOT_SIMPLE) or is_json(headers.get(b"content-type", b"")))


class Origins:
    """The origins whose pages may ask: none, some, or all."""

    def __init__(self, named: str) -> None:
        names = frozenset(name.strip().rstrip("/").lower().encode() for name in named.split(",") if name.strip())
        self._all = b"*" in names
        self._named = names
        self.any = bool(names)

    def headers(self, origin: bytes | None) -> Headers:
        """What lets a page of that origin read the answer. Credentials are tokens, so cookies are never let in."""
        if not self.any:
            return []
        if self._all:
            return [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", _EXPOSED)]
        if origin is None or origin.lower() not in self._named:
            return [(b"vary", b"Origin")]
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", _EXPOSED),
            (b"vary", b"Origin"),
        ]

    def preflight(self, origin: bytes) -> Headers:
        """The answer to a browser that asks what it may send from there."""
        allowed = self.headers(origin)
        if not any(name == b"access-control-allow-origin" for name, _ in allowed):
            return allowed
        return [
            *(header for header in allowed if header[0] != b"access-control-expose-headers"),
            (b"access-control-allow-methods", b"GET, POST"),
            (b"access-control-allow-headers", _ALLOWED),
            (b"access-control-max-age", _PREFLIGHT_SECONDS),
        ]
