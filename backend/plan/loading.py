"""Values as PostgreSQL sends them, into what goes into JSON."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import orjson
from psycopg import DataError
from psycopg.adapt import Buffer, Loader
from psycopg.types.datetime import TimestamptzLoader

log = logging.getLogger("computor.sql")

# Anywhere at all: to look for a whole name takes time by the square of a text that is full of such words.
_SECRET = re.compile(rb"token|password|secret|credential", re.IGNORECASE)
SECRET_NAMES = re.compile(r"token|password|secret|credential", re.IGNORECASE)


class JsonLoader(Loader):
    """JSON as it came, without what is named like a secret, whatever the depth; null where it is too deep to tell."""

    def load(self, data: Buffer) -> orjson.Fragment:
        """Bytes for orjson to copy; parsed only where a name looks like a secret."""
        raw = bytes(data)
        if _SECRET.search(raw):
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


def without_secrets(value: Any) -> Any:
    """The value without the entries whose names speak of tokens, passwords, secrets or credentials."""
    if isinstance(value, dict):
        return {key: without_secrets(inner) for key, inner in value.items() if not SECRET_NAMES.search(key)}
    if isinstance(value, list):
        return [without_secrets(inner) for inner in value]
    return value


def with_secrets(value: Any, before: Any) -> Any:
    """The value with what `without_secrets` left out of the one before, where there is still a place for it.

    An entry that is given stays as it is given, null too.
    """
    if isinstance(value, dict) and isinstance(before, dict):
        hidden = {key: inner for key, inner in before.items() if SECRET_NAMES.search(key)}
        return {**hidden, **{key: with_secrets(inner, before.get(key)) for key, inner in value.items()}}
    if isinstance(value, list) and isinstance(before, list) and len(value) == len(before):
        return [with_secrets(inner, old) for inner, old in zip(value, before, strict=True)]
    return value


class AnyMomentLoader(TimestamptzLoader):
    """A moment; as PostgreSQL writes it where Python knows none such: infinity, before year 1, after year 9999."""

    def load(self, data: Buffer) -> Any:
        """A datetime where there is one."""
        try:
            return super().load(data)
        except DataError:
            return bytes(data).decode()
