"""Serve the gateway until SIGINT or SIGTERM."""

from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import typer

from backend.embedded import Terminated, held_signals, services
from backend.errors import GatewayError
from backend.revision import needs_upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backend.settings import Settings

_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on
# Seconds after which a client that takes nothing of its answer is taken for gone.
_SECONDS_UNREAD = 30


def serve(settings: Settings) -> int:
    """Serve; gives the exit code. A signal ends open requests, then the gateway, then Redis, then PostgreSQL."""
    # Whoever sent one of these meant it: nothing failed.
    with suppress(KeyboardInterrupt, Terminated), ExitStack() as stack:
        # First of all, so that a port that is taken costs no start of PostgreSQL.
        listener = stack.enter_context(_listen(settings.host, settings.port))
        running, demo_tokens = stack.enter_context(_prepared(settings))

        def announce() -> None:
            typer.echo(_announcement(listener, demo_tokens, rest=settings.rest))

        if settings.workers > 1:
            from backend.process.workers import supervise

            supervise(running, demo_tokens, listener, announce)
        from backend.process.worker import run

        return 0 if run(running, demo_tokens, listener, announce) else 1
    return 0


@contextmanager
def _prepared(settings: Settings) -> Iterator[tuple[Settings, Path | None]]:
    """The settings with a migrated database in them, and the file of demo tokens if PostgreSQL is embedded."""
    with ExitStack() as stack:
        if settings.database is not None:
            stack.enter_context(stack.enter_context(held_signals()).delivered())
            running = settings
        else:
            found = stack.enter_context(services(settings.data_dir, redis=settings.redis is None))
            running = settings.using(found.database_url, settings.redis or found.redis_url)
        database_url = str(running.database)
        if not is_current(database_url):
            from backend.migration import upgrade

            for warning in upgrade(database_url):
                typer.echo(f"warning: {warning}", err=True)
        demo_tokens = None
        if settings.database is None:
            from backend.seed.demo import ensure_demo

            demo_tokens = ensure_demo(database_url, settings.data_dir)
            if demo_tokens is None:
                typer.echo("There are no demo tokens: `computor token create --user NAME` makes one.", err=True)
        yield running, demo_tokens


def is_current(database_url: str) -> bool:
    """Whether the newest revision has been run, and changes are noted as the policies say, which may change without.

    Raises NewerDatabaseError, as `needs_upgrade` does.
    """
    if needs_upgrade(database_url):
        return False
    from backend.access.scope import Scopes
    from backend.change import Notes
    from backend.change.install import are_noted
    from backend.interface.entity import policies
    from backend.interface.registry import INTERFACES

    return are_noted(database_url, Notes(Scopes(policies(INTERFACES))))


@contextmanager
def _listen(host: str, port: int) -> Iterator[socket.socket]:
    """A socket on that port. Nobody is let in before the server listens."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise GatewayError(f"Cannot listen on {host}: {error.strerror}.") from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SECONDS_UNREAD * 1000)
        try:
            listener.bind(address)
        except OSError as error:
            raise GatewayError(f"Cannot listen on {host}:{port}: {error.strerror}. Try --port.") from error
        yield listener


def _announcement(listener: socket.socket, demo_tokens: Path | None, *, rest: bool) -> str:
    from backend.seed.demo import read_tokens, tokens_told

    host, port = listener.getsockname()[:2]
    host = _EVERY_ADDRESS.get(host, host)
    site = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    lines = [f"GraphiQL and API: {site}/graphql"]
    if rest:
        lines += [f"REST API: {site}/docs"]
    if demo_tokens is not None:
        lines += [f"Demo tokens (in {demo_tokens}), to send as `Authorization: Bearer …`:"]
        lines += tokens_told(read_tokens(demo_tokens))
    lines += ["Ctrl-C stops everything."]
    return "\n" + "\n".join(lines) + "\n"
