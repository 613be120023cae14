"""The names of everything that is ours in Redis. All carry one hash tag, so that one server of a cluster holds all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from backend.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FORMAT = 1
_PACKAGE = Path(__file__).resolve().parents[1]
# What answers' names never begin with, which are those of tables.
_OURS = b"computor:"
_LEASE, _STAMP, _LOCK = _OURS + b"lease:", _OURS + b"stamp:", _OURS + b"lock:"
_BUDGET, _DOCUMENT = _OURS + b"budget:", _OURS + b"document:"


@dataclass(frozen=True)
class Names:
    """Names for one database."""

    database: str

    @cached_property
    def tag(self) -> bytes:
        """The hash tag."""
        return b"{computor:" + blake2b(self.database.encode(), digest_size=8).hexdigest().encode() + b"}"

    @cached_property
    def lease(self) -> bytes:
        """Where the lease is (`backend.cache.lease`)."""
        return _LEASE + self.tag

    def stamp(self, text: str) -> bytes:
        """Where a stamp is."""
        return _STAMP + self.tag + b":" + text.encode()

    def lock(self, digest: bytes) -> bytes:
        """What is held by whoever computes an answer."""
        return _LOCK + self.tag + b":" + digest.hex().encode()

    def budget(self, user: str) -> bytes:
        """What a user may still cost."""
        return _BUDGET + self.tag + b":" + user.encode()

    def document(self, digest: str) -> bytes:
        """The persisted query of that hash."""
        return _DOCUMENT + self.tag + b":" + digest.encode()

    def is_stamp(self, key: bytes) -> bool:
        """Whether a stamp is there."""
        return key.startswith(_STAMP)

    def is_answer(self, key: bytes) -> bool:
        """Whether an answer is there."""
        return not key.startswith(_OURS)

    def clearable(self, key: bytes) -> bool:
        """Whether a key is of the cache, and may go when that is cleared."""
        return key != self.lease and not key.startswith((_BUDGET, _DOCUMENT))

    def entry(self, head: bytes, epoch: bytes, digest: bytes) -> bytes:
        """Where an answer is; the head says of what and whose it is, as `course:list:<user>`."""
        return b"%b:%b:%b:%b" % (head, self.tag, epoch, digest.hex().encode())


IDENTIFY = (
    "SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()), oid, datname)"
    " FROM pg_database WHERE datname = current_database()"
)
"""The database's identity, which copies of its files have, too."""


def origin(version: bytes, settings: Iterable[object]) -> bytes:
    """A hash of all that an answer is made by besides the rows: version and settings."""
    return blake2b(f"{list(settings)}".encode(), key=version, digest_size=16).digest()


def version(schema: Iterable[object], package: Path = _PACKAGE) -> bytes:
    """A hash of format, schema and code, in letters: who has the same deletes the stamps that the other rests on.

    Raises GatewayError where the code is there in another form than its sources, which nothing would tell apart.
    """
    digest = blake2b(f"{FORMAT} {list(schema)}".encode(), digest_size=8)
    for path in _sources(package):
        try:
            digest.update(path.read_bytes())
        except OSError as error:
            raise GatewayError(f"Results cannot be cached by a version that is not known: {error}") from None
    return digest.hexdigest().encode()


def _sources(package: Path) -> Iterator[Path]:
    """The modules of the package and of those in it."""
    yield package / "__init__.py"
    for module in iter_modules([str(package)]):
        if module.ispkg:
            yield from _sources(package / module.name)
        else:
            yield package / f"{module.name}.py"
