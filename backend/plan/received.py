"""Values as PostgreSQL sends them, into what goes into JSON."""

from __future__ import annotations

import json
import logging
from typing import Any

import orjson
from psycopg import DataError
from psycopg.adapt import Buffer, Loader
from psycopg.types.datetime import TimestamptzLoader

from backend.plan.json_secrets import may_hold_secrets, without_secrets

log = logging.getLogger("computor.sql")


class JsonLoader(Loader):
    """JSON as it came, without what is named like a secret, whatever the depth; null where it is too deep to tell."""

    def load(self, data: Buffer) -> orjson.Fragment:
        """Bytes for orjson to copy; parsed only where a name looks like a secret."""
        raw = bytes(data)
        if may_hold_secrets(raw):
            # Numbers stay as they are written: a float could not hold all that jsonb can.
            try:
                parsed = json.loads(raw, parse_int=_verbatim, parse_float=_verbatim)
                return orjson.Fragment(orjson.dumps(without_secrets(parsed)))
            except (RecursionError, orjson.JSONEncodeError):
                log.warning("JSON nested too deeply to take secrets out of it is shown as null")
                return orjson.Fragment(b"null")
        return orjson.Fragment(raw)


def _verbatim(number: str) -> orjson.Fragment:
    return orjson.Fragment(number)


class AnyMomentLoader(TimestamptzLoader):
    """A moment; as PostgreSQL writes it where Python knows none such: infinity, before year 1, after year 9999."""

    def load(self, data: Buffer) -> Any:
        """A datetime where there is one."""
        try:
            return super().load(data)
        except DataError:
            return bytes(data).decode()
