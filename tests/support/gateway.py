"""The gateway on a real port, in this process, over a database of its own."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import httpx
import uvicorn
from pydantic import SecretStr

from backend.process.worker import config_of
from backend.server import Gateway, create_app
from backend.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.support.world import World


# Settings for documents that are about something else than what they may cost.
AT_ANY_COST: Mapping[str, Any] = {"max_nodes": 10**80, "max_cost": 10**80, "cost_per_minute": 0}


@dataclass(frozen=True)
class RunningGateway:
    """A gateway that answers. `tokens` are by the names of users."""

    url: str
    database_url: str
    tokens: Mapping[str, str]
    client: httpx.Client

    def with_tokens(self, tokens: Mapping[str, str]) -> Self:
        """The same gateway, asked with other tokens."""
        return replace(self, tokens=tokens)

    def ask(self, user: str, query: str, **variables: Any) -> dict[str, Any]:
        """The answer to a query, errors and all."""
        response = self.client.post(
            f"{self.url}/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {self.tokens[user]}"},
        )
        answer: dict[str, Any] = response.json()
        return answer

    def data(self, user: str, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer that must be without errors."""
        answer = self.ask(user, query, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def send(self, user: str | None, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """The response to a REST request; a body is sent as JSON, or as it is where it is bytes."""
        content = body if isinstance(body, bytes | None) else json.dumps(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if content is not None:
            sent = {"Content-Type": "application/json", **sent}
        if user is not None:
            sent["Authorization"] = f"Bearer {self.tokens[user]}"
        return self.client.request(method, f"{self.url}{path}", content=content, headers=sent)


Campus = tuple["World", RunningGateway]
"""A world, and the gateway over it."""


@dataclass(frozen=True)
class GatewayHere(RunningGateway):
    """A gateway in this process, to look into."""

    app: Gateway


@contextmanager
def running_gateway(
    database_url: str, tokens: Mapping[str, str], *, demo_tokens: Path | None = None, **settings: Any
) -> Iterator[GatewayHere]:
    """Serves on a free port of the loopback interface until the block ends."""
    # Tests ask for more in a minute than any user may.
    given = {"log_requests": False, "cost_per_minute": 10**15, **settings}
    used = Settings(database_url=SecretStr(database_url), **given)
    app = create_app(used, demo_tokens)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(config_of(app, used))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the gateway did not start")
        time.sleep(0.005)
    port = listener.getsockname()[1]
    try:
        with httpx.Client(timeout=60) as client:
            yield GatewayHere(f"http://127.0.0.1:{port}", database_url, tokens, client, app)
    finally:
        server.should_exit = True
        thread.join(20)
