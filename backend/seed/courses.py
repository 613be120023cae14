"""Courses, their groups and who is in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from backend.seed.chance import draw_id, happens, stream
from backend.seed.institutions import GIT_SERVER
from backend.seed.people import cohort
from backend.seed.syllabus import SYLLABI
from backend.seed.tables import Course, CourseExecutionBackend, CourseFamily, CourseGroup, CourseMember

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from backend.json import Json
    from backend.seed.cast import DemoUser
    from backend.seed.people import People, Person
    from backend.seed.size import Edition, Size
    from backend.seed.syllabus import Syllabus
    from backend.seed.tables import ExecutionBackend, Organization

_SEATS_OF_A_GROUP = 16
_DAYS = {"en": ("Monday", "Tuesday", "Thursday"), "de": ("Montag", "Dienstag", "Donnerstag")}


@dataclass(frozen=True)
class Student:
    """Someone who works on a course's assignments."""

    person: Person
    member: CourseMember


@dataclass(frozen=True)
class Class:
    """One course with everybody in it."""

    number: int
    edition: Edition
    syllabus: Syllabus
    course: Course
    slug: str
    author: str
    """The id of the user who made its contents."""
    backends: tuple[CourseExecutionBackend, ...]
    groups: tuple[CourseGroup, ...]
    members: tuple[CourseMember, ...]
    students: tuple[Student, ...]

    def with_role(self, *roles: str) -> list[CourseMember]:
        """The members with one of the roles."""
        return [member for member in self.members if member.course_role_id in roles]


def make_families(size: Size, people: People, organizations: tuple[Organization, ...]) -> dict[int, CourseFamily]:
    """Those that have courses, by the number of their syllabus."""
    random = stream("families")
    by_path = {organization.path: organization for organization in organizations}
    taught = sorted({edition.syllabus for edition in size.editions})
    return {
        number: CourseFamily(
            draw_id(random),
            size.editions[0].start - timedelta(days=40),
            SYLLABI[number].path,
            by_path[SYLLABI[number].organization].id,
            SYLLABI[number].title,
            SYLLABI[number].description,
            {"gitlab": _gitlab(f"courses/{SYLLABI[number].path}")} if number % 2 == 0 else None,
            people.named["orgmanager"].id,
        )
        for number in taught
    }


def make_class(
    number: int,
    size: Size,
    people: People,
    cast: tuple[DemoUser, ...],
    families: dict[int, CourseFamily],
    backends: dict[str, ExecutionBackend],
) -> Class:
    """The course of one edition."""
    random = stream("course", number)
    edition = size.editions[number]
    syllabus = SYLLABI[edition.syllabus]
    family = families[edition.syllabus]
    made = edition.start - timedelta(days=20)
    lecturer, owner = random.sample(people.teachers, 2)
    term = f"{edition.semester.year} {edition.semester.season}"
    slug = f"{syllabus.path}/{edition.semester.year}-{edition.semester.season}"
    gitlab = _gitlab(f"courses/{slug}") | {"token": f"not-a-secret-course-{number}"}
    course = Course(
        draw_id(random),
        made,
        term.replace(" ", "_"),
        family.id,
        family.organization_id,
        title=None if number % 23 == 8 else f"{syllabus.title}, {term}",  # noqa: PLR2004 - one of the first and few others
        description=syllabus.description if number % 3 else None,
        properties=None if number % 4 == 3 else {"gitlab": gitlab},  # noqa: PLR2004 - every fourth
        created_by=owner.id,
    )
    groups = _make_groups(random, size, course, syllabus, made)
    named = {
        people.named[demo_user.username]: demo_user.courses[number] for demo_user in cast if number in demo_user.courses
    }
    students = [person for person, role in named.items() if role == "_student"]
    numbers = random.sample(cohort(size, number, len(people.students)), size.students + 4)
    students += [people.students[student] for student in numbers[: size.students]]
    staff = {owner: "_owner", lecturer: "_lecturer"}
    staff |= {people.students[student]: "_tutor" for student in numbers[size.students : size.students + 3]}
    if number % 6 == 5:  # noqa: PLR2004 - every sixth
        staff[people.students[numbers[-1]]] = "_maintainer"
    staff |= {person: role for person, role in named.items() if role != "_student"}

    enrolled = [
        Student(person, _make_student(random, course, slug, groups[seat % len(groups)], person, edition.start))
        for seat, person in enumerate(students)
    ]
    members = [
        CourseMember(
            draw_id(random),
            made,
            person.id,
            course.id,
            role,
            random.choice(groups).id if role == "_tutor" and happens(random, 0.5) else None,
            created_by=owner.id,
        )
        for person, role in staff.items()
    ]
    members += [student.member for student in enrolled]
    links = {syllabus.runner, "python-3"} if number % 4 == 1 else {syllabus.runner}
    return Class(
        number,
        edition,
        syllabus,
        course,
        slug,
        lecturer.id,
        tuple(
            CourseExecutionBackend(backends[runner].id, course.id, made, {"priority": 5} if number % 5 == 0 else None)
            for runner in sorted(links)
        ),
        groups,
        tuple(members),
        tuple(enrolled),
    )


def _make_groups(
    random: Random, size: Size, course: Course, syllabus: Syllabus, made: datetime
) -> tuple[CourseGroup, ...]:
    word = "Group" if syllabus.language == "en" else "Gruppe"
    return tuple(
        CourseGroup(
            draw_id(random),
            made,
            course.id,
            f"{word} {number + 1}" if number or happens(random, 0.85) else None,
            f"{_DAYS[syllabus.language][number % 3]} {8 + 2 * (number % 5)}:15" if happens(random, 0.6) else None,
            course.created_by,
        )
        for number in range(-(-size.students // _SEATS_OF_A_GROUP))
    )


def _make_student(
    random: Random, course: Course, slug: str, group: CourseGroup, person: Person, start: datetime
) -> CourseMember:
    repository = f"students/{slug}/{person.slug}"
    properties: Json | None = None
    if happens(random, 0.3):
        properties = {"gitlab": _gitlab(repository) | {"full_path_submission": f"{repository}-submission"}}
    return CourseMember(
        draw_id(random),
        # In the first hours of the course, and some before.
        start + timedelta(hours=random.uniform(-72, 12)),
        person.id,
        course.id,
        "_student",
        group.id,
        properties,
        person.id if happens(random, 0.5) else None,
    )


def _gitlab(path: str) -> dict[str, object]:
    return {"url": GIT_SERVER, "full_path": path, "web_url": f"{GIT_SERVER}/{path}"}
