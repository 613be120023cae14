"""A change, as those who keep answers need to know it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.access.scope import ALL_CLAIMS, ANY, UNSCOPED, Scope, Stamp, claims_of

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Change:
    """Rows of a table that were written, and whom that may concern.

    `scopes` are those of the rows before and after; None where they are not known. `users` are those who hold more or
    less, or something else, than before; `everyone` where these are not known.
    """

    table: str
    scopes: frozenset[Scope] | None
    users: frozenset[str] = frozenset()
    everyone: bool = False


def stamps_of(changes: Iterable[Change]) -> frozenset[Stamp]:
    """The stamps that the changes delete."""
    stamps: set[Stamp] = set()
    for change in changes:
        stamps.add(Stamp(change.table, ANY))
        scopes = (UNSCOPED,) if change.scopes is None else map(str, change.scopes)
        stamps.update(Stamp(change.table, scope) for scope in scopes)
        stamps.update(claims_of(user) for user in change.users)
        if change.everyone:
            stamps.add(ALL_CLAIMS)
    return frozenset(stamps)
