"""Several workers on one port: none of their clients notices that one goes."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from tests.support.processes import Serving, serving
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway import RunningGateway

_QUERY = "{ me { username } courses(first: 2) { nodes { title organization { title } } } }"
_CLIENTS = 8


@pytest.fixture(scope="module")
def served(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    log = tmp_path_factory.mktemp("workers") / "log"
    with serving(log, {"DATABASE_URL": gateway.database_url}, "--workers", "2") as running:
        yield running


def _ask(client: httpx.Client, served: Serving, token: str) -> httpx.Response:
    return client.post(served.url, json={"query": _QUERY}, headers={"Authorization": f"Bearer {token}"})


def test_no_request_is_lost_when_a_worker_is_told_to_end(served: Serving, gateway: RunningGateway) -> None:
    token = gateway.tokens["student"]
    replaced = threading.Event()
    expected = httpx.post(served.url, json={"query": _QUERY}, headers={"Authorization": f"Bearer {token}"}).json()

    def keep_asking(_: int) -> int:
        asked = 0
        # Connections are kept, and used again: httpx tries nothing twice.
        with httpx.Client(timeout=30) as client:
            while not replaced.is_set():
                assert _ask(client, served, token).json() == expected
                asked += 1
        return asked

    first, second = served.workers()
    with ThreadPoolExecutor(_CLIENTS) as clients:
        asking = [clients.submit(keep_asking, number) for number in range(_CLIENTS)]
        try:
            first.terminate()
            psutil.wait_procs([first], timeout=30)
            eventually(lambda: len(served.workers()) == 2 or any(each.done() for each in asking))
            assert not [each for each in asking if each.done()]
        finally:
            replaced.set()
        assert all(each.result() > 0 for each in asking)
    now = served.workers()
    assert second in now
    assert first not in now
    assert len(now) == 2


def test_any_worker_tells_the_figures_of_all(served: Serving, gateway: RunningGateway) -> None:
    def counted() -> float:
        text = httpx.get(served.url.replace("/graphql", "/metrics")).text
        (line,) = [line for line in text.splitlines() if line.startswith("computor_database_seconds_count")]
        return float(line.split()[-1])

    before = counted()
    for _ in range(20):
        # A new connection each, so that both workers answer.
        with httpx.Client() as client:
            assert _ask(client, served, gateway.tokens["student"]).status_code == 200
    assert counted() == before + 20
    assert counted() == before + 20


def test_every_request_is_a_line_of_one_log(served: Serving, gateway: RunningGateway) -> None:
    wanted = "7c0e-a-request-of-its-own"
    headers = {"Authorization": f"Bearer {gateway.tokens['student']}", "X-Request-Id": wanted}
    httpx.post(served.url, json={"query": _QUERY}, headers=headers)
    lines = [json.loads(line) for line in served.log.read_text().splitlines() if line.startswith("{")]
    assert [line["status"] for line in lines if line.get("request_id") == wanted] == [200]
    assert [line["event"] for line in lines if line["level"] == "error"] == []


def test_killed_parent_takes_its_workers_along(gateway: RunningGateway, served: Serving) -> None:
    workers = served.workers()
    served.process.kill()
    gone, alive = psutil.wait_procs(workers, timeout=30)
    assert len(gone) == 2
    assert alive == []
