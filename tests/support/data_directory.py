"""Directories for servers that the gateway starts itself."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def new_data_directory() -> Iterator[Path]:
    """A data directory to be made, under a short path, and forgotten with all that belongs to it."""
    with tempfile.TemporaryDirectory(prefix="data-") as parent:
        yield Path(parent) / "data"
        # Where root's clusters are.
        for pointer in Path(parent).rglob("home"):
            shutil.rmtree(pointer.read_text())


def cluster(data_dir: Path) -> Path:
    """Where PostgreSQL has its files."""
    home = Path((data_dir / "home").read_text()) if (data_dir / "home").exists() else data_dir
    return next(home.glob("postgres-*"))
