"""One process at a time has a data directory, and others find the servers that it runs there."""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECONDS_TO_START = 30


@dataclass(frozen=True)
class Services:
    """Where the servers of a data directory are reached."""

    database_url: str
    redis_url: str | None


class DataDirectoryError(Exception):
    """The data directory cannot be used; the text says why, and what to do."""


class DataDirectoryInUseError(DataDirectoryError):
    """Another process has the data directory."""

    def __init__(self, data_dir: Path, pid: str) -> None:
        super().__init__(
            f"{data_dir} is in use by process {pid or 'unknown'}. Stop that one, or choose another directory."
        )


@contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Make the data directory if need be and have it alone; raise DataDirectoryError if that cannot be.

    The lock goes with the process, however that ends.
    """
    _make(data_dir)
    with (data_dir / "lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise DataDirectoryInUseError(data_dir, file.read().strip()) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


@contextmanager
def announced(data_dir: Path, services: Services) -> Iterator[None]:
    """Let `find_services` find these until the block ends."""
    path = data_dir / "services.json"
    # What a killed process announced is no longer so.
    path.unlink(missing_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(asdict(services)), encoding="utf-8")
    unfinished.rename(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def find_services(data_dir: Path) -> Services:
    """The servers that another process runs on a data directory that is in use, or is about to have started."""
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end:
        try:
            return Services(**json.loads((data_dir / "services.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            time.sleep(0.1)
    raise DataDirectoryError(f"The process that uses {data_dir} has not started its servers.")


def _make(data_dir: Path) -> None:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = data_dir.stat().st_uid
    except OSError as error:
        raise DataDirectoryError(f"{data_dir} cannot be made: {error.strerror}. Choose another directory.") from error
    if owner != os.geteuid():
        raise DataDirectoryError(
            f"{data_dir} belongs to user {owner}. Start as that user, or choose another directory."
        )
