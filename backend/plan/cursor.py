"""Cursors: opaque to clients; inside, sealed, the values of the order at a row, and a mark of the list they belong to.

An order may rest on what its reader does not see, such as the place of an archived unit that a content lies in. So a
cursor cannot be read, and none can be made, without the database's secret.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from backend.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import AsyncConnection

    from backend.plan.order import Order

_MARK_SIZE = 6


def cursor_mark(field: str, order: Order) -> bytes:
    """Ties a cursor to its field (`Course.members`) and order."""
    return blake2b(repr((field, order)).encode(), digest_size=_MARK_SIZE).digest()


class Seal:
    """Writes cursors and reads them, with a key of 64 bytes. A row has one cursor in one list, whoever asks."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)

    def write(self, mark: bytes, values: Sequence[str | None]) -> str:
        """The cursor of a row, from its values in PostgreSQL's text format."""
        sealed = self._cipher.encrypt(orjson.dumps(values), [mark])
        return urlsafe_b64encode(mark + sealed).decode().rstrip("=")

    def read(self, cursor: str, mark: bytes) -> tuple[str | None, ...]:
        """The values of a cursor; InputError where it is none, or belongs to another list or order."""
        try:
            content = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
            found, sealed = content[:_MARK_SIZE], content[_MARK_SIZE:]
            values = orjson.loads(self._cipher.decrypt(sealed, [found]))
        except (ValueError, binascii.Error, InvalidTag):
            raise InputError("it is no cursor that this server gave") from None
        if found != mark:
            raise InputError("the cursor belongs to another list or another order; start again without it")
        return tuple(cast("list[str | None]", values))


async def read_seal(connection: AsyncConnection[Any]) -> Seal:
    """The seal of the database, whose secret all processes share."""
    found = await connection.execute("SELECT value FROM gateway_secret WHERE name = 'cursor'")
    ((key,),) = await found.fetchall()
    return Seal(key)
