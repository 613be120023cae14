"""Demo data, and tokens to log in with as its users."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from backend.access.credentials import create_token
from backend.access.principal import EVERYTHING
from backend.seed import cast, is_empty, load

if TYPE_CHECKING:
    from pathlib import Path

    from backend.seed import SizeName


def ensure_demo(database_url: str, data_dir: Path) -> Path | None:
    """Load demo data into a database without users. Gives the file of the demo users' tokens, if there are any."""
    if is_empty(database_url):
        return load_demo(database_url, data_dir, size="demo")
    tokens = _file(data_dir)
    if _unfinished(data_dir).exists():
        # Loaded by a process that was killed before the tokens were made.
        _write_tokens(database_url, data_dir, size="demo")
    return tokens if tokens.exists() else None


def load_demo(database_url: str, data_dir: Path, *, size: SizeName) -> Path:
    """Load demo data and make tokens for its users; gives the file with them, readable for its owner alone."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    _unfinished(data_dir).touch(mode=0o600)
    load(database_url, size)
    return _write_tokens(database_url, data_dir, size=size)


def read_tokens(path: Path) -> dict[str, str]:
    """Tokens by the names of their users."""
    tokens: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return tokens


def _write_tokens(database_url: str, data_dir: Path, *, size: SizeName) -> Path:
    users = [user.username for user in cast(size)]
    tokens = {user: create_token(database_url, user=user, name="demo", scopes=[EVERYTHING]) for user in users}
    unfinished = _unfinished(data_dir)
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(tokens, file, indent=2)
    return unfinished.rename(_file(data_dir))


def _file(data_dir: Path) -> Path:
    return data_dir / "demo-tokens.json"


def _unfinished(data_dir: Path) -> Path:
    return data_dir / "demo-tokens.new"
