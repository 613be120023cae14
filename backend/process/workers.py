"""Several processes that serve on one socket, and the one that looks after them."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from backend.errors import GatewayError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from multiprocessing.context import SpawnProcess

    from backend.settings import Settings

log = logging.getLogger("computor")

_SECONDS_TO_END = 20.0
_PAUSE = 1.0
_LONGEST_PAUSE = 30.0


@dataclass
class _Worker:
    """A process; `ready` once it answers. `failures` is how often in a row its predecessors ended before they did."""

    process: SpawnProcess
    news: Connection
    failures: int = 0
    ready: bool = False


def supervise(
    settings: Settings, demo_tokens: Path | None, listener: socket.socket, announce: Callable[[], None]
) -> NoReturn:
    """Keeps `settings.workers` processes serving, until a signal raises.

    A worker that ends is replaced: the others answer meanwhile. Raises GatewayError where the first do not even begin.
    """
    from backend.observe.log import configure_logging

    configure_logging()
    with _shared_metrics(settings) as shared, _workers() as workers:
        for _ in range(settings.workers):
            _start(workers, shared, demo_tokens, listener)
        announced = False
        while True:
            wait(
                [worker.process.sentinel for worker in workers]
                + [worker.news for worker in workers if not worker.ready]
            )
            for worker in list(workers):
                if not worker.ready and worker.news.poll():
                    with suppress(EOFError):
                        worker.news.recv_bytes()
                        worker.ready = True
                if worker.process.exitcode is None:
                    continue
                if not announced and not worker.ready:
                    raise GatewayError("A worker could not start; what it said stands above.")
                workers.remove(worker)
                _replace(workers, worker, shared, demo_tokens, listener)
            if not announced and all(worker.ready for worker in workers):
                announced = True
                announce()


def _replace(
    workers: list[_Worker], ended: _Worker, settings: Settings, demo_tokens: Path | None, listener: socket.socket
) -> None:
    from prometheus_client import multiprocess

    if ended.process.pid is not None:
        multiprocess.mark_process_dead(ended.process.pid)  # type: ignore[no-untyped-call]  # untyped there
    failures = 0 if ended.ready else ended.failures + 1
    log.warning("worker %s ended with code %s and is replaced", ended.process.pid, ended.process.exitcode)
    if failures:
        time.sleep(min(_PAUSE * 2 ** (failures - 1), _LONGEST_PAUSE))
    _start(workers, settings, demo_tokens, listener, failures)


def _start(
    workers: list[_Worker],
    settings: Settings,
    demo_tokens: Path | None,
    listener: socket.socket,
    failures: int = 0,
) -> None:
    context = multiprocessing.get_context("spawn")
    news, told = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(settings, demo_tokens, listener, told), name="worker")
    workers.append(_Worker(process, news, failures))
    process.start()
    told.close()


def _work(settings: Settings, demo_tokens: Path | None, listener: socket.socket, told: Connection) -> None:
    """What a worker does."""
    from backend.process.worker import run

    # A terminal sends it to all its processes; the parent hands on what it means by it. uvicorn raises what it took
    # once more when it has ended, which then means nothing.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: None)
    _end_with_parent()
    if not run(settings, demo_tokens, listener, lambda: told.send_bytes(b"ready")):
        raise SystemExit(1)


def _end_with_parent() -> None:
    """Nobody would look after a worker whose parent was killed."""
    import threading

    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _workers() -> Iterator[list[_Worker]]:
    """The workers; in the end each is told to end, and killed where it does not."""
    workers: list[_Worker] = []
    try:
        yield workers
    finally:
        started = [worker.process for worker in workers if worker.process.pid is not None]
        for process in started:
            process.terminate()
        end = time.monotonic() + _SECONDS_TO_END
        for process in started:
            process.join(max(0.0, end - time.monotonic()))
            if process.exitcode is None:
                process.kill()
                process.join()


@contextmanager
def _shared_metrics(settings: Settings) -> Iterator[Settings]:
    """The settings with a place in them where workers keep their figures, for any of them to tell."""
    with ExitStack() as stack:
        directory = settings.prometheus_multiproc_dir or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="computor-metrics-"))
        )
        # prometheus-client looks there when it is imported.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
        yield settings.model_copy(update={"prometheus_multiproc_dir": directory})
