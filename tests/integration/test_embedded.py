"""Embedded PostgreSQL and Redis: started, found and stopped."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import psutil
import pytest
import redis

from backend import embedded
from tests.support.data_directory import cluster
from tests.support.database import run

if TYPE_CHECKING:
    from collections.abc import Callable


_AS_ROOT = os.geteuid() == 0


@pytest.fixture
def servers() -> Callable[[], list[psutil.Process]]:
    """Gives the servers that this process has started since the test began."""
    before = {child.pid for child in psutil.Process().children()}
    return lambda: [child for child in psutil.Process().children() if child.pid not in before]


def test_services_answer_within_the_block_and_are_gone_after_it(
    data_dir: Path, servers: Callable[[], list[psutil.Process]]
) -> None:
    with embedded.services(data_dir, durable=False) as services:
        assert run(services.database_url, "SELECT 1") == [(1,)]
        assert services.redis_url is None or redis.Redis.from_url(services.redis_url).ping()
        running = servers()
        assert "postgres" in {server.name() for server in running}
    assert not [server for server in running if server.is_running()]


def test_data_outlive_a_stop(data_dir: Path) -> None:
    with embedded.services(data_dir, durable=False) as services:
        run(services.database_url, "CREATE TABLE kept AS SELECT 7 AS value")
    with embedded.services(data_dir, durable=False) as services:
        assert run(services.database_url, "SELECT value FROM kept") == [(7,)]


def test_data_outlive_a_move_of_the_data_directory(data_dir: Path) -> None:
    with embedded.services(data_dir, durable=False) as services:
        run(services.database_url, "CREATE TABLE kept AS SELECT 7 AS value")
    moved = data_dir.rename(data_dir.with_name("moved"))
    with embedded.services(moved, durable=False) as services:
        assert run(services.database_url, "SELECT value FROM kept") == [(7,)]
    moved.rename(data_dir)


def test_deleted_data_directory_begins_anew(data_dir: Path) -> None:
    with embedded.services(data_dir, durable=False) as services:
        run(services.database_url, "CREATE TABLE gone AS SELECT 7 AS value")
    shutil.rmtree(data_dir)
    with embedded.services(data_dir, durable=False) as services:
        assert run(services.database_url, "SELECT to_regclass('gone')::text") == [(None,)]


def test_text_is_ordered_by_code_point(data_dir: Path) -> None:
    with embedded.services(data_dir, durable=False) as services:
        words = "SELECT string_agg(word, ' ' ORDER BY word) FROM unnest('{ä,a,Z,z,𝄞}'::text[]) word"
        assert run(services.database_url, words) == [("Z a z ä 𝄞",)]
        assert run(services.database_url, "SHOW server_encoding") == [("UTF8",)]


def test_no_port_is_listened_on(data_dir: Path, servers: Callable[[], list[psutil.Process]]) -> None:
    with embedded.services(data_dir, durable=False):
        for server in servers():
            kinds = {connection.family for connection in server.net_connections("all")}
            assert not kinds & {socket.AF_INET, socket.AF_INET6}, server


def test_sockets_are_closed_to_other_users(data_dir: Path) -> None:
    with embedded.services(data_dir, durable=False) as services:
        for directory in {path.parent for path in _sockets(services)}:
            assert stat.S_IMODE(directory.stat().st_mode) == 0o700, directory


def test_data_directory_may_have_a_long_path_with_odd_characters(data_dir: Path) -> None:
    deep = data_dir / ("a directory, 'quoted' & \"ünïcode\" " * 2) / ("deep" * 20)
    with embedded.services(deep, durable=False) as services:
        assert run(services.database_url, "SELECT 1") == [(1,)]
        assert services.redis_url is None or redis.Redis.from_url(services.redis_url).ping()
        sockets = _sockets(services)
        assert all(path.is_socket() for path in sockets)
        assert max(len(os.fsencode(path)) for path in sockets) < 100
    assert not [path for path in sockets if path.exists()]


def test_data_directory_of_another_user_is_refused(data_dir: Path) -> None:
    other = Path("/etc") if not _AS_ROOT else data_dir
    if _AS_ROOT:
        data_dir.mkdir()
        os.chown(data_dir, 65534, 65534)
    with pytest.raises(embedded.DataDirectoryError, match="belongs to user"), embedded.services(other):
        pass


def test_command_starts_postgres_for_itself_without_a_server(
    data_dir: Path, servers: Callable[[], list[psutil.Process]]
) -> None:
    with embedded.services_or_running(data_dir) as services:
        assert run(services.database_url, "SELECT 1") == [(1,)]
        assert services.redis_url is None
    assert not servers()


def test_terminals_interrupt_reaches_only_the_parent(
    data_dir: Path, servers: Callable[[], list[psutil.Process]]
) -> None:
    with embedded.services(data_dir, durable=False):
        assert os.getpgid(0) not in {os.getpgid(server.pid) for server in servers()}


@pytest.mark.skipif(not _AS_ROOT, reason="Only root has a system user to run PostgreSQL as.")
def test_root_opens_no_directory_that_was_there_before(servers: Callable[[], list[psutil.Process]]) -> None:
    with tempfile.TemporaryDirectory(dir="/root") as home:
        private = Path(home) / "private"
        private.mkdir(mode=0o700)
        watched = [Path("/"), Path("/root"), Path("/var"), Path("/var/lib"), Path(home), private]
        before = {path: (path.stat().st_mode, path.stat().st_uid) for path in watched}
        with embedded.services(private / "data", durable=False) as services:
            assert run(services.database_url, "SELECT 1") == [(1,)]
            assert all(server.uids().real != 0 for server in servers() if server.name() == "postgres")
        assert {path: (path.stat().st_mode, path.stat().st_uid) for path in watched} == before
        shutil.rmtree((private / "data" / "home").read_text())


def test_redis_on_the_path_serves_where_no_package_has_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.embedded import redis as embedded_redis  # noqa: PLC0415 - beside the client of that name

    monkeypatch.setattr(embedded_redis, "_PACKAGED", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded_redis.find_program() is None
    program = tmp_path / "redis-server"
    program.touch(mode=0o755)
    assert embedded_redis.find_program() == program


def test_machine_without_redis_is_told_once(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("backend.embedded.redis.find_program", lambda: None)
    with embedded.services(data_dir, durable=False) as services:
        assert services.redis_url is None
    assert [record.message for record in caplog.records] == [
        "There is neither Valkey nor Redis on this machine: results are not cached."
    ]


def test_failure_to_start_shows_the_servers_own_words(data_dir: Path) -> None:
    with embedded.services(data_dir, durable=False):
        pass
    (cluster(data_dir) / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(embedded.StartError, match="no_such_setting"), embedded.services(data_dir, durable=False):
        pass


def _sockets(services: embedded.Services) -> list[Path]:
    directory = parse_qs(urlsplit(services.database_url).query)["host"][0]
    of_redis = [Path(unquote(services.redis_url.removeprefix("unix://")))] if services.redis_url else []
    return [Path(directory) / ".s.PGSQL.5432", *of_redis]
