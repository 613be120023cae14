"""The application of REST is made while others are answered, once, and before anybody asks for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

from starlette.responses import PlainTextResponse

from backend import server
from tests.support.gateway import RunningGateway, running_gateway

if TYPE_CHECKING:
    import pytest
    from starlette.types import ASGIApp

PATIENCE = 20
NEVER = 3600.0


def test_nobody_waits_for_rest_but_who_asks_for_it(
    world_gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = Event(), Event()
    made: list[ASGIApp] = []

    def make(*_: Any) -> ASGIApp:
        begun.set()
        assert go_on.wait(PATIENCE)
        made.append(PlainTextResponse("made"))
        return made[-1]

    monkeypatch.setattr(server, "_rest", make)
    monkeypatch.setattr(server, "_REST_AFTER", NEVER)
    with running_gateway(world_gateway.database_url, world_gateway.tokens) as fresh, ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(fresh.send, "tom", "GET", "/courses") for _ in range(3)]
        try:
            assert begun.wait(PATIENCE)
            assert fresh.data("tom", "{ __typename }") == {"__typename": "Query"}
            assert not any(each.done() for each in asked)
        finally:
            go_on.set()
        assert [each.result().text for each in asked] == ["made"] * 3
    assert len(made) == 1


def test_rest_is_made_before_anybody_asks(world_gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    tried, logged = Event(), Event()

    def fail(*_: Any) -> ASGIApp:
        tried.set()
        raise LookupError("no such module")

    monkeypatch.setattr(server, "_rest", fail)
    monkeypatch.setattr(server, "_REST_AFTER", 0)
    monkeypatch.setattr(server.log, "error", lambda *_, exc_info: logged.set())  # noqa: ARG005 - called by its name
    with running_gateway(world_gateway.database_url, world_gateway.tokens) as fresh:
        assert tried.wait(PATIENCE)
        assert logged.wait(PATIENCE)
        assert fresh.data("tom", "{ __typename }") == {"__typename": "Query"}
