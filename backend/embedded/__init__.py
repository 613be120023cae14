"""PostgreSQL and Redis, started and stopped for machines that have none.

Both listen on Unix sockets in a closed directory, never on a port. Their data are those of a data directory.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from backend.embedded.lock import (
    DataDirectoryError,
    DataDirectoryInUseError,
    Services,
    announced,
    find_services,
    locked,
)
from backend.embedded.place import choose_place, forget_sockets
from backend.embedded.postgres import cluster_name, remove_abandoned, running_postgres
from backend.embedded.process import StartError
from backend.embedded.redis import running_redis
from backend.embedded.signals import Terminated, held_signals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "DataDirectoryError",
    "DataDirectoryInUseError",
    "Services",
    "StartError",
    "Terminated",
    "held_signals",
    "services",
    "services_or_running",
]


@contextmanager
def services(data_dir: Path, *, redis: bool = True, durable: bool = True) -> Iterator[Services]:
    """Run PostgreSQL, and Redis where there is one, until the block ends; then stop Redis, then PostgreSQL.

    SIGINT, SIGTERM and SIGHUP leave no server behind, at whatever moment they come: within the block they raise
    KeyboardInterrupt or Terminated. Servers of a process that was killed are ended first. `durable=False` is for
    tests. Raises DataDirectoryInUseError while another process has the data directory, StartError with the end of
    PostgreSQL's log if that does not start.
    """
    data_dir = data_dir.resolve()
    with held_signals() as signals, ExitStack() as stack:
        stack.enter_context(locked(data_dir))
        remove_abandoned(data_dir)
        place = choose_place(data_dir, cluster_name())
        stack.callback(forget_sockets, place, data_dir)
        postgres_log, redis_log = data_dir / "postgres.log", data_dir / "redis.log"
        database_url = stack.enter_context(running_postgres(place, log=postgres_log, durable=durable, signals=signals))
        redis_url = stack.enter_context(running_redis(place, log=redis_log, signals=signals)) if redis else None
        found = Services(database_url, redis_url)
        stack.enter_context(announced(data_dir, found))
        with signals.delivered():
            yield found


@contextmanager
def services_or_running(data_dir: Path) -> Iterator[Services]:
    """The servers that another process runs on the data directory; without one, PostgreSQL while the block lasts."""
    with ExitStack() as stack:
        try:
            found = stack.enter_context(services(data_dir, redis=False))
        except DataDirectoryInUseError:
            found = find_services(data_dir.resolve())
        yield found
