"""The database that a command works on."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from backend.embedded import services_or_running
from backend.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.settings import Settings


@contextmanager
def database_of(settings: Settings) -> Iterator[str]:
    """URL of the configured database; else of the data directory's, which is started if it does not run."""
    if settings.database is not None:
        yield settings.database
        return
    with services_or_running(settings.data_dir) as services:
        yield services.database_url


@contextmanager
def cached_database_of(settings: Settings) -> Iterator[tuple[str, str]]:
    """URLs of the database and of its Redis, configured or of the data directory. Raises GatewayError without one."""
    configured = settings.database
    with nullcontext() if configured else services_or_running(settings.data_dir) as embedded:
        database = configured or (embedded.database_url if embedded else "")
        redis = settings.redis or (embedded.redis_url if embedded else None)
        if redis is None:
            raise GatewayError("No Redis is configured: set REDIS_URL, or REDIS_HOST.")
        yield database, redis
