"""How much work something is: the calls of functions, Python's and C's, which are as many whatever the machine does."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


@dataclass
class Work:
    """How many calls there were so far."""

    calls: int = 0


@contextmanager
def counted(most: int) -> Iterator[Work]:
    """Counts what this thread calls until the block ends. AssertionError, at once, where that is more than `most`."""
    work = Work()

    def note(_: FrameType, event: str, __: object) -> None:
        work.calls += event in ("call", "c_call")
        assert work.calls <= most, f"more than {most:,} calls"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield work
    finally:
        sys.setprofile(before)
    # Whatever was called may have caught the error.
    assert work.calls <= most, f"more than {most:,} calls"
