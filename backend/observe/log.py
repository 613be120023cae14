"""The log: a line of JSON for each request, and for whatever else is worth one."""

from __future__ import annotations

import logging
import sys
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.observe.observation import Observation
    from backend.observe.observer import Seen

LONGEST_NAME = 100
# Characters of a statement, and of all that is said of how a slow request went.
LONGEST_STATEMENT = 1_000
LONGEST_PLAN = 20_000


class RequestLog:
    """Writes a line for each request, if `every`, and one with the plan for those that took `slow` seconds or more."""

    def __init__(self, *, every: bool, slow: float) -> None:
        self._every = every
        self._slow = slow

    @cached_property
    def _log(self) -> Any:
        # Its import would make up a tenth of the time until the first answer, which has no need of it.
        import structlog  # noqa: PLC0415

        return structlog.wrap_logger(
            structlog.BytesLogger(sys.stderr.buffer),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(serializer=orjson.dumps),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            cache_logger_on_first_use=True,
        )

    def note(self, observation: Observation, seen: Seen) -> None:
        """Writes what there is to say of a request that has ended."""
        if self._every:
            self._log.info("request", **line(observation, seen))
        if self._slow and observation.duration >= self._slow:
            self._log.warning("slow request", **line(observation, seen), **shortened(_how(observation)))


def line(observation: Observation, seen: Seen) -> dict[str, Any]:
    """What is said of a request: nothing that its sender chose but the operation's name, and the hash of the rest."""
    operation = observation.operation
    return {
        "request_id": seen.request_id,
        "method": seen.method,
        "route": seen.route,
        "status": seen.status,
        "operation": operation[:LONGEST_NAME] if operation else None,
        "kind": observation.operation_kind,
        "document": document_hash(observation),
        "user": observation.user,
        "code": observation.code,
        "cost": observation.cost,
        "statements": observation.statements,
        "rows": observation.rows,
        "cache": counts(observation.cache),
        "milliseconds": _milliseconds(observation.duration),
        "database_milliseconds": _milliseconds(observation.in_database),
        "waited_milliseconds": _milliseconds(observation.waited),
    }


def document_hash(observation: Observation) -> str | None:
    """SHA-256 of the document, as trusted documents and persisted queries have it."""
    if observation.document is None:
        return None
    return sha256(observation.document.encode(errors="surrogatepass")).hexdigest()


def counts(cache: Mapping[str, str]) -> dict[str, int]:
    """How often the cache did what."""
    counted: dict[str, int] = {}
    for did in cache.values():
        counted[did] = counted.get(did, 0) + 1
    return counted


def configure_logging() -> None:
    """Has whatever libraries and the gateway log written as lines of JSON, too."""
    import structlog  # noqa: PLC0415 - as above

    shared = [structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(serializer=_dumped),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _how(observation: Observation) -> Mapping[str, Any]:
    """The plan; what has none, a mutation, say, is told by its statements."""
    if observation.explain is not None:
        return {"plan": observation.explain()}
    sent = [
        {
            "milliseconds": _milliseconds(exchange.ended - exchange.started),
            "statements": [statement.decode() for statement in exchange.statements],
            "rows": list(exchange.rows),
        }
        for exchange in observation.exchanges
    ]
    return {"exchanges": sent}


def shortened(how: Mapping[str, Any]) -> dict[str, Any]:
    """The same with its texts cut at LONGEST_STATEMENT, and without what comes after LONGEST_PLAN characters."""
    left = LONGEST_PLAN

    def cut(value: Any) -> Any:
        nonlocal left
        if isinstance(value, dict):
            return {name: cut(inner) for name, inner in value.items()}
        if isinstance(value, list):
            kept: list[Any] = []
            for place, inner in enumerate(value):
                if left <= 0:
                    return [*kept, f"… {len(value) - place} more"]
                kept.append(cut(inner))
            return kept
        if isinstance(value, str) and len(value) > LONGEST_STATEMENT:
            value = f"{value[:LONGEST_STATEMENT]} … of {len(value)} characters"
        # A number has a few, and its name, too.
        left -= len(value) if isinstance(value, str) else 0
        left -= 20
        return value

    return {name: cut(inner) for name, inner in how.items()}


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _dumped(event: Mapping[str, Any], **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()
