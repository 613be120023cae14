"""Content codings: bodies that come compressed, answers that go compressed."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

import brotli  # type: ignore[import-untyped]
import zstandard

from backend.errors import BadRequestError, LimitError

if TYPE_CHECKING:
    from collections.abc import Callable

DECODED = b"gzip, br, zstd"
# Bytes of zstd, which come to 2 MiB at most: a block of 128 KiB takes 4.
_PIECE = 64
_QUALITY = re.compile(rb"^\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*$", re.IGNORECASE)
# The preferred first, where the client prefers none: what compresses JSON well for little time.
_ENCODERS: dict[bytes, Callable[[bytes], bytes]] = {
    b"zstd": lambda body: zstandard.ZstdCompressor(level=3).compress(body),
    b"br": lambda body: brotli.compress(body, quality=4),
    b"gzip": lambda body: zlib.compress(body, 4, wbits=31),
}


class UnknownCodingError(BadRequestError):
    """The body comes in a coding that is not read."""


def decode(body: bytes, coding: bytes, limit: int) -> bytes:
    """The body as it was before it was coded; work ends once it is longer than `limit` bytes.

    Raises UnknownCodingError, LimitError, and BadRequestError where the body is not what it says.
    """
    coding = coding.strip().lower()
    if coding in (b"", b"identity"):
        return body
    reader = _DECODERS.get(coding)
    if reader is None:
        raise UnknownCodingError("The body's Content-Encoding must be gzip, br, zstd or none.")
    try:
        decoded = reader(body, limit + 1)
    except (zlib.error, brotli.error, zstandard.ZstdError, EOFError):
        raise BadRequestError(f"The body is not what its Content-Encoding, {coding.decode()}, says.") from None
    if len(decoded) > limit:
        raise too_large(limit, len(decoded))
    return decoded


def too_large(limit: int, found: int) -> LimitError:
    """The error for a body of at least `found` bytes."""
    return LimitError(f"The body is longer than {limit} bytes.", "body", limit, found)


def encode(body: bytes, accepted: bytes) -> tuple[bytes, bytes] | None:
    """The body in the coding that the client likes best, and that coding; None where it takes the body as it is."""
    weights = _weights(accepted)
    everything = weights.get(b"*", 0.0)
    chosen, best = None, 0.0
    for coding in _ENCODERS:
        weight = weights.get(coding, everything)
        if weight > best:
            chosen, best = coding, weight
    if chosen is None or best < weights.get(b"identity", 0.0):
        return None
    return _ENCODERS[chosen](body), chosen


def _weights(accepted: bytes) -> dict[bytes, float]:
    weights: dict[bytes, float] = {}
    for part in accepted.lower().split(b","):
        coding, _, parameter = part.partition(b";")
        quality = _QUALITY.match(parameter)
        if not parameter.strip() or quality is not None:
            weights[coding.strip()] = float(quality.group(1)) if quality is not None else 1.0
    return weights


def _gunzip(body: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    decoded = unpacker.decompress(body, most)
    if len(decoded) < most and (not unpacker.eof or unpacker.unused_data):
        raise EOFError
    return decoded


def _unbrotli(body: bytes, most: int) -> bytes:
    unpacker = brotli.Decompressor()
    chunks = [unpacker.process(body, output_buffer_limit=most)]
    size = len(chunks[0])
    while size < most and not unpacker.is_finished():
        chunk = unpacker.process(b"", output_buffer_limit=most - size)
        if not chunk:
            raise EOFError
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)


def _unzstd(body: bytes, most: int) -> bytes:
    # 8 MiB is the largest window that RFC 9659 lets a sender use.
    unpacker = zstandard.ZstdDecompressor(max_window_size=1 << 23).decompressobj()
    chunks, size = [], 0
    for start in range(0, len(body), _PIECE):
        if size >= most or unpacker.eof:
            break
        chunks.append(unpacker.decompress(body[start : start + _PIECE]))
        size += len(chunks[-1])
    if size < most and not unpacker.eof:
        raise EOFError
    return b"".join(chunks)


_DECODERS: dict[bytes, Callable[[bytes, int], bytes]] = {
    b"gzip": _gunzip,
    b"x-gzip": _gunzip,
    b"br": _unbrotli,
    b"zstd": _unzstd,
}
