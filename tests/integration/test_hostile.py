"""Every hostile request is refused with its code, and the gateway lives on. Its timings: docs/benchmark.md."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.support.gateway import running_gateway
from tests.support.hostile import Hostile, corpus

if TYPE_CHECKING:
    from tests.support.gateway import RunningGateway

CORPUS = corpus()


def test_corpus_is_large_and_names_each_request_once() -> None:
    assert len({request.name for request in CORPUS}) == len(CORPUS) >= 200


@pytest.mark.parametrize("request_", CORPUS, ids=[request.name for request in CORPUS])
def test_hostile_request_is_refused(world_gateway: RunningGateway, request_: Hostile) -> None:
    headers = {
        "content-type": "application/json",
        "authorization": f"Bearer {world_gateway.tokens['adi']}",
        **request_.headers,
    }
    response = world_gateway.client.post(f"{world_gateway.url}{request_.path}", content=request_.body, headers=headers)
    told = request_.told_by(response.json())
    assert (told["code"], told.get("limit")) == (request_.code, request_.limit)
    if request_.path == "/graphql":
        assert {error["extensions"]["code"] for error in response.json()["errors"]} == {request_.code}


@pytest.mark.parametrize("sent", [b"", b'{"query": '])
def test_body_that_does_not_come_is_not_waited_for(world_gateway: RunningGateway, sent: bytes) -> None:
    with running_gateway(world_gateway.database_url, {}, max_body_seconds=0.05) as hasty:
        place = urlsplit(hasty.url)
        with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as client:
            head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            head += "Authorization: Bearer x\r\nContent-Length: 100\r\n\r\n"
            client.sendall(head.encode() + sent)
            answer = client.recv(10_000)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"TIMEOUT","limit":"bodySeconds"' in answer
