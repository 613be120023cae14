"""Pages of other sites: which of them may ask (CORS)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.face.head import Headers

_PREFLIGHT_SECONDS = b"7200"


class Origins:
    """The origins whose pages may ask: none, some, or all, as `named`, with commas between, and * for all.

    They may send these `methods` and headers (`sent`), and read the headers that are `shown`, all with commas between.
    """

    def __init__(self, named: str, *, methods: bytes, sent: bytes, shown: bytes) -> None:
        names = frozenset(name.strip().rstrip("/").lower().encode() for name in named.split(",") if name.strip())
        self._all = b"*" in names
        self._named = names
        self._methods = methods
        self._sent = sent
        self._shown = shown
        self.any = bool(names)

    def headers(self, origin: bytes | None) -> Headers:
        """What lets a page of that origin read the answer. Credentials are tokens, so cookies are never let in."""
        if not self.any:
            return []
        if self._all:
            return [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", self._shown)]
        if origin is None or origin.lower() not in self._named:
            return [(b"vary", b"Origin")]
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", self._shown),
            (b"vary", b"Origin"),
        ]

    def preflight(self, origin: bytes) -> Headers:
        """The answer to a browser that asks what it may send from there."""
        allowed = self.headers(origin)
        if not any(name == b"access-control-allow-origin" for name, _ in allowed):
            return allowed
        return [
            *(header for header in allowed if header[0] != b"access-control-expose-headers"),
            (b"access-control-allow-methods", self._methods),
            (b"access-control-allow-headers", self._sent),
            (b"access-control-max-age", _PREFLIGHT_SECONDS),
        ]
