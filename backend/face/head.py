"""What the heads of requests say: whose they are, and in what media type their bodies come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

Headers = list[tuple[bytes, bytes]]
JSON = b"application/json"


class MediaTypeError(BadRequestError):
    """The body comes in a media type that is not read."""


def is_json(content_type: bytes) -> bool:
    """Whether that is JSON in UTF-8."""
    if content_type == JSON:
        return True
    kind, _, parameters = content_type.lower().partition(b";")
    return kind.strip() == JSON and parameters.strip() in (b"", b"charset=utf-8", b'charset="utf-8"')


def check_json(content_type: bytes) -> None:
    """Raises MediaTypeError where that is not JSON in UTF-8."""
    if not is_json(content_type):
        raise MediaTypeError("The Content-Type must be application/json.")


def bearer_token(headers: Sequence[tuple[bytes, bytes]]) -> str | None:
    """The token that a request came with: None where there is none, and empty where what there is cannot be one."""
    found = [value for name, value in headers if name == b"authorization"]
    if not found or found == [b""]:
        return None
    scheme, _, token = found[0].partition(b" ")
    # Who says twice who is asking is nobody: taking either would be a guess.
    if len(found) > 1 or scheme.lower() != b"bearer":
        return ""
    return token.strip().decode("latin-1")
