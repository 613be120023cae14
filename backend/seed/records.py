"""What is kept about users besides: logins at the Git server, profiles, matriculation data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.seed.chance import draw_id, happens, stream
from backend.seed.tables import Account, Profile, StudentProfile

if TYPE_CHECKING:
    from backend.seed.people import People
    from backend.seed.tables import Organization

_GIT = "https://git.uni-lindental.example"
_BIOS = ("Reads manuals for fun.", "Compiles, therefore is.", "Tea, tabs, and type hints.", "Ask me about graphs.")
_WHITE = 0xFFFFFF


@dataclass(frozen=True)
class Records:
    """All of them, in the order of the users."""

    accounts: tuple[Account, ...]
    profiles: tuple[Profile, ...]
    matriculations: tuple[StudentProfile, ...]


def make_records(people: People, home: Organization) -> Records:
    """Most users have an account and a profile; students are matriculated at `home`."""
    random = stream("records")
    accounts: list[Account] = []
    profiles: list[Profile] = []
    for user in people.users:
        if user.username is None or user.user_type != "user":
            continue
        if happens(random, 0.9):
            known = {"username": user.username, "token": f"not-a-secret-{user.username}"}
            accounts.append(
                Account(draw_id(random), user.created_at, _GIT, "gitlab", str(user.fs_number), user.id, known)
            )
        if happens(random, 0.8):
            nickname = user.username.replace(".", "_") if happens(random, 0.5) else None
            color = random.randint(0, _WHITE) if happens(random, 0.7) else None
            bio = random.choice(_BIOS) if happens(random, 0.2) else None
            image = f"{_GIT}/avatars/{user.fs_number}.png" if happens(random, 0.3) else None
            profiles.append(Profile(draw_id(random), user.created_at, user.id, nickname, color, image, bio))
    studying = {person.id for person in people.students} | {people.named["student"].id}
    matriculations = tuple(
        StudentProfile(
            draw_id(random),
            user.created_at,
            user.id,
            f"{1_200_000 + user.fs_number}",
            f"{user.username}@students.uni-lindental.example" if user.username else None,
            home.id,
        )
        for user in people.users
        if user.id in studying
    )
    return Records(tuple(accounts), tuple(profiles), matriculations)
