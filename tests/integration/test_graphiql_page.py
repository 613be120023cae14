"""What GraphiQL's routes serve, and to whom, through a real port."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from backend.graphql.graphiql_page import graphiql_page, graphiql_routes
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

_TOKENS = {"admin": "ctp_first", "lecturer": "ctp_second"}
_DEMO_TOKENS = "/graphiql/demo-tokens.json"


@contextmanager
def _served(dist: Path, demo_tokens: Path | None, address: str = "127.0.0.1") -> Iterator[int]:
    """The routes behind a port on `address`."""

    def page(request: Request) -> Response:
        return graphiql_page(dist)

    app = Starlette(routes=[Route("/graphql", page), *graphiql_routes(dist, demo_tokens)])
    config = uvicorn.Config(app, host=address, port=0, log_level="error", ws="none", lifespan="off")
    listening = config.bind_socket()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        eventually(lambda: server.started)
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build, the tokens beside it, and a file that nobody may have."""
    folder = tmp_path_factory.mktemp("graphiql")
    (folder / "dist" / "assets").mkdir(parents=True)
    (folder / "dist" / "index.html").write_text("<!doctype html><title>Computor GraphQL</title>")
    (folder / "dist" / "assets" / "index-A1b_2-c3.js").write_text("export {}")
    (folder / "dist" / "secret.txt").write_text("secret")
    (folder / "demo-tokens.json").write_text(json.dumps(_TOKENS))
    return folder


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    with _served(folder / "dist", folder / "demo-tokens.json") as port:
        yield port


def _get(port: int, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, trust_env=False)


def _address_of_this_machine() -> str:
    """An address of this machine that is not loopback, skipping where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Picks a route; nothing is sent.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but loopback")
        address: str = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("this machine has no address but loopback")
    return address


def test_page_loads_nothing_from_elsewhere(port: int) -> None:
    answer = _get(port, "/graphql")
    assert answer.status_code == 200
    assert "<title>Computor GraphQL</title>" in answer.text
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert "script-src" not in policy
    assert not any("http" in sources or "*" in sources for sources in policy.values())
    assert policy["frame-ancestors"] == "'none'"
    assert answer.headers["cache-control"] == "no-cache"


def test_missing_build_says_what_to_run(tmp_path: Path) -> None:
    with _served(tmp_path / "dist", None) as port:
        page = _get(port, "/graphql")
        assert page.status_code == 503
        assert "scripts/serve" in page.text
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert _get(port, "/graphiql/assets/index-A1b_2-c3.js").status_code == 404


def test_assets_stay_in_caches_for_good(port: int) -> None:
    answer = _get(port, "/graphiql/assets/index-A1b_2-c3.js")
    assert answer.status_code == 200
    assert answer.text == "export {}"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "%2e%2e%2fsecret.txt",
        "..%5csecret.txt",
        "%252e%252e%252fsecret.txt",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "..",
        ".",
        "",
        "index-A1b_2-c3.js%00",
        "index-A1b_2-c3.js%0a",
        "a" * 5000,
        "absent.js",
    ],
)
def test_nothing_but_assets_is_served(port: int, name: str) -> None:
    # httpx would tidy the path before it is sent.
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        connection.putrequest("GET", f"/graphiql/assets/{name}")
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status == 404
        assert b"secret" not in answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "host", ["localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}", "LOCALHOST", "localhost:8000"]
)
def test_demo_tokens_are_for_pages_of_this_machine(port: int, host: str) -> None:
    answer = _get(port, _DEMO_TOKENS, {"Host": host.format(port=port), "Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 200
    assert answer.json() == {
        "tokens": [
            {"name": "admin", "title": "Administrator", "token": "ctp_first"},
            {"name": "lecturer", "title": "Lecturer", "token": "ctp_second"},
        ]
    }
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers


def test_loopback_origin_may_know_demo_tokens(port: int) -> None:
    assert _get(port, _DEMO_TOKENS, {"Origin": f"http://127.0.0.1:{port}"}).status_code == 200
    assert _get(port, _DEMO_TOKENS, {"Origin": "http://localhost", "Sec-Fetch-Site": "none"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Host": "evil.example"}, id="name rebound to loopback"),
        pytest.param({"Host": "localhost.evil.example"}, id="name that begins like loopback"),
        pytest.param({"Host": "127.0.0.1.evil.example:8000"}, id="name that begins like a loopback address"),
        pytest.param({"Host": "localhost@evil.example"}, id="loopback as user"),
        pytest.param({"Host": "localhost:80:80"}, id="two ports"),
        pytest.param({"Host": ""}, id="no name"),
        pytest.param({"Origin": "https://evil.example"}, id="foreign origin"),
        pytest.param({"Origin": "http://localhost.evil.example"}, id="foreign origin that begins like loopback"),
        pytest.param({"Origin": "null"}, id="opaque origin"),
        pytest.param({"Origin": ""}, id="empty origin"),
        pytest.param({"Origin": "chrome-extension://localhost"}, id="origin of an extension"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="cross-site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="same site, other origin"),
        pytest.param({"Sec-Fetch-Site": ""}, id="empty site"),
        pytest.param({"X-Forwarded-For": "127.0.0.1"}, id="through a proxy"),
        pytest.param({"X-Forwarded-Proto": "https"}, id="through a proxy that tells the scheme alone"),
        pytest.param({"Via": "1.1 proxy"}, id="through a proxy that gives its own name"),
        pytest.param({"Forwarded": "for=127.0.0.1"}, id="through a proxy, by the standard"),
    ],
)
def test_demo_tokens_are_for_no_other_page(port: int, headers: dict[str, str]) -> None:
    _assert_withheld(_get(port, _DEMO_TOKENS, headers))


def test_demo_tokens_are_for_no_other_machine(folder: Path) -> None:
    address = _address_of_this_machine()
    with _served(folder / "dist", folder / "demo-tokens.json", address) as port:
        url = f"http://{address}:{port}{_DEMO_TOKENS}"
        _assert_withheld(httpx.get(url, headers={"Host": f"localhost:{port}"}, trust_env=False))


def test_two_hosts_are_refused(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        connection.putrequest("GET", _DEMO_TOKENS, skip_host=True)
        connection.putheader("Host", "localhost")
        connection.putheader("Host", "evil.example")
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status in {400, 403}
        assert b"ctp_" not in answer.read()
    finally:
        connection.close()


def test_without_demo_users_there_are_no_tokens(folder: Path) -> None:
    with _served(folder / "dist", None) as port:
        _assert_withheld(_get(port, _DEMO_TOKENS))


def test_tokens_that_are_not_written_yet_are_not_found(tmp_path: Path) -> None:
    with _served(tmp_path, tmp_path / "demo-tokens.json") as port:
        assert _get(port, _DEMO_TOKENS).status_code == 404


def test_demo_tokens_are_read_with_get_alone(port: int) -> None:
    for method in ("POST", "OPTIONS", "PUT"):
        answer = httpx.request(method, f"http://127.0.0.1:{port}{_DEMO_TOKENS}", trust_env=False)
        assert answer.status_code == 405
        assert "access-control-allow-origin" not in answer.headers


def _assert_withheld(answer: httpx.Response) -> None:
    assert answer.status_code == 403
    assert answer.json() == {"error": "There are no demo tokens for this client."}
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers
