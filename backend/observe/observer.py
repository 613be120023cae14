"""The application around all others: it observes each request, and says afterwards what it saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from backend.observe.observation import observing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from backend.observe.metrics import Metrics
    from backend.observe.observation import Observation

# What comes from time to time, for no user.
_UNSEEN = ("/health/",)
# Whoever closes the connection gets no status; nginx's logs know this one.
_GONE = 499


class Seen(NamedTuple):
    """A request from outside. `route` is the pattern that its path fits, `status` that of its answer."""

    method: str
    route: str | None
    status: int
    request_id: str | None
    traceparent: str | None


class Witness(Protocol):
    """Whoever wants to know of requests."""

    def note(self, observation: Observation, seen: Seen) -> None:
        """Takes note of a request that has ended."""
        ...


class Observer:
    """Has `app` answer, and tells the witnesses of it; `metrics` is one of them, and is told, too, what begins."""

    def __init__(self, app: ASGIApp, witnesses: Sequence[Witness], metrics: Metrics | None) -> None:
        self._app = app
        self._witnesses = witnesses if metrics is None else (*witnesses, metrics)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if not self._witnesses or scope["path"].startswith(_UNSEEN):
            await self._app(scope, receive, send)
            return
        status, request_id = _GONE, None

        async def sent(message: Message) -> None:
            nonlocal status, request_id
            if message["type"] == "http.response.start":
                status = message["status"]
                request_id = next((value for name, value in message["headers"] if name == b"x-request-id"), None)
            await send(message)

        if self._metrics is not None:
            self._metrics.in_progress.inc()
        try:
            with observing() as observation:
                await self._app(scope, receive, sent)
        finally:
            if self._metrics is not None:
                self._metrics.in_progress.dec()
            seen = Seen(scope["method"], _route(scope), status, _text(request_id), _header(scope, b"traceparent"))
            for witness in self._witnesses:
                witness.note(observation, seen)


def _header(scope: Scope, wanted: bytes) -> str | None:
    return _text(next((value for name, value in scope["headers"] if name == wanted), None))


def _text(value: bytes | None) -> str | None:
    return value.decode("latin-1") if value is not None else None


def _route(scope: Scope) -> str | None:
    """The pattern of the path: what a client put into it stays with them."""
    if scope["path"] == "/graphql":
        return "/graphql"
    route: str | None = getattr(scope.get("route"), "path", None)
    return route
