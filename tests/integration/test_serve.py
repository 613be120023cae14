"""`computor serve` and the commands beside it, from outside."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from backend import embedded
from backend.access.credentials import token_hash
from tests.support.data_directory import new_data_directory
from tests.support.database import run
from tests.support.processes import COMPUTOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
_HELLO = {"query": "{ me { username } }"}


@dataclass(frozen=True)
class Server:
    """A running `computor serve`."""

    process: subprocess.Popen[str]
    url: str
    announcement: str

    def ask(self, token: str) -> httpx.Response:
        """Send a small query as someone."""
        return httpx.post(self.url, json=_HELLO, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """The data directory of the module's server."""
    with new_data_directory() as directory:
        yield directory


@pytest.fixture(scope="module")
def server(data_dir: Path) -> Iterator[Server]:
    """A server with demo data. The last test stops it."""
    server = _serve("--data-dir", str(data_dir))
    yield server
    if server.process.poll() is None:
        server.process.terminate()
    server.process.communicate(timeout=30)


@pytest.fixture
def tokens(server: Server, data_dir: Path) -> dict[str, str]:
    """The demo users' tokens."""
    tokens: dict[str, str] = json.loads((data_dir / "demo-tokens.json").read_text())
    return tokens


def test_every_demo_token_is_printed_and_answers(server: Server, tokens: dict[str, str]) -> None:
    assert {"admin", "lecturer", "tutor", "student"} <= set(tokens)
    for user, token in tokens.items():
        assert token in server.announcement
        assert server.ask(token).json() == {"data": {"me": {"username": user}}}


def test_demo_tokens_are_their_owners_alone(tokens: dict[str, str], data_dir: Path) -> None:
    assert stat.S_IMODE((data_dir / "demo-tokens.json").stat().st_mode) == 0o600


def test_a_browser_is_led_to_graphiql_and_a_program_is_not(server: Server) -> None:
    root = server.url.removesuffix("graphql")
    led = httpx.get(root, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (led.status_code, led.headers["location"], led.headers["vary"]) == (302, "/graphql", "Accept")
    for accept in ("*/*", "application/json"):
        refused = httpx.get(root, headers={"Accept": accept})
        assert (refused.status_code, refused.json()["code"]) == (404, "NOT_FOUND")
    assert httpx.post(root, headers={"Accept": "text/html"}).status_code == 404


def test_page_of_the_rest_api_is_announced(server: Server) -> None:
    page = server.url.removesuffix("graphql") + "docs"
    assert page in server.announcement
    assert httpx.get(page).headers["content-type"].startswith("text/html")


def test_second_server_on_one_data_directory_says_so(server: Server, data_dir: Path) -> None:
    second = _run("serve", "--port", "0", "--data-dir", str(data_dir))
    assert second.returncode == 1
    assert second.stderr.startswith(f"{data_dir} is in use by process {server.process.pid}.")


def test_second_server_on_one_port_says_so_before_it_starts_anything(server: Server, data_dir: Path) -> None:
    other = data_dir.with_name("other")
    second = _run("serve", "--port", str(httpx.URL(server.url).port), "--data-dir", str(other))
    assert second.returncode == 1
    assert "Address already in use" in second.stderr
    assert not other.exists()


def test_token_is_made_and_revoked_beside_a_running_server(server: Server, data_dir: Path) -> None:
    created = _run("token", "create", "--user", "student", "--expires-in", "1", "--data-dir", str(data_dir))
    token = created.stdout.strip()
    assert server.ask(token).json() == {"data": {"me": {"username": "student"}}}
    assert _run("token", "revoke", token, "--data-dir", str(data_dir)).stdout == "Revoked 1 token.\n"
    assert server.ask(token).status_code == 401


def test_token_of_nobody_is_refused_in_one_sentence(server: Server, data_dir: Path) -> None:
    refused = _run("token", "create", "--user", "nobody", "--data-dir", str(data_dir))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "There is no user 'nobody': give a username or an e-mail address.\n"


def test_alembic_finds_the_database_of_a_running_server(server: Server, data_dir: Path) -> None:
    checked = subprocess.run(
        [COMPUTOR.with_name("alembic"), "check"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=_environment({"DATA_DIR": str(data_dir)}),
    )
    assert (checked.returncode, checked.stdout) == (0, "No new upgrade operations detected.\n"), checked.stderr


def test_setting_that_makes_no_sense_is_named() -> None:
    refused = _run("serve", environment={"POOL_SIZE": "many"})
    assert refused.returncode == 1
    assert refused.stderr.startswith("POOL_SIZE: ")


def test_demo_data_are_not_loaded_over_data(server: Server, data_dir: Path) -> None:
    refused = _run("seed", "--data-dir", str(data_dir))
    assert refused.returncode == 1
    assert "has users already" in refused.stderr


def test_demo_data_elsewhere_leave_the_tokens_of_the_data_directory_alone(
    server: Server, data_dir: Path, tokens: dict[str, str], empty_database: str
) -> None:
    loaded = _run("seed", "--data-dir", str(data_dir), environment={"DATABASE_URL": empty_database})
    assert loaded.returncode == 0, loaded.stderr
    assert json.loads((data_dir / "demo-tokens.json").read_text()) == tokens
    assert not (data_dir / "demo-tokens.new").exists()
    printed = dict(re.findall(r"(\w+) +(ctp_\S+)", loaded.stdout))
    assert set(printed) == set(tokens)
    assert not set(printed.values()) & set(tokens.values())
    made = run(empty_database, 'SELECT username, token_hash FROM api_token JOIN "user" ON "user".id = user_id')
    assert {(user, token_hash(token)) for user, token in printed.items()} <= set(made)


def test_configured_services_are_used_and_nothing_is_embedded(
    migrated_database: str, services: embedded.Services, tmp_path: Path
) -> None:
    environment = {"DATABASE_URL": migrated_database, "REDIS_URL": services.redis_url or "unix:///nowhere"}
    server = _serve("--data-dir", str(tmp_path / "data"), environment=environment)
    try:
        assert server.ask("ctp_wrong").status_code == 401
        assert psutil.Process(server.process.pid).children() == []
        assert not (tmp_path / "data").exists()
        assert "token" not in server.announcement
    finally:
        server.process.terminate()
        server.process.communicate(timeout=30)
    assert server.process.returncode == 0


def test_database_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    refused = _run("serve", "--port", "0", environment={"DATABASE_URL": f"postgresql:///x?host={tmp_path}"})
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert str(tmp_path) in refused.stderr


def test_stop_and_second_start_keep_data_and_tokens(server: Server, tokens: dict[str, str], data_dir: Path) -> None:
    servers = psutil.Process(server.process.pid).children()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(30) == 0
    assert not [each for each in servers if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]

    second = _serve("--data-dir", str(data_dir))
    assert second.ask(tokens["student"]).json() == {"data": {"me": {"username": "student"}}}
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(30) == 0
    second.process.communicate()


@pytest.mark.parametrize("left", [None, '{"student": "ctp_of_another_database"}'])
def test_tokens_that_do_not_hold_are_made_anew(server: Server, data_dir: Path, left: str | None) -> None:
    assert server.process.wait(30) == 0
    file = data_dir / "demo-tokens.json"
    users = set(json.loads(file.read_text()))
    if left is None:
        file.unlink()
    else:
        file.write_text(left)
    healed = _serve("--data-dir", str(data_dir))
    try:
        made = json.loads(file.read_text())
        assert set(made) == users
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert made["student"] in healed.announcement
        assert healed.ask(made["student"]).json() == {"data": {"me": {"username": "student"}}}
    finally:
        healed.process.terminate()
        healed.process.communicate(timeout=30)


def test_no_tokens_are_made_for_whom_they_were_revoked(server: Server, data_dir: Path) -> None:
    assert server.process.wait(30) == 0
    with embedded.services(data_dir, redis=False, durable=False) as found:
        run(found.database_url, "UPDATE api_token SET revoked_at = now() WHERE name = 'demo'")
    without = _serve("--data-dir", str(data_dir))
    without.process.terminate()
    _, said = without.process.communicate(timeout=30)
    assert "ctp_" not in without.announcement
    assert "There are no demo tokens: `computor token create --user NAME` makes one.\n" in said


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    ours = ("DATABASE_URL", "REDIS_URL", "POSTGRES_", "REDIS_", "DATA_DIR")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(ours)}, **given}


def _serve(*options: str, environment: Mapping[str, str] | None = None) -> Server:
    process = subprocess.Popen(
        [COMPUTOR, "serve", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(environment or {}),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line == "Ctrl-C stops everything.\n":
            break
    else:
        pytest.fail(process.stderr.read())
    announcement = "".join(lines)
    found = re.search(r"http://127\.0\.0\.1:\d+/graphql", announcement)
    assert found is not None
    return Server(process, found.group(), announcement)


def _run(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMPUTOR, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=_environment(environment or {}),
    )
