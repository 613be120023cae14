"""Logins and API tokens that were. Nobody knows a secret that would open one of them: there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backend.seed.chance import draw_id, draw_time, happens, stream
from backend.seed.tables import ApiToken, Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from backend.seed.people import People
    from backend.seed.size import Size
    from backend.seed.tables import User

_HASH_SIZE = 32
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15",
    "Visual Studio Code/1.106",
)
_PURPOSES: tuple[tuple[str, str | None, list[str]], ...] = (
    ("laptop", "Editor on my own machine", []),
    ("notebook", None, ["course:get", "course_content:get", "result:get"]),
    ("CI", "Exports grades to the campus system", ["course_member:list", "submission_group_grading:list"]),
    ("Übungsbetrieb", None, []),
)


def make_sessions(size: Size, people: People) -> list[Session]:
    """Some of each named user, and of every tenth of the others."""
    random = stream("sessions")
    return [session for user in _some(people, 10) for session in _make_sessions(random, size, user)]


def _make_sessions(random: Random, size: Size, user: User) -> Iterator[Session]:
    for _ in range(random.randint(1, 4)):
        time = draw_time(random, max(user.created_at, size.now - timedelta(days=60)), size.now)
        lasts = happens(random, 0.3)
        ended = None if lasts else time + timedelta(minutes=random.randint(2, 600))
        address = f"2001:db8:{random.getrandbits(16):x}::{random.getrandbits(16):x}"
        key = draw_id(random)
        yield Session(
            key,
            time,
            ended or time,
            user.id,
            f"not-a-secret-{random.getrandbits(64):016x}",
            key,
            address if happens(random, 0.4) else f"192.0.2.{random.randint(1, 254)}",
            ended,
            {"user_agent": random.choice(_AGENTS)} if happens(random, 0.8) else None,
        )


def make_tokens(size: Size, people: People) -> list[ApiToken]:
    """A token in each state for each named user, and one for some of the others."""
    random = stream("tokens")
    named = {person.id for person in people.named.values()}
    return [
        token
        for user in _some(people, 25)
        for state in (("used", "expired", "revoked") if user.id in named else ("used",))
        for token in [_make_token(random, size, user, state)]
    ]


def _make_token(random: Random, size: Size, user: User, state: str) -> ApiToken:
    name, description, scopes = random.choice(_PURPOSES)
    made = draw_time(random, max(user.created_at, size.now - timedelta(days=400)), size.now - timedelta(days=1))
    used = draw_time(random, made, size.now)
    revoked = used if state == "revoked" else None
    return ApiToken(
        draw_id(random),
        made,
        revoked or made,
        user.id,
        name,
        # Drawn, not computed: no text is known that hashes to this.
        random.randbytes(_HASH_SIZE),
        f"ctp_{random.getrandbits(32):08x}",
        scopes,
        description,
        made + timedelta(hours=12) if state == "expired" else None,
        min(used, made + timedelta(hours=12)) if state == "expired" else used,
        random.randint(1, 5000),
        revoked,
        "Das Notebook ist verloren gegangen." if revoked else None,
        user.id,
    )


def _some(people: People, one_of: int) -> list[User]:
    named = {person.id for person in people.named.values()}
    others = (user for user in people.users if user.user_type == "user" and not user.archived_at)
    return [user for number, user in enumerate(others) if user.id in named or number % one_of == 0]
