"""Values on their way into PostgreSQL: checked first, so that no value can make a statement fail."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import Enum
from math import isfinite
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sqlalchemy import BigInteger, Integer, Uuid

from backend.errors import InputError
from backend.model.base import Ltree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.types import TypeEngine

    from backend.interface.entity import Entity

_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_UUIDS = re.compile(rf"{_UUID.pattern}(?:,{_UUID.pattern})*+")
_KEYS = re.compile(r"[0-9a-fA-F-]{36}(?:,[0-9a-fA-F-]{36})*")
_PATH = re.compile(r"[A-Za-z0-9_]{1,255}(?:\.[A-Za-z0-9_]{1,255})*")
MOST_LABELS = 65535
_NEEDS_QUOTES = re.compile(r'[\s{},"\\]|^$|^null$', re.IGNORECASE)
_INTEGERS: tuple[tuple[type[TypeEngine[Any]], int], ...] = ((BigInteger, 63), (Integer, 31))


def encode(value: object) -> bytes | None:
    """A value in PostgreSQL's text format."""
    if value is None:
        return None
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, datetime):
        return value.isoformat().encode()
    if isinstance(value, list | tuple):
        return _array(value).encode()
    return str(value).encode()


def _array(items: Sequence[Any]) -> str:
    # Keys, mostly, and by the thousand: one look tells that none of them needs quotes.
    if items and isinstance(items[0], str) and _KEYS.fullmatch(plain := ",".join(items)):
        return f"{{{plain}}}"
    return "{" + ",".join(_element(item) for item in items) + "}"


def _element(item: object) -> str:
    if isinstance(item, Enum):
        item = item.value
    text = item.isoformat() if isinstance(item, datetime) else str(item)
    if _NEEDS_QUOTES.search(text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text


def check_text(value: str) -> str:
    """The text, if PostgreSQL can hold it; InputError otherwise."""
    if "\x00" in value:
        raise InputError("a text cannot hold the character NUL (U+0000)")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InputError("a text cannot hold half of a surrogate pair") from None
    return value


def in_utc(value: datetime) -> datetime:
    """The moment in UTC: PostgreSQL knows no zones further than 16 hours off. InputError where there is none."""
    if value.tzinfo is None:
        raise InputError("a moment says how far it is from UTC, such as 2026-10-05T08:30:00Z")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise InputError("there is no such moment in UTC") from None


def check_path(value: str) -> str:
    """The path, if PostgreSQL can read it as an ltree; InputError otherwise."""
    if not _PATH.fullmatch(value):
        raise InputError(f"{value!r} is no path: labels of letters, digits and underscores, joined by dots")
    if value.count(".") >= MOST_LABELS:
        raise InputError(f"a path has at most {MOST_LABELS} labels")
    return value


def check_column(value: object, sql_type: TypeEngine[Any]) -> object:
    """The value, if a column of this type can be compared with it; InputError otherwise."""
    if isinstance(value, str):
        check_text(value)
    if isinstance(sql_type, Uuid) and isinstance(value, str) and not _UUID.fullmatch(value):
        raise InputError(f"{value!r} is no UUID")
    if isinstance(sql_type, Ltree) and isinstance(value, str):
        check_path(value)
    if isinstance(value, int) and not isinstance(value, bool):
        for integer, bits in _INTEGERS:
            if isinstance(sql_type, integer):
                if not -(2**bits) <= value < 2**bits:
                    raise InputError(f"{value} does not fit an integer of {bits + 1} bits")
                break
    if isinstance(value, float) and not isfinite(value):
        raise InputError(f"{value} is no number")
    return value


def parse_key(entity: Entity, value: str, *, global_only: bool = False) -> tuple[str, ...]:
    """The parts of a key from a global id (`Course:6f96…`) or, unless `global_only`, from a bare key."""
    check_text(value)
    type_name, colon, key = value.partition(":")
    if colon and type_name == entity.name:
        bare = key
    elif global_only or (colon and type_name.isidentifier() and type_name[:1].isupper()):
        raise InputError(f"{value!r} is no id of a {entity.name}")
    else:
        bare = value
    parts = tuple(map(unquote, bare.split(","))) if len(entity.key) > 1 else (bare,)
    if len(parts) != len(entity.key):
        raise InputError(f"{value!r} is no id of a {entity.name}: its key has {len(entity.key)} parts")
    for part, sql_type in zip(parts, entity.key_types, strict=True):
        if isinstance(sql_type, Uuid) and not _UUID.fullmatch(part):
            raise InputError(f"{value!r} is no id of a {entity.name}")
        check_text(part)
    return tuple(
        part.lower() if isinstance(sql_type, Uuid) else part
        for part, sql_type in zip(parts, entity.key_types, strict=True)
    )


def parse_uuids(entity: Entity, values: Sequence[str]) -> list[str] | None:
    """What `parse_key` makes of each, if the entity's key is one UUID and all are keys; else None.

    One look for thousands.
    """
    if len(entity.key) > 1 or not isinstance(entity.key_types[0], Uuid):
        return None
    prefix = f"{entity.name}:"
    joined = ",".join([value.removeprefix(prefix) for value in values])
    if not _UUIDS.fullmatch(joined):
        return None
    keys = joined.lower().split(",")
    # One that has a comma in it is no key.
    return keys if len(keys) == len(values) else None


def bare_key(key: Sequence[str]) -> str:
    """A key in one text, as `parse_key` reads it: its parts in order, escaped and joined by commas."""
    return ",".join(key if len(key) == 1 else [part.replace("%", "%25").replace(",", "%2C") for part in key])


def global_id(entity: Entity, key: Sequence[str]) -> str:
    """The id of a row, as `parse_key` reads it."""
    return f"{entity.name}:{bare_key(key)}"


def array_parts(keys: Sequence[tuple[str, ...]], parts: int) -> list[list[str]]:
    """Keys of several parts, as one list for each part."""
    return [[key[part] for key in keys] for part in range(parts)]
