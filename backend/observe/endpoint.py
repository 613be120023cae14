"""`/metrics`, for whom the settings let read it."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from backend.observe.machine import is_on_this_machine
from backend.observe.metrics import CONTENT_TYPE, Metrics
from backend.settings import MetricsReaders

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class MetricsEndpoint:
    """The figures as Prometheus scrapes them; for others there is no such page."""

    def __init__(self, metrics: Metrics, readers: MetricsReaders, token: str | None) -> None:
        self._metrics = metrics
        self._readers = readers
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as every ASGI application
        """The ASGI application."""
        allowed = scope["method"] in ("GET", "HEAD") and self._may_read(scope)
        body = self._metrics.text() if allowed else b"Not Found"
        headers = [
            (b"content-type", CONTENT_TYPE if allowed else b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": 200 if allowed else 404, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _may_read(self, scope: Scope) -> bool:
        if self._token is not None:
            given = [value for name, value in scope["headers"] if name == b"authorization"]
            return len(given) == 1 and hmac.compare_digest(given[0], b"Bearer " + self._token.encode())
        if self._readers is MetricsReaders.LOCAL:
            return is_on_this_machine(scope)
        return self._readers is MetricsReaders.EVERYONE
