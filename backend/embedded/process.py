"""Server processes of ours: started apart from the terminal, ended by asking first."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from pwd import struct_passwd

    from backend.embedded.signals import HeldSignals

_PAUSE = 0.01


class StartError(Exception):
    """A server did not start; the text says why."""


def start(arguments: Sequence[str | Path], *, log: Path, account: struct_passwd | None) -> subprocess.Popen[bytes]:
    """Start a program whose output goes to `log`, as `account` if there is one.

    In a session of its own, so that Ctrl-C in the terminal reaches only us and servers end in our order.
    """
    # The last one may be another user's.
    log.unlink(missing_ok=True)
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - programs of installed packages, no shell
            [str(argument) for argument in arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A caller's locale and PG… variables shall make no difference.
            env={"LC_ALL": "C", "PATH": os.defpath},
            cwd="/",
            umask=0o077,
            start_new_session=True,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )


def wait_until(
    ready: Callable[[], bool],
    process: subprocess.Popen[bytes],
    *,
    log: Path,
    seconds: float,
    signals: HeldSignals,
) -> None:
    """Return when `ready`; raise StartError with the end of `log` when the process ended or time is up."""
    end = time.monotonic() + seconds
    while not ready():
        signals.check()
        if process.poll() is not None:
            raise StartError(f"{process.args!r} ended with code {process.returncode}.\n{_tail(log)}")
        if time.monotonic() > end:
            raise StartError(f"{process.args!r} was not ready after {seconds:.0f} s.\n{_tail(log)}")
        time.sleep(_PAUSE)


def finish(process: subprocess.Popen[bytes], *, log: Path, signals: HeldSignals) -> None:
    """Wait for a program that ends by itself; raise StartError if it failed, and leave nothing of it on a signal."""
    try:
        while process.poll() is None:
            signals.check()
            time.sleep(_PAUSE)
    finally:
        if process.poll() is None:
            # Its session: the program's own children too.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode:
        raise StartError(f"{process.args!r} ended with code {process.returncode}.\n{_tail(log)}")


def stop(process: subprocess.Popen[bytes], *steps: tuple[signal.Signals, float]) -> None:
    """Send each signal in turn until the process is gone, waiting so many seconds after it; SIGKILL at the end."""
    for number, seconds in steps:
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return
    process.kill()
    process.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])
