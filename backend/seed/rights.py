"""Roles, groups and seats: what lets people do more than their courses do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from backend.seed.chance import draw_id, happens, stream
from backend.seed.tables import (
    CourseFamilyMember,
    Group,
    GroupClaim,
    OrganizationMember,
    Role,
    RoleClaim,
    UserGroup,
    UserRole,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from random import Random

    from backend.seed.people import People, Person
    from backend.seed.size import Size
    from backend.seed.tables import CourseFamily, Organization

_CLAIM = "permissions"
_TESTERS = ("lecturer", "tutor", "student")
"""Who is in everything, so that one who logs in as them has something to look at."""

_GROUPS = (
    ("student-council", "Studierendenvertretung", "Vertritt alle, die hier studieren. 代表全体学生。", "fixed"),
    ("guests", "Guests — ضيوف", "Exchange students and visitors, for the time of their stay.", "dynamic"),
    ("library-board", "Library board", "Decides which examples are taught with.", "fixed"),
    ("ethics", "Етична комісія", None, "fixed"),
    ("alumni", None, "Wer hier studiert hat.", "dynamic"),
)


@dataclass(frozen=True)
class Rights:
    """All of it."""

    roles: tuple[Role, ...]
    role_claims: tuple[RoleClaim, ...]
    user_roles: tuple[UserRole, ...]
    groups: tuple[Group, ...]
    group_claims: tuple[GroupClaim, ...]
    user_groups: tuple[UserGroup, ...]
    organization_members: tuple[OrganizationMember, ...]
    family_members: tuple[CourseFamilyMember, ...]


def make_rights(
    size: Size, people: People, organizations: tuple[Organization, ...], families: Iterable[CourseFamily]
) -> Rights:
    """Roles and groups of the university, and seats in each of its organizations and course families."""
    random = stream("rights")
    start = size.editions[0].start - timedelta(days=35)
    roles = (
        Role("mentor", "Mentor", "Helps those in their first year to find their way."),
        Role("librarian", "Librarian", "Looks after examples, whoever teaches with them."),
    )
    role_claims = tuple(
        RoleClaim("librarian", _CLAIM, f"{table}:{action}", start)
        for table in ("example_repository", "example", "example_version", "example_dependency")
        for action in ("get", "list")
    )
    mentors = [people.named[name] for name in _TESTERS] + random.sample(people.students, 8)
    # The identity provider knows who mentors, and tells at each login.
    user_roles = [UserRole(person.id, "mentor", start, transient=True) for person in mentors]
    user_roles.append(UserRole(people.teachers[1].id, "librarian", start, people.named["admin"].id, transient=True))
    groups, group_claims, user_groups = _make_groups(random, people, organizations, start)
    return Rights(
        roles,
        role_claims,
        tuple(user_roles),
        groups,
        group_claims,
        user_groups,
        tuple(
            OrganizationMember(draw_id(random), start, user, organization.id, role, organization.created_by)
            for organization in organizations
            for user, role in _seats(
                random, people, organization.created_by, organization.path == "open_source"
            ).items()
        ),
        tuple(
            CourseFamilyMember(draw_id(random), start, user, family.id, role, family.created_by)
            for number, family in enumerate(families)
            for user, role in _seats(random, people, family.created_by, number == 0).items()
        ),
    )


def _make_groups(
    random: Random, people: People, organizations: tuple[Organization, ...], start: datetime
) -> tuple[tuple[Group, ...], tuple[GroupClaim, ...], tuple[UserGroup, ...]]:
    admin = people.named["admin"].id
    groups = tuple(
        Group(
            draw_id(random),
            start,
            slug,
            title,
            description,
            kind,
            admin,
            {"matrix": f"#{slug}:uni-lindental.example"} if slug == "student-council" else None,
        )
        for slug, title, description, kind in _GROUPS
    )
    by_slug = {group.slug: group.id for group in groups}
    summer = next(organization.id for organization in organizations if organization.path == "summer_school")
    claims = (
        GroupClaim(by_slug["library-board"], _CLAIM, "example:list", start),
        GroupClaim(by_slug["library-board"], _CLAIM, "example:get", start),
        # One row, which guests may look at before their first course begins.
        GroupClaim(by_slug["guests"], _CLAIM, f"organization:get:{UUID(summer)}", start, {"reason": "welcome page"}),
    )
    members = {slug: random.sample(people.students, 6) for slug in by_slug}
    members["library-board"] = random.sample(people.teachers, 3)
    members["student-council"] += [people.named[name] for name in _TESTERS]
    dynamic = {group.slug for group in groups if group.type == "dynamic"}
    joined = tuple(
        UserGroup(person.id, by_slug[slug], start, slug in dynamic, None if slug in dynamic else admin)
        for slug, persons in members.items()
        for person in persons
    )
    return groups, claims, joined


def _seats(random: Random, people: People, creator: str | None, everybody: bool) -> dict[str, str]:  # noqa: FBT001 - a fact of the place
    """Roles by user: who made a place owns it; some manage it, and others work on it."""
    manager, *developers = random.sample(people.teachers, 3)
    seats = {manager.id: "_manager"} | {person.id: "_developer" for person in developers if happens(random, 0.6)}
    testers: list[Person] = [people.named[name] for name in _TESTERS] if everybody else []
    seats |= {person.id: "_developer" for person in testers}
    return seats | ({creator: "_owner"} if creator else {})
