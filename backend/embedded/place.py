"""Where the servers' files are, and whose.

An ordinary user's are all in the data directory. PostgreSQL refuses to run as root, so root's cluster belongs to a
system user, who may not be able to pass through the data directory's parents. Loosening their permissions could open a
home directory to everyone; so the cluster has its home in a system directory that everyone may pass through, and the
data directory says where.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from backend.embedded.lock import DataDirectoryError

_SYSTEM_DIRECTORIES = (Path("/var/lib"), Path("/var/db"), Path("/var/tmp"))  # noqa: S108 - what we make there is checked
_ACCOUNT = "computor-postgres"
# A socket's address has room for 103 bytes on macOS and 107 on Linux, and PostgreSQL's names take 20 of them.
_LONGEST_SOCKET_DIRECTORY = 80
# PostgreSQL takes a list there, with its own quoting.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_/.+-]+")


@dataclass(frozen=True)
class Place:
    """The directories of one data directory's servers. All exist but `cluster`."""

    cluster: Path
    postgres_sockets: Path
    redis_sockets: Path
    account: pwd.struct_passwd | None
    """The user that PostgreSQL runs as; None: whoever we are."""


def choose_place(data_dir: Path, cluster_name: str) -> Place:
    """Find or make the directories, for a locked data directory."""
    if os.geteuid() == 0:
        return _place_of_root(data_dir, cluster_name)
    sockets = _directory_of_sockets(data_dir)
    return Place(data_dir / cluster_name, sockets, sockets, account=None)


def forget_sockets(place: Place, data_dir: Path) -> None:
    """Remove directories outside of the data directory that nothing needs once the servers have stopped."""
    if place.account is None and place.redis_sockets.parent != data_dir:
        shutil.rmtree(place.redis_sockets, ignore_errors=True)


def abandoned_homes(data_dir: Path) -> list[Path]:
    """Homes of root's clusters whose data directory was this one before someone deleted it."""
    if os.geteuid() != 0:
        return []
    ours = system_directory()
    current = _pointed_home(data_dir)
    homes = [record.parent for record in ours.glob("*/data-dir")]
    return [home for home in homes if home != current and _recorded_data_dir(home) == data_dir]


def system_directory() -> Path:
    """Our own directory among the system's, root's and open to pass through for everyone."""
    for parent in _SYSTEM_DIRECTORIES:
        if parent.is_dir() and everyone_may_pass(parent):
            ours = parent / "computor-gateway"
            with suppress(FileExistsError):
                ours.mkdir(mode=0o755)
                ours.chmod(0o755)
            found = ours.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0:
                raise DataDirectoryError(f"{ours} is not a directory of root's. Remove it.")
            return ours
    raise DataDirectoryError("No system directory lets every user pass. Start as an ordinary user.")


def everyone_may_pass(path: Path) -> bool:
    """Whether every user reaches what is in a directory."""
    return all(directory.stat().st_mode & stat.S_IXOTH for directory in (path, *path.parents))


def _place_of_root(data_dir: Path, cluster_name: str) -> Place:
    home = _home(data_dir)
    cluster = home / cluster_name
    account = _account(cluster)
    postgres_sockets, redis_sockets = home / "postgres", home / "redis"
    for directory in (postgres_sockets, redis_sockets):
        directory.mkdir(mode=0o700, exist_ok=True)
    os.chown(postgres_sockets, account.pw_uid, account.pw_gid)
    return Place(cluster, postgres_sockets, redis_sockets, account)


def _home(data_dir: Path) -> Path:
    home = _pointed_home(data_dir)
    if home is None:
        home = Path(tempfile.mkdtemp(prefix="", dir=system_directory()))
        home.chmod(0o755)
    # Anew each time: the data directory may have been moved.
    (home / "data-dir").write_text(str(data_dir), encoding="utf-8")
    (data_dir / "home").write_text(str(home), encoding="utf-8")
    return home


def _pointed_home(data_dir: Path) -> Path | None:
    """The home that the data directory points at, unless the pointer is a copy of another data directory's."""
    try:
        home = Path((data_dir / "home").read_text(encoding="utf-8"))
        other = _recorded_data_dir(home)
    except OSError:
        return None
    if other == data_dir:
        return home
    with suppress(OSError):
        if (other / "home").read_text(encoding="utf-8") == str(home):
            return None
    return home


def _recorded_data_dir(home: Path) -> Path:
    return Path((home / "data-dir").read_text(encoding="utf-8"))


def _account(cluster: Path) -> pwd.struct_passwd:
    """The user that has the cluster; for a new one a user that is made for such things, made now if there is none."""
    if cluster.exists():
        return pwd.getpwuid(cluster.stat().st_uid)
    for name in (_ACCOUNT, "postgres", "_postgres"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    program = shutil.which("useradd")
    if program is None:
        raise DataDirectoryError(f"PostgreSQL does not run as root. Make a system user {_ACCOUNT}.")
    no_home = ["--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false"]
    subprocess.run([program, "--system", *no_home, _ACCOUNT], check=True, stdin=subprocess.DEVNULL)  # noqa: S603 - constants
    return pwd.getpwnam(_ACCOUNT)


def _directory_of_sockets(data_dir: Path) -> Path:
    directory = data_dir / "run"
    if len(os.fsencode(directory)) > _LONGEST_SOCKET_DIRECTORY or not _PLAIN_PATH.fullmatch(str(directory)):
        # Always the same one, so that the next start finds what a killed process left.
        digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
        directory = Path(f"/tmp/computor-{os.geteuid()}-{digest}")  # noqa: S108 - short everywhere; checked below
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise DataDirectoryError(f"{directory} is not a directory of yours. Remove it.")
    directory.chmod(0o700)
    return directory
