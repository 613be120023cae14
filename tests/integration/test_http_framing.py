"""Where one request of a connection ends and the next begins, whatever its head asks for."""

from __future__ import annotations

import re
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.gateway import RunningGateway

ME = b'{"query":"{ me { username } }"}'
PROTOCOLS = (b"websocket", b"h2c", b"foo")


def _post(token: str | None, body: bytes, *further: bytes) -> tuple[bytes, bytes]:
    """The head and the body of a request."""
    lines = [
        b"POST /graphql HTTP/1.1",
        b"Host: x",
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
    ]
    if token is not None:
        lines.append(b"Authorization: Bearer " + token.encode())
    return b"\r\n".join((*lines, *further, b"", b"")), body


def _wanting(protocol: bytes, token: str, body: bytes) -> tuple[bytes, bytes]:
    return _post(token, body, b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: " + protocol, b"HTTP2-Settings: AAMA")


def _answers(gateway: RunningGateway, *pieces: bytes) -> list[tuple[int, bytes]]:
    """Status and content of each answer to pieces that come one by one; the last of them ends the connection."""
    place = urlsplit(gateway.url)
    received = b""
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.05)
        while chunk := connection.recv(65536):
            received += chunk
    answers = re.split(rb"HTTP/1\.1 (?=\d{3} )", received)[1:]
    return [(int(answer[:3]), answer.partition(b"\r\n\r\n")[2]) for answer in answers]


LAST = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def _in_one(head: bytes, body: bytes) -> list[bytes]:
    return [head + body + LAST]


def _behind_the_head(head: bytes, body: bytes) -> list[bytes]:
    return [head, body + LAST]


def _within_head_and_body(head: bytes, body: bytes) -> list[bytes]:
    return [head[:-1], head[-1:] + body[:10], body[10:], LAST]


SEGMENTS = (_in_one, _behind_the_head, _within_head_and_body)


@pytest.mark.parametrize("segments", SEGMENTS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_request_for_another_protocol_is_read_like_any_other(
    world_gateway: RunningGateway, protocol: bytes, segments: Callable[[bytes, bytes], list[bytes]]
) -> None:
    pieces = segments(*_wanting(protocol, world_gateway.tokens["tom"], ME))
    (status, answer), (live, _) = _answers(world_gateway, *pieces)
    assert (status, answer, live) == (200, b'{"data":{"me":{"username":"tom"}}}', 200)


@pytest.mark.parametrize("segments", SEGMENTS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_body_of_a_request_for_another_protocol_is_no_request(
    world_gateway: RunningGateway, protocol: bytes, segments: Callable[[bytes, bytes], list[bytes]]
) -> None:
    # A proxy that hands Upgrade on takes both for one request, and gives a second answer to whoever asks next.
    inner = b"".join(_post(world_gateway.tokens["adi"], ME))
    pieces = segments(*_wanting(protocol, world_gateway.tokens["tom"], inner))
    (status, answer), (live, _) = _answers(world_gateway, *pieces)
    assert (status, live) == (400, 200)
    assert b"The body is no JSON" in answer


def test_head_in_a_body_takes_nothing_from_the_next_request(world_gateway: RunningGateway) -> None:
    begun = b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: "
    head, body = _wanting(b"foo", world_gateway.tokens["tom"], begun)
    following = b"".join(_post(world_gateway.tokens["adi"], ME))
    answers = _answers(world_gateway, head, body, following + LAST)
    assert [status for status, _ in answers] == [400, 200, 200]
    assert answers[1][1] == b'{"data":{"me":{"username":"adi"}}}'


def test_requests_for_another_protocol_may_follow_each_other(world_gateway: RunningGateway) -> None:
    wanting = b"".join(_wanting(b"h2c", world_gateway.tokens["tom"], ME))
    chunked = b"".join(_wanting(b"h2c", world_gateway.tokens["tom"], b"%x\r\n%b\r\n0\r\n\r\n" % (len(ME), ME)))
    chunked = re.sub(rb"Content-Length: \d+", b"Transfer-Encoding: chunked", chunked)
    answers = _answers(world_gateway, wanting * 20 + chunked + LAST)
    assert [status for status, _ in answers] == [200] * 22
    assert {answer for _, answer in answers[:-1]} == {b'{"data":{"me":{"username":"tom"}}}'}


def test_request_for_another_protocol_may_end_its_connection(world_gateway: RunningGateway) -> None:
    head, body = _post(world_gateway.tokens["tom"], ME, b"Connection: close, upgrade", b"Upgrade: foo")
    assert [status for status, _ in _answers(world_gateway, head, body)] == [200]


@pytest.mark.parametrize("target", [b"x:80", b"/graphql", b"http://x/graphql"])
@pytest.mark.parametrize("segments", [1, 2])
def test_tunnel_is_not_opened(world_gateway: RunningGateway, target: bytes, segments: int) -> None:
    inner = b"".join(_post(world_gateway.tokens["tom"], ME))
    head = b"CONNECT %b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (target, len(inner))
    pieces = [head + inner] if segments == 1 else [head, inner]
    assert [status for status, _ in _answers(world_gateway, *pieces)] == [400]


def test_preface_of_another_version_is_no_request(world_gateway: RunningGateway) -> None:
    answers = _answers(world_gateway, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + LAST)
    assert [status for status, _ in answers] == [400]


def _chunked(request: bytes, token: str | None, *trailers: bytes) -> list[bytes]:
    lines = [request, b"Host: x", b"Content-Type: application/json", b"Transfer-Encoding: chunked"]
    if token is not None:
        lines.append(b"Authorization: Bearer " + token.encode())
    end = b"\r\n".join((b"0", *trailers, b"", b""))
    return [b"\r\n".join((*lines, b"", b"")), b"%x\r\n%b\r\n" % (len(ME), ME), end]


@pytest.mark.parametrize("in_one", [True, False])
@pytest.mark.parametrize("request_", [b"POST /graphql HTTP/1.1", b"POST /courses HTTP/1.1"])
def test_token_behind_a_body_is_none(world_gateway: RunningGateway, request_: bytes, *, in_one: bool) -> None:
    token = b"Authorization: Bearer " + world_gateway.tokens["adi"].encode()
    pieces = _chunked(request_, None, token)
    answers = _answers(world_gateway, *([b"".join(pieces)] if in_one else pieces), LAST)
    assert [status for status, _ in answers] == [401, 200]


@pytest.mark.parametrize("in_one", [True, False])
def test_trailers_change_nothing(world_gateway: RunningGateway, *, in_one: bool) -> None:
    token = b"Authorization: Bearer " + world_gateway.tokens["adi"].encode()
    pieces = _chunked(
        b"POST /graphql HTTP/1.1", world_gateway.tokens["tom"], token, b"Content-Type: text/plain", b"Upgrade: h2c"
    )
    (status, answer), (live, _) = _answers(world_gateway, *([b"".join(pieces)] if in_one else pieces), LAST)
    assert (status, answer, live) == (200, b'{"data":{"me":{"username":"tom"}}}', 200)


def test_trailers_are_as_many_as_headers_may_be(world_gateway: RunningGateway) -> None:
    request, tom = b"POST /graphql HTTP/1.1", world_gateway.tokens["tom"]
    answers = _answers(world_gateway, *_chunked(request, tom, *[b"X: x"] * 100), LAST)
    assert [status for status, _ in answers] == [200, 200]
    head, body, end = _chunked(request, tom, *[b"X: x"] * 102)
    assert _answers(world_gateway, head, body, end[:-2]) == []
