"""The database that a command works on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from backend.embedded import services_or_running

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
