"""Figures for Prometheus. With several workers they are kept in files, so that any worker tells those of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

if TYPE_CHECKING:
    from pathlib import Path

    from backend.observe.observation import Observation
    from backend.observe.observer import Seen

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_COUNTS = (0, 1, 2, 4, 8, 16, 32, 64, 128)
_ROWS = (0, 1, 10, 100, 1_000, 10_000, 100_000)


class Metrics:
    """The figures of one application. No label is anything that a client chooses.

    `directory` is where several processes keep theirs, if they do.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._registry = own = CollectorRegistry()
        self._underway = 0
        self._in_progress = Gauge(
            "computor_requests_in_progress",
            "Requests that are being answered.",
            registry=own,
            multiprocess_mode="livesum",
        )
        if directory is None:
            self._in_progress.set_function(lambda: self._underway)
        self._requests = Counter(
            "computor_requests", "Requests answered.", ("route", "kind", "status", "code"), registry=own
        )
        self._seconds = Histogram(
            "computor_request_seconds",
            "From a request to its answer.",
            ("route", "kind"),
            buckets=_SECONDS,
            registry=own,
        )
        self._known: dict[tuple[str, ...], tuple[Counter, Histogram]] = {}
        self._database = Histogram(
            "computor_database_seconds", "Waiting for PostgreSQL, in one request.", buckets=_SECONDS, registry=own
        )
        self._pool = Histogram(
            "computor_pool_seconds", "Until a request had a connection.", buckets=_SECONDS, registry=own
        )
        self._statements = Histogram("computor_statements", "Statements of one request.", buckets=_COUNTS, registry=own)
        self._rows = Histogram("computor_rows", "Rows that one request read.", buckets=_ROWS, registry=own)
        self._cost = Counter("computor_cost", "Cost of what was asked.", registry=own)

    def begin(self) -> None:
        """A request has come."""
        self._underway += 1
        self._tell_underway()

    def end(self) -> None:
        """It is answered, or is not to be."""
        self._underway -= 1
        self._tell_underway()

    def _tell_underway(self) -> None:
        # Whoever tells the figures of all workers cannot ask them.
        if self._directory is not None:
            self._in_progress.set(self._underway)

    def note(self, observation: Observation, seen: Seen) -> None:
        """Counts a request that has ended."""
        route, kind = seen.route or "unknown", observation.operation_kind or "none"
        labels = (route, kind, str(seen.status), observation.code or "")
        known = self._known.get(labels)
        if known is None:
            # Looking a metric up by its labels costs more than counting.
            known = self._known[labels] = (self._requests.labels(*labels), self._seconds.labels(route, kind))
        known[0].inc()
        known[1].observe(observation.duration)
        if observation.exchanges:
            self._database.observe(observation.in_database)
            self._pool.observe(observation.waited)
            self._statements.observe(observation.statements)
            self._rows.observe(observation.rows)
        if observation.cost:
            self._cost.inc(observation.cost)

    def text(self) -> bytes:
        """The figures as Prometheus reads them: of all workers, where there are several."""
        if self._directory is None:
            # Those of the process and of the cache are in prometheus-client's own registry.
            return generate_latest(REGISTRY) + generate_latest(self._registry)
        every = CollectorRegistry()
        MultiProcessCollector(every, str(self._directory))  # type: ignore[no-untyped-call]  # untyped there
        return generate_latest(every)
