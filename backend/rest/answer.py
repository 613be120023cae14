"""Responses: JSON, for one caller, never kept without asking again."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
from starlette.responses import Response

from backend.face.sending import PRIVATE, VARY
from backend.plan.value import bare_key
from backend.rest.precondition import tag_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.interface.entity import Entity
    from backend.plan.keys import Key

TOTAL = "X-Total-Count"
_HEADERS = {"Cache-Control": PRIVATE.decode(), "Vary": VARY.decode(), "X-Content-Type-Options": "nosniff"}


def answer(
    content: Any,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    media_type: str = "application/json",
) -> Response:
    """A response with the content as JSON."""
    return Response(_dumped(content), status, {**_HEADERS, **(headers or {})}, media_type)


def answer_page(rows: Sequence[Mapping[str, Any]], total: int) -> Response:
    """A response with a part of a list, and how many rows the whole has, and a tag of both."""
    body = _dumped(rows)
    tag = tag_of(None, _digest(body + str(total).encode()))
    return Response(body, 200, {**_HEADERS, TOTAL: str(total), "ETag": tag}, "application/json")


def answer_row(
    row: Mapping[str, Any] | None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    told: Mapping[str, Any] | None = None,
) -> Response:
    """A response with a row, if the caller sees it, and its tag; `told` is sent in its place, where it says more."""
    tag = {} if row is None else {"ETag": tag_of(row.get("version"), _digest(_dumped(row)))}
    return answer(told or row, status, {**tag, **(headers or {})})


def location(entity: Entity, key: Key) -> dict[str, str]:
    """The header that says where a new row is."""
    return {"Location": f"/{entity.interface.endpoint}/{quote(bare_key(key), safe='')}"}


def _dumped(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_UTC_Z)


def _digest(body: bytes) -> str:
    return blake2b(body, digest_size=12).hexdigest()
