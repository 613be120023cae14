"""Signals that end the process, held back while one would leave servers behind."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Terminated(SystemExit):
    """SIGTERM or SIGHUP came; SIGINT is KeyboardInterrupt as always."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)


class HeldSignals:
    """What came while signals were held back."""

    def __init__(self) -> None:
        self._pending: int | None = None
        self._delivering = False

    def check(self) -> None:
        """Raise what came: long waits call this, where an exception does no harm."""
        if self._pending is not None:
            number, self._pending = self._pending, None
            _raise(number)

    @contextmanager
    def delivered(self) -> Iterator[None]:
        """Within this block a signal raises at once, the first one; while the block is left they are held again."""
        self._delivering = True
        try:
            self.check()
            yield
        finally:
            self._delivering = False

    def receive(self, number: int, _: FrameType | None) -> None:
        """The handler."""
        if self._delivering:
            # Whatever is being cleaned up on account of this one shall not be broken off by the next.
            self._delivering = False
            _raise(number)
        self._pending = number


@contextmanager
def held_signals() -> Iterator[HeldSignals]:
    """Hold SIGINT, SIGTERM and SIGHUP back until `check`, `delivered` or the end of the block.

    Does nothing outside of the main thread, where Python has no handlers. A signal that is ignored stays so (nohup).
    """
    held = HeldSignals()
    if threading.current_thread() is not threading.main_thread():
        yield held
        return
    ours = [number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, held.receive) for number in ours}
    try:
        yield held
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    held.check()


def _raise(number: int) -> None:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise Terminated(number)
