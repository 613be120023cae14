"""Who is told of requests, by the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backend.observe.endpoint import MetricsEndpoint
from backend.observe.log import RequestLog
from backend.observe.metrics import Metrics
from backend.settings import MetricsReaders

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.observe.observer import Witness
    from backend.settings import Settings


@dataclass
class Witnesses:
    """The witnesses; the metrics and who reads them, if there are any; and what is left to do in the end."""

    witnesses: list[Witness] = field(default_factory=list)
    metrics: Metrics | None = None
    endpoint: MetricsEndpoint | None = None
    close: Callable[[], None] = lambda: None


def witnesses_of(settings: Settings) -> Witnesses:
    """What the settings ask for."""
    found = Witnesses()
    if settings.log_requests or settings.slow_seconds:
        found.witnesses.append(RequestLog(every=settings.log_requests, slow=settings.slow_seconds))
    if settings.metrics is not MetricsReaders.OFF or settings.metrics_token is not None:
        token = settings.metrics_token.get_secret_value() if settings.metrics_token is not None else None
        found.metrics = Metrics(settings.prometheus_multiproc_dir)
        found.endpoint = MetricsEndpoint(found.metrics, settings.metrics, token)
    if settings.traced:
        # Its import takes its time, which only those pay who want spans.
        from backend.observe.tracing import Tracing  # noqa: PLC0415

        tracing = Tracing()
        found.witnesses.append(tracing)
        found.close = tracing.close
    return found
