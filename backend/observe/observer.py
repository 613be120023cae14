"""The application around all others: it observes each request, and says afterwards what it saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from backend.observe.observation import Observing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from backend.observe.metrics import Metrics
    from backend.observe.observation import Observation

# What comes from time to time, for no user.
_UNSEEN = ("/health/",)
# Whoever closes the connection gets no status; nginx's logs know this one.
_GONE = 499


class Seen:
    """A request from outside, of which only that is looked for which a witness asks about."""

    __slots__ = ("_head", "_scope")

    def __init__(self, scope: Scope, head: Message | None) -> None:
        self._scope = scope
        self._head = head

    @property
    def method(self) -> str:
        """The HTTP method."""
        method: str = self._scope["method"]
        return method

    @property
    def route(self) -> str | None:
        """The pattern that the path fits: what a client put into it stays with them."""
        if self._scope["path"] == "/graphql":
            return "/graphql"
        route: str | None = getattr(self._scope.get("route"), "path", None)
        return route

    @property
    def status(self) -> int:
        """The status of the answer."""
        status: int = _GONE if self._head is None else self._head["status"]
        return status

    @property
    def request_id(self) -> str | None:
        """The id that the answer names."""
        return None if self._head is None else _header(self._head["headers"], b"x-request-id")

    @property
    def traceparent(self) -> str | None:
        """The trace that the request names."""
        return _header(self._scope["headers"], b"traceparent")


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
        head: Message | None = None

        def sent(message: Message) -> Awaitable[None]:
            nonlocal head
            # It comes first.
            head = head or message
            return send(message)

        if self._metrics is not None:
            self._metrics.begin()
        try:
            with Observing() as observation:
                await self._app(scope, receive, sent)
        finally:
            if self._metrics is not None:
                self._metrics.end()
            seen = Seen(scope, head)
            for witness in self._witnesses:
                witness.note(observation, seen)


def _header(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in headers if name == wanted), None)
