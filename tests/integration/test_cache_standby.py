"""Standbys: nothing that they say is kept, and who began on one that is promoted keeps and tells like any other."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

import psycopg
import pytest
from pydantic import SecretStr

from backend import embedded
from backend.access.credentials import create_token
from backend.change import OUTLASTED
from backend.migration import upgrade
from backend.plan.connection_pool import Timeouts, make_pool
from backend.settings import DEFAULTS
from tests.support.cached_answers import kept, told
from tests.support.change_reader import hold_reader, reading
from tests.support.changes import RememberedStamps
from tests.support.data_directory import cluster
from tests.support.database import can_connect, run
from tests.support.gateway import running_gateway
from tests.support.waiting import eventually, until
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.redis_server import RedisServer

QUERY = "{ courses { nodes { title } } }"
UPDATE = "mutation ($id: ID!, $title: String) { updateCourse(id: $id, input: {title: $title}) { errors { message } } }"
OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name <> 'computor changes'
"""


@pytest.fixture
def world(data_dir: Path) -> Iterator[World]:
    """A course with a lecturer, on a server that may have a standby."""
    with embedded.services(data_dir, redis=False, durable=False) as services:
        upgrade(services.database_url)
        with psycopg.connect(services.database_url, autocommit=True) as connection:
            world = World(connection, services.database_url)
            world.course("algebra").lecturer("lea")
            yield world


@contextmanager
def _standby(world: World, data_dir: Path, sockets: Path, delay: str) -> Iterator[str]:
    """The URL of a standby that hears of what is written that much later."""
    home = cluster(data_dir)
    postmaster = int((home / "postmaster.pid").read_text().split()[0])
    programs = Path(f"/proc/{postmaster}/exe").readlink().parent
    copy = sockets / "data"
    for each in (sockets, copy):
        each.mkdir(exist_ok=True)
        os.chown(each, home.stat().st_uid, home.stat().st_gid)
        each.chmod(0o700)
    how: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.defpath}}
    if os.geteuid() == 0:
        how |= {"user": home.stat().st_uid, "group": home.stat().st_gid, "extra_groups": []}
    (socket,) = parse_qs(urlsplit(world.database_url).query)["host"]
    source: list[str | Path] = ["-h", socket, "-U", "postgres", "-D", copy, "-R", "-X", "stream", "-c", "fast"]
    subprocess.run([programs / "pg_basebackup", *source], check=True, timeout=60, **how)
    options = {"unix_socket_directories": sockets, "listen_addresses": "", "recovery_min_apply_delay": delay}
    given = [f"--{name}={value}" for name, value in options.items()]
    process = subprocess.Popen(
        [programs / "postgres", "-D", copy, *given], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how
    )
    try:
        url = world.database_url.replace(quote(socket, safe=""), quote(str(sockets), safe=""))
        eventually(lambda: can_connect(url))
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


@pytest.fixture
def sockets() -> Iterator[Path]:
    """Where a standby has its socket; the path of a socket is short."""
    with tempfile.TemporaryDirectory(prefix="sb-") as parent:
        Path(parent).chmod(0o755)
        yield Path(parent, "s")


def _title(data: dict[str, Any]) -> str:
    title: str = data["courses"]["nodes"][0]["title"]
    return title


def _both(world: World, sockets: Path) -> str:
    """A URL with two hosts, of which the standby is the first."""
    (primary,) = parse_qs(urlsplit(world.database_url).query)["host"]
    return world.database_url.replace(quote(primary, safe=""), quote(f"{sockets},{primary}", safe=""))


async def test_of_several_hosts_it_is_the_primary_whose_changes_are_read_and_that_is_kept_to(
    world: World, data_dir: Path, sockets: Path
) -> None:
    url, store = _both(world, sockets), RememberedStamps()
    with _standby(world, data_dir, sockets, "0"):
        async with reading(url, store), make_pool(url, size=1, timeouts=Timeouts.of(DEFAULTS)) as pool:
            await until(lambda: store.is_vouched_for)
            found = []
            for _ in range(2):
                async with pool.connection() as connection:
                    found.append(connection.pgconn.parameter_status(b"in_hot_standby"))
                pool.keep_to_primary()
            assert found == [b"on", b"off"]


def test_what_a_standby_says_that_lags_is_not_taken(
    world: World, data_dir: Path, sockets: Path, own_redis: RedisServer
) -> None:
    """The URL has two hosts, and the first of them is back, as a standby."""
    tokens = {"lea": create_token(world.database_url, user="lea")}
    with running_gateway(_both(world, sockets), tokens, redis_url=SecretStr(own_redis.url)) as gateway:
        kept(gateway, "lea", QUERY)
        with _standby(world, data_dir, sockets, "1min"):
            world.connection.execute(OTHERS)
            kept(gateway, "lea", QUERY)
            world.connection.execute("UPDATE course SET title = 'New'")
            time.sleep(OUTLASTED)
            assert _title(told(gateway, "lea", QUERY).data) == "New"
            assert _title(kept(gateway, "lea", QUERY)) == "New"
            # Nor is anybody made who they were there.
            world.connection.execute("UPDATE api_token SET revoked_at = now()")
            time.sleep(OUTLASTED)
            assert "errors" in gateway.ask("lea", QUERY)


def test_who_began_on_a_standby_keeps_and_tells_once_it_is_promoted(
    world: World, data_dir: Path, sockets: Path, own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = hold_reader(monkeypatch)
    tokens = {"lea": create_token(world.database_url, user="lea", scopes=["*"])}
    at = SecretStr(own_redis.url)
    with _standby(world, data_dir, sockets, "0") as url:
        eventually(lambda: run(url, "SELECT FROM api_token") != [])
        with running_gateway(url, tokens, redis_url=at) as here:
            # The primary's gateway vouches for what is kept under the same names.
            with running_gateway(world.database_url, tokens, redis_url=at) as there:
                kept(there, "lea", QUERY)
                for _ in range(3):
                    assert "hit" not in told(here, "lea", QUERY).cache.values()
            run(url, "SELECT pg_promote()")
            kept(here, "lea", QUERY)
            held.append(True)
            done = here.data("lea", UPDATE, id=world.id("course", "algebra"), title="Promoted")
            assert done["updateCourse"]["errors"] == []
            assert _title(here.data("lea", QUERY)) == "Promoted"
            held.clear()
