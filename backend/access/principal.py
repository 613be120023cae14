"""Who is asking: resolved from a credential in one statement, to be checked again by the same statement."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from math import inf, log2
from typing import TYPE_CHECKING

import orjson

from backend.access.policy import (
    Action,
    Level,
    ScopedLevel,
    claimed,
    courses,
    families,
    organizations,
    own_memberships,
    user,
)
from backend.access.policy import scopes as held_scopes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# One row, or none where the credential does not hold. Everything that a principal rests on is in it, so that equal
# rows mean an equal principal; only the last column, the seconds that are left, differs each time. Claims are of type
# `permissions` only, whatever the case (docs/permissions.md).
RESOLVE = b"""
SELECT u.id::text,
       t.scopes::text,
       coalesce((SELECT json_agg(r.role_id ORDER BY r.role_id)
                 FROM user_role r WHERE r.user_id = u.id), '[]')::text,
       coalesce((SELECT json_agg(DISTINCT c.claim_value ORDER BY c.claim_value)
                 FROM (SELECT rc.claim_type, rc.claim_value
                       FROM user_role r JOIN role_claim rc ON rc.role_id = r.role_id WHERE r.user_id = u.id
                       UNION ALL
                       SELECT gc.claim_type, gc.claim_value
                       FROM user_group g JOIN group_claim gc ON gc.group_id = g.group_id WHERE g.user_id = u.id) c
                 WHERE lower(c.claim_type) = 'permissions'), '[]')::text,
       coalesce((SELECT json_agg(json_build_array(m.id, m.course_id, m.course_role_id) ORDER BY m.id)
                 FROM course_member m WHERE m.user_id = u.id), '[]')::text,
       coalesce((SELECT json_agg(json_build_array(o.organization_id, o.organization_role_id) ORDER BY o.id)
                 FROM organization_member o WHERE o.user_id = u.id), '[]')::text,
       coalesce((SELECT json_agg(json_build_array(f.course_family_id, f.course_family_role_id) ORDER BY f.id)
                 FROM course_family_member f WHERE f.user_id = u.id), '[]')::text,
       coalesce(extract(epoch FROM e.moment), 'infinity')::text,
       coalesce(extract(epoch FROM e.moment) - extract(epoch FROM now()), 'infinity')::text
FROM api_token t JOIN "user" u ON u.id = t.user_id
CROSS JOIN LATERAL (SELECT least(t.expires_at, CASE WHEN u.user_type = 'token' THEN u.token_expiration END)) e (moment)
WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
  AND u.archived_at IS NULL
  AND (u.user_type <> 'token' OR u.token_expiration > now())
"""


@dataclass(frozen=True)
class Evidence:
    """What `RESOLVE` reads of a table: some of its columns, for the user whose key `user` holds; None for many."""

    user: str | None
    columns: tuple[str, ...]


EVIDENCE: Mapping[str, Evidence] = {
    "api_token": Evidence("user_id", ("user_id", "token_hash", "scopes", "revoked_at", "expires_at")),
    "user": Evidence("id", ("id", "archived_at", "user_type", "token_expiration")),
    "user_role": Evidence("user_id", ("user_id", "role_id")),
    "role_claim": Evidence(None, ("role_id", "claim_type", "claim_value")),
    "user_group": Evidence("user_id", ("user_id", "group_id")),
    "group_claim": Evidence(None, ("group_id", "claim_type", "claim_value")),
    "course_member": Evidence("user_id", ("id", "user_id", "course_id", "course_role_id")),
    "organization_member": Evidence("user_id", ("id", "user_id", "organization_id", "organization_role_id")),
    "course_family_member": Evidence("user_id", ("id", "user_id", "course_family_id", "course_family_role_id")),
}

ADMIN = "_admin"
EVERYTHING = "*"
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


# macOS has none that goes on while the machine sleeps.
_UPTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def uptime() -> float:
    """Seconds on a clock that nobody sets, and that goes on while the machine sleeps, as that of the database does."""
    return time.clock_gettime(_UPTIME)


@dataclass(frozen=True)
class Viewer:
    """All of a principal that shapes SQL: equal viewers share plans.

    `held` names the sets that are not empty, with the power of two that their size comes up to: enough to choose
    the form of a statement by, and few enough to share. `scopes` is None where the credential reads all that its user
    reads; whether it then `writes`, too, is another matter.
    """

    admin: bool
    general: frozenset[str]
    held: frozenset[tuple[str, int]]
    scopes: frozenset[str] | None
    writes: bool = False

    def size(self, values: str) -> int:
        """About how many keys the set holds; 0 where it is empty."""
        return next((2**power for name, power in self.held if name == values), 0)

    def may_all(self, table: str, action: Action) -> bool:
        """Whether no row of the table is out of reach: for admins, and holders of a general claim."""
        return self.in_scope(table, action) and (
            self.admin or any(f"{table}:{claim}" in self.general for claim in action.claims)
        )

    def in_scope(self, table: str, action: Action) -> bool:
        """Whether the credential's scopes allow this on the table at all."""
        if self.scopes is None:
            return action is Action.READ or self.writes
        return any(f"{table}:{claim}" in self.scopes for claim in action.claims)


@dataclass(frozen=True, eq=False)
class Principal:
    """The caller: a user and what they hold, as sets of keys by name (`backend.access.policy.Values`).

    `evidence` are the columns of `RESOLVE` without the last. `valid_until` is when the credential ends by itself, as
    `uptime` says. `encoded` has the sets as PostgreSQL is sent them, filled in by who first sends one.
    """

    user_id: str
    values: Mapping[str, Sequence[str]]
    viewer: Viewer
    evidence: tuple[str, ...] = field(repr=False)
    valid_until: float = inf
    encoded: dict[str, bytes | None] = field(default_factory=dict, repr=False)


def principal_from_row(row: Sequence[str], valid_until: float = inf) -> Principal:
    """The principal that a row of `RESOLVE`, without its last column, stands for.

    Roles and claims grant, scopes narrow: a token that names scopes does only what they name, and never carries
    `_admin`; one without any reads all that its owner reads, and writes nothing; the scope `*` does not narrow.
    """
    user_id = row[0]
    scopes, writes = _scopes(orjson.loads(row[1]))
    roles: list[str] = orjson.loads(row[2])
    claims: list[str] = orjson.loads(row[3])
    members: list[tuple[str, str, str]] = orjson.loads(row[4])
    values: dict[str, list[str]] = {user().name: [user_id]}
    for level in Level:
        met_by = {role.value for role in level.met_by()}
        held = [(member, course) for member, course, role in members if role in met_by]
        values[own_memberships(level).name] = [member for member, _ in held]
        values[courses(level).name] = [course for _, course in held]
    for scope, seats in ((organizations, orjson.loads(row[5])), (families, orjson.loads(row[6]))):
        for scoped in ScopedLevel:
            values[scope(scoped).name] = [key for key, role in seats if role in scoped.met_by()]
    general: set[str] = set()
    for claim in claims:
        table, action, row_id = (*claim.split(":", 2), "", "")[:3]
        if row_id:
            # Whoever wrote the claim may have written anything; what is no key opens nothing.
            if not _UUID.fullmatch(row_id):
                continue
            values.setdefault(claimed(table, action).name, []).append(row_id)
        elif action:
            general.add(claim)
    viewer = Viewer(
        admin=ADMIN in roles and scopes is None,
        general=frozenset(general),
        held=frozenset((name, round(log2(len(keys)))) for name, keys in values.items() if keys),
        scopes=scopes,
        writes=writes,
    )
    values[held_scopes().name] = [EVERYTHING] if scopes is None else sorted(scopes - {EVERYTHING})
    return Principal(user_id, values, viewer, tuple(row), valid_until)


def _scopes(stored: object) -> tuple[frozenset[str] | None, bool]:
    """What a token is narrowed to, and whether it writes where it is not; what is no list of names opens nothing."""
    if stored in ([], [EVERYTHING]):
        return None, bool(stored)
    names = stored if isinstance(stored, list) else []
    return frozenset(scope for scope in names if isinstance(scope, str)), False
