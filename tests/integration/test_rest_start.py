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


def test_rest_that_is_off_is_nowhere(world_gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_rest", None)
    monkeypatch.setattr(server, "_REST_AFTER", 0)
    with running_gateway(world_gateway.database_url, world_gateway.tokens, rest=False) as without:
        for method, path in (("GET", "/courses"), ("POST", "/courses"), ("GET", "/openapi.json"), ("GET", "/nowhere")):
            for user in ("tom", None):
                refused = without.send(user, method, path, {} if method == "POST" else None)
                assert (refused.status_code, refused.json()["code"]) == (404, "NOT_FOUND")
                assert refused.headers["content-type"] == "application/problem+json"
        assert without.send("tom", "GET", "/docs").status_code == 404
        assert without.data("tom", "{ __typename }") == {"__typename": "Query"}
        assert without.client.get(f"{without.url}/graphql", headers={"accept": "text/html"}).status_code in (200, 503)
        assert without.client.get(f"{without.url}/graphiql/demo-tokens.json").status_code == 403


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
