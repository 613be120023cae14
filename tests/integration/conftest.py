"""A data directory for whatever runs servers of its own."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory to be made, under a short path, and forgotten with all that belongs to it."""
    with tempfile.TemporaryDirectory(prefix="data-") as parent:
        yield Path(parent) / "data"
        # Where root's clusters are.
        for pointer in Path(parent).rglob("home"):
            shutil.rmtree(pointer.read_text())
