"""Cursors: opaque to clients; inside, the values of the order at a row, and a mark of the list that they belong to."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import TYPE_CHECKING

import orjson

from backend.errors import InputError
from backend.plan.value import check_cursor_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.types import TypeEngine

    from backend.plan.order import Order


def cursor_mark(field: str, order: Order) -> str:
    """Ties a cursor to its field (`Course.members`) and order."""
    return blake2b(repr((field, order)).encode(), digest_size=6).hexdigest()


def write_cursor(mark: str, values: Sequence[str | None]) -> str:
    """The cursor of a row, from its values in PostgreSQL's text format."""
    return urlsafe_b64encode(orjson.dumps([mark, *values])).decode().rstrip("=")


def read_cursor(cursor: str, mark: str, types: Sequence[TypeEngine[object]]) -> list[str | None]:
    """The values of a cursor, checked; InputError where it is none, or belongs to another list or order."""
    unreadable = InputError("it is no cursor that this server gave")
    try:
        content = orjson.loads(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        raise unreadable from None
    if not isinstance(content, list) or not content:
        raise unreadable
    found, *values = content
    if found != mark:
        raise InputError("the cursor belongs to another list or another order; start again without it")
    try:
        return [
            None if value is None else check_cursor_text(value, sql_type)
            for value, sql_type in zip(values, types, strict=True)
        ]
    except (ValueError, TypeError, InputError):
        raise unreadable from None
