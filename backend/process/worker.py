"""One process that serves: uvicorn, with what it lacks for a service that loses no request."""

from __future__ import annotations

import asyncio
import gc
import signal
from typing import TYPE_CHECKING

import uvicorn

from backend.observe.log import configure_logging
from backend.process.protocol import PatientProtocol

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from starlette.types import ASGIApp

    from backend.settings import Settings

SECONDS_TO_FINISH = 10


class Server(uvicorn.Server):
    """Calls `ready` once it answers; on SIGTERM it lets clients go one by one, for `drain` seconds at most.

    A connection that lies idle may be about to bring a request, which would be lost if it were closed. So each client
    is told with its next answer; who asks nothing meanwhile is let go in the end.
    """

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], complete: Callable[[], Awaitable[None]], drain: float
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._complete = complete
        self._settling: asyncio.Task[None] | None = None
        self._drain = drain

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to answer."""
        await super().startup(sockets)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            # uvicorn knows the other two; a terminal that is closed sends this one.
            signal.signal(signal.SIGHUP, self.handle_exit)
        gc.freeze()
        self._settling = asyncio.create_task(self._settle())
        if self.started:
            self._ready()
            # Beside the first requests.
            await asyncio.to_thread(configure_logging)

    async def _settle(self) -> None:
        """Looks for garbage from when on all is made that lasts: what is looked through holds everybody up."""
        try:
            await self._complete()
        finally:
            gc.freeze()
            gc.enable()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends: no new connections, then no more requests, then nothing."""
        PatientProtocol.closing = True
        for connection in self.server_state.connections:
            if isinstance(connection, PatientProtocol):
                connection.let_go()
        if signal.SIGTERM in self._captured_signals:
            for server in self.servers:
                server.close()
            for each in sockets or ():
                each.close()
            await self._let_go()
        await super().shutdown(sockets)

    async def _let_go(self) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._drain
        while self.server_state.connections and not self.force_exit and loop.time() < end:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.02)


def config_of(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves the gateway."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Who is on this machine is told by the connection; a header could say anything.
        proxy_headers=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )


def run(settings: Settings, demo_tokens: Path | None, listener: socket.socket, ready: Callable[[], None]) -> bool:
    """Serve on the socket until a signal comes. Whether it began at all."""
    # What is made until the server has all that it needs lasts as long as it does: there is no garbage among it.
    gc.disable()
    # Take their time to import, so late: the database starts meanwhile.
    from backend.server import create_app

    app = create_app(settings, demo_tokens=demo_tokens)
    PatientProtocol.head_seconds = settings.head_seconds
    server = Server(config_of(app, settings), ready, app.complete, settings.drain_seconds)
    server.run(sockets=[listener])
    return server.started
