"""The id under which a request stands in the log, in its answer's header and in errors that say nothing else."""

from __future__ import annotations

import random
import re
from contextvars import ContextVar

HEADER = b"x-request-id"
# Short, and nothing that could break a line of the log or a header.
_GIVEN = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin_request(given: bytes | None) -> str:
    """The id of the request that begins: what the caller gave, if it is fit to be one, or a new one."""
    kept = given is not None and _GIVEN.fullmatch(given) is not None
    request_id = given.decode("ascii") if kept and given is not None else _new()
    _current.set(request_id)
    return request_id


def request_id() -> str:
    """The id of the request that is being answered; a new one outside of any."""
    return _current.get() or _new()


def _new() -> str:
    # Nobody gains anything by guessing one, and to ask the system takes ten times as long.
    return f"{random.getrandbits(128):032x}"
