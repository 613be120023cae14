"""Serve the gateway until SIGINT or SIGTERM."""

from __future__ import annotations

import gc
import signal
import socket
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import typer
import uvicorn

from backend.embedded import Terminated, held_signals, services
from backend.errors import GatewayError
from backend.revision import needs_upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backend.settings import Settings

_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on
_SECONDS_TO_FINISH = 10


class _Server(uvicorn.Server):
    """Prints a text once it answers."""

    def __init__(self, config: uvicorn.Config, announcement: str) -> None:
        super().__init__(config)
        self._announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            # uvicorn knows the other two; a terminal that is closed sends this one.
            signal.signal(signal.SIGHUP, self.handle_exit)
        gc.freeze()
        gc.enable()
        if self.started:
            typer.echo(self._announcement)


def serve(settings: Settings) -> int:
    """Serve; gives the exit code. A signal ends open requests, then the gateway, then Redis, then PostgreSQL."""
    # What is made until the server answers lasts as long as it does: looking through it for garbage is idle.
    gc.disable()
    # Whoever sent one of these meant it: nothing failed.
    with suppress(KeyboardInterrupt, Terminated), ExitStack() as stack:
        # First of all, so that a port that is taken costs no start of PostgreSQL.
        listener = stack.enter_context(_listen(settings.host, settings.port))
        running, demo_tokens = stack.enter_context(_prepared(settings))
        # Takes its time to import, so late: the database starts meanwhile.
        from backend.server import create_app

        config = uvicorn.Config(
            create_app(running, demo_tokens=demo_tokens),
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            # Who is on this machine is told by the connection; a header could say anything.
            proxy_headers=False,
            timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        )
        server = _Server(config, _announcement(listener, demo_tokens))
        server.run(sockets=[listener])
        return 0 if server.started else 1
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
        if needs_upgrade(database_url):
            from backend.migration import upgrade

            for warning in upgrade(database_url):
                typer.echo(f"warning: {warning}", err=True)
        demo_tokens = None
        if settings.database is None:
            from backend.cli.demo import ensure_demo

            demo_tokens = ensure_demo(database_url, settings.data_dir)
        yield running, demo_tokens


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
        try:
            listener.bind(address)
        except OSError as error:
            raise GatewayError(f"Cannot listen on {host}:{port}: {error.strerror}. Try --port.") from error
        yield listener


def _announcement(listener: socket.socket, demo_tokens: Path | None) -> str:
    from backend.cli.demo import read_tokens

    host, port = listener.getsockname()[:2]
    host = _EVERY_ADDRESS.get(host, host)
    lines = [f"GraphiQL and API: http://{f'[{host}]' if ':' in host else host}:{port}/graphql"]
    if demo_tokens is not None:
        tokens = read_tokens(demo_tokens)
        width = max(map(len, tokens))
        lines += [f"Demo tokens (in {demo_tokens}), to send as `Authorization: Bearer …`:"]
        lines += [f"  {name:{width}}  {token}" for name, token in tokens.items()]
    lines += ["Ctrl-C stops everything."]
    return "\n" + "\n".join(lines) + "\n"
