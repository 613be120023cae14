"""API tokens: made, revoked, and never kept in clear. The secret is shown once; what is stored is its SHA-256."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING

import psycopg
from psycopg.types.json import Jsonb

from backend.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

PREFIX = "ctp_"
_PREFIX_SHOWN = 12


class UnknownUserError(GatewayError):
    """No user has that name."""


class UnknownTokenError(GatewayError):
    """No token that still holds is named so."""


def create_token(
    database_url: str,
    *,
    user: str,
    name: str = "command line",
    scopes: Sequence[str] = (),
    expires_in: timedelta | None = None,
) -> str:
    """A new token of the user with this username or e-mail address.

    Without scopes it reads all that its owner reads and writes nothing; with scopes (`course:update`) it does what they
    name, and with the scope `*` all that its owner may do.
    Raises UnknownUserError.
    """
    secret = new_secret()
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            'SELECT id FROM "user" WHERE username = %s OR lower(email) = lower(%s) ORDER BY username = %s DESC LIMIT 1',
            (user, user, user),
        ).fetchone()
        if found is None:
            raise UnknownUserError(f"There is no user {user!r}: give a username or an e-mail address.")
        connection.execute(
            "INSERT INTO api_token (name, user_id, token_hash, token_prefix, scopes, expires_at)"
            " VALUES (%s, %s, %s, %s, %s, now() + %s)",
            (name, found[0], token_hash(secret), shown_prefix(secret), Jsonb(list(scopes)), expires_in),
        )
    return secret


def revoke_token(database_url: str, token: str) -> int:
    """Ends a token, given whole or as the 12 characters that lists show.

    Whoever keeps answers may believe it for a second more (docs/caching.md).
    Returns how many ended: several may begin alike. Raises UnknownTokenError where none did.
    """
    with psycopg.connect(database_url) as connection:
        ended = connection.execute(
            "UPDATE api_token SET revoked_at = now(), revocation_reason = 'command line'"
            " WHERE revoked_at IS NULL AND (token_hash = %s OR token_prefix = %s)",
            (token_hash(token), token),
        ).rowcount
    if not ended:
        raise UnknownTokenError("No such token holds: give it whole, or the 12 characters that it begins with.")
    return ended


def new_secret() -> str:
    """A token that nobody has."""
    return PREFIX + secrets.token_urlsafe(24)


def shown_prefix(token: str) -> str:
    """What lists show of a token, to tell it from others."""
    return token[:_PREFIX_SHOWN]


def token_hash(token: str) -> bytes:
    """What is stored of a token."""
    return sha256(token.encode(errors="surrogatepass")).digest()
