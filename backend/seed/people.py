"""Users: who studies and who teaches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from backend.seed.chance import draw_id, draw_time, happens, stream
from backend.seed.names import WITH_EMOJI, draw_name
from backend.seed.tables import User, UserRole

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from backend.seed.cast import DemoUser
    from backend.seed.size import Size

_MAIL = "uni-lindental.example"
_STUDENTS_FOR_ONE_TEACHER = 40
# Of so many students as a course has seats, each seat is taken by one.
_COHORT = 4


@dataclass(frozen=True)
class Person:
    """A user, and what the database does not know of them.

    `ability` is 0 for an average student, and within 1 of that for two thirds of them; `zeal` is added to the
    likelihood that they begin an assignment.
    """

    id: str
    slug: str
    ability: float
    zeal: float = 0.0


@dataclass(frozen=True)
class People:
    """All users, by what they do."""

    named: dict[str, Person]
    teachers: tuple[Person, ...]
    students: tuple[Person, ...]
    users: tuple[User, ...]
    roles: tuple[UserRole, ...]


def make_people(size: Size, cast: tuple[DemoUser, ...]) -> People:
    """As many users as the size says."""
    random = stream("people")
    start = size.editions[0].start - timedelta(days=60)
    named: dict[str, Person] = {}
    users: list[User] = []
    roles: list[UserRole] = []
    for demo_user in cast:
        named[demo_user.username] = person = Person(
            draw_id(random), demo_user.username, ability=0.8, zeal=0.5 if demo_user.username == "student" else 0.0
        )
        users.append(_named_user(demo_user, person, len(users) + 1, start))
        if demo_user.role:
            roles.append(UserRole(person.id, demo_user.role, start))
    users.append(_runner(random, len(users) + 1, start))

    taken = set(named)
    teacher_count = max(6, size.users // (_STUDENTS_FOR_ONE_TEACHER + 1))
    student_count = size.users - len(users) - teacher_count
    needed = [size.editions[0].start] * teacher_count
    needed += [size.editions[first_course(size, student, student_count)].start for student in range(student_count)]
    others: list[Person] = []
    for time in needed:
        person, user = _make_user(random, len(users) + 1, time - timedelta(days=random.uniform(5, 40)), size.now, taken)
        others.append(person)
        users.append(user)
    users[40] = users[40]._replace(given_name=WITH_EMOJI.written)
    roles.append(UserRole(others[0].id, "_organization_manager", start, named["admin"].id, transient=True))
    return People(named, tuple(others[:teacher_count]), tuple(others[teacher_count:]), tuple(users), tuple(roles))


def cohort(size: Size, course: int, student_count: int) -> range:
    """The students, by number, who may take a course: old ones the old courses, new ones the new."""
    width = min(student_count, _COHORT * size.students)
    start = course * (student_count - width) // (len(size.editions) - 1)
    return range(start, start + width)


def first_course(size: Size, student: int, student_count: int) -> int:
    """The oldest course that a student may take."""
    return next(course for course in range(len(size.editions)) if student < cohort(size, course, student_count).stop)


def _named_user(demo_user: DemoUser, person: Person, number: int, time: datetime) -> User:
    return User(
        person.id,
        time,
        number,
        demo_user.username,
        demo_user.given_name,
        demo_user.family_name,
        f"{demo_user.username}@{_MAIL}",
        number=f"LT-{number:06}",
    )


def _runner(random: Random, number: int, time: datetime) -> User:
    """The technical account that reports test runs."""
    return User(
        draw_id(random),
        time,
        number,
        username="test-runner",
        user_type="token",
        token_expiration=time.replace(year=2035),
        properties={"purpose": "reports test runs", "token": "not-a-secret-runner"},
    )


def _make_user(
    random: Random, number: int, created_at: datetime, now: datetime, taken: set[str]
) -> tuple[Person, User]:
    given, family = draw_name(random)
    slug = _free_slug(f"{given.latin[0]}.{family.latin}", taken)
    person = Person(draw_id(random), slug, ability=random.gauss(0, 1))
    nameless = happens(random, 0.015)
    return person, User(
        person.id,
        created_at,
        number,
        username=None if happens(random, 0.01) else slug,
        given_name=None if nameless else given.written,
        family_name=None if nameless or happens(random, 0.02) else family.written,
        email=None if happens(random, 0.03) else f"{slug}@{_MAIL}",
        number=f"LT-{number:06}" if happens(random, 0.9) else None,
        properties=random.choice((None, None, None, {}, {"pronouns": "they"}, {"locale": "de-AT", "theme": "dark"})),
        archived_at=draw_time(random, created_at, now) if happens(random, 0.01) else None,
    )


def _free_slug(slug: str, taken: set[str]) -> str:
    free, count = slug, 1
    while free in taken:
        count += 1
        free = f"{slug}{count}"
    taken.add(free)
    return free
