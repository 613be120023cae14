"""Demo data, and tokens to log in with as its users."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import psycopg

from backend.access.credentials import create_token, token_hash
from backend.access.principal import EVERYTHING
from backend.seed import cast, is_empty, load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from psycopg import Connection

    from backend.seed import SizeName

_NAME = "demo"
_ANY_HOLDS = "SELECT FROM api_token WHERE revoked_at IS NULL AND token_hash = ANY(%s) LIMIT 1"
# Who was given a token here before, and was not refused it since: nobody else's account is opened.
_HAVE_TOKENS = f"""
SELECT DISTINCT username FROM api_token JOIN "user" ON "user".id = user_id
WHERE username = ANY(%s) AND name = '{_NAME}' AND scopes = '["{EVERYTHING}"]' AND revoked_at IS NULL
    AND archived_at IS NULL ORDER BY username
"""  # noqa: S608 - of constants


def ensure_demo(database_url: str, data_dir: Path) -> Path | None:
    """Load demo data into the data directory's database if that has no users.

    Gives the file of the demo users' tokens; it is written anew where it is missing or its tokens do not hold. None
    where nobody is left to be logged in as.
    """
    if is_empty(database_url):
        return load_demo(database_url, data_dir, size="demo")
    if _unfinished(data_dir).exists():
        # Loaded by a process that was killed before the tokens were made.
        return _write_tokens(database_url, data_dir, _usernames("demo"))
    tokens = _file(data_dir)
    with psycopg.connect(database_url) as connection:
        if _hold(connection, tokens):
            return tokens
        users = connection.execute(_HAVE_TOKENS, (_usernames("large"),)).fetchall()
    return _write_tokens(database_url, data_dir, [user for (user,) in users]) if users else None


def load_demo(database_url: str, data_dir: Path, *, size: SizeName) -> Path:
    """Load demo data into the data directory's database and make tokens for its users.

    Gives the file with them, readable for its owner alone. Raises DatabaseInUseError where there are users.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if is_empty(database_url):
        _unfinished(data_dir).touch(mode=0o600)
    load(database_url, size)
    return _write_tokens(database_url, data_dir, _usernames(size))


def load_elsewhere(database_url: str, *, size: SizeName) -> dict[str, str]:
    """Load demo data into any database; gives tokens by the names of their users. Raises DatabaseInUseError."""
    load(database_url, size)
    return _new_tokens(database_url, _usernames(size))


def read_tokens(path: Path) -> dict[str, str]:
    """Tokens by the names of their users."""
    tokens: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return tokens


def tokens_told(tokens: Mapping[str, str]) -> list[str]:
    """A line of text for each token."""
    width = max(map(len, tokens))
    return [f"  {name:{width}}  {token}" for name, token in tokens.items()]


def _usernames(size: SizeName) -> list[str]:
    return [user.username for user in cast(size)]


def _new_tokens(database_url: str, users: Sequence[str]) -> dict[str, str]:
    return {user: create_token(database_url, user=user, name=_NAME, scopes=[EVERYTHING]) for user in users}


def _write_tokens(database_url: str, data_dir: Path, users: Sequence[str]) -> Path:
    tokens = _new_tokens(database_url, users)
    unfinished = _unfinished(data_dir)
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(tokens, file, indent=2)
    return unfinished.rename(_file(data_dir))


def _hold(connection: Connection[Any], file: Path) -> bool:
    """Whether any token in the file is one of this database's."""
    try:
        hashes = [token_hash(token) for token in read_tokens(file).values()]
    except (FileNotFoundError, ValueError, AttributeError):
        # Not there, cut short, or no object of texts.
        return False
    return connection.execute(_ANY_HOLDS, (hashes,)).fetchone() is not None


def _file(data_dir: Path) -> Path:
    return data_dir / "demo-tokens.json"


def _unfinished(data_dir: Path) -> Path:
    return data_dir / "demo-tokens.new"
