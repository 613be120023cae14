"""Spans for OpenTelemetry: request, plan, statement. They are made of what was noted, when the request has ended.

Imported only where the standard settings (OTEL_*) ask for spans; OpenTelemetry's own code reads these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from backend.observe.log import LONGEST_NAME, document_hash

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer

    from backend.observe.observation import Exchange, Observation
    from backend.observe.observer import Seen

_SERVICE = "computor-gateway"


class Tracing:
    """Sends spans over OTLP by HTTP, in the background."""

    def __init__(self) -> None:
        # What OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say wins.
        resource = Resource({"service.name": _SERVICE}).merge(Resource.create())
        if resource.attributes.get("service.name") == "unknown_service":
            resource = resource.merge(Resource({"service.name": _SERVICE}))
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer(_SERVICE)
        self._propagator = TraceContextTextMapPropagator()

    def note(self, observation: Observation, seen: Seen) -> None:
        """Makes the spans of a request that has ended; it belongs to the trace that the request names, if to any."""
        name = (observation.operation or "")[:LONGEST_NAME]
        kind = observation.operation_kind
        span = self._tracer.start_span(
            " ".join(filter(None, (kind, name))) or f"{seen.method} {seen.route or 'unknown'}",
            self._propagator.extract({"traceparent": seen.traceparent} if seen.traceparent else {}),
            SpanKind.SERVER,
            {
                "http.request.method": seen.method,
                "http.response.status_code": seen.status,
                **({"http.route": seen.route} if seen.route else {}),
                **({"graphql.operation.name": name} if name else {}),
                **({"graphql.operation.type": kind} if kind else {}),
                **({"graphql.document.hash": document_hash(observation) or ""} if observation.document else {}),
                **({"user.id": observation.user} if observation.user else {}),
                **({"error.type": observation.code} if observation.code else {}),
                **({"computor.request_id": seen.request_id} if seen.request_id else {}),
            },
            start_time=observation.began,
        )
        if seen.status >= 500:  # noqa: PLR2004 - by HTTP
            span.set_status(StatusCode.ERROR)
        if observation.exchanges:
            self._plan(observation, set_span_in_context(span))
        span.end(_moment(observation, observation.ended))

    def _plan(self, observation: Observation, within: Context) -> None:
        exchanges = observation.exchanges
        plan = self._tracer.start_span(
            "plan",
            within,
            attributes={"computor.statements": observation.statements, "computor.rows": observation.rows},
            start_time=_moment(observation, exchanges[0].started),
        )
        for exchange in exchanges:
            _statements(self._tracer, observation, exchange, set_span_in_context(plan))
        plan.end(_moment(observation, exchanges[-1].ended))

    def close(self) -> None:
        """Sends what is left."""
        self._provider.shutdown()


def _statements(tracer: Tracer, observation: Observation, exchange: Exchange, within: Context) -> None:
    for statement, rows in zip(exchange.statements, exchange.rows, strict=True):
        text = statement.decode()
        span = tracer.start_span(
            text.split(maxsplit=1)[0],
            within,
            SpanKind.CLIENT,
            {"db.system.name": "postgresql", "db.query.text": text, "db.response.returned_rows": rows},
            start_time=_moment(observation, exchange.started),
        )
        span.end(_moment(observation, exchange.ended))


def _moment(observation: Observation, at: float) -> int:
    """A time of the monotonic clock in nanoseconds of the world's."""
    return observation.began + int((at - observation.started) * 1e9)
