"""The people with names of their own: one for each way to use the platform, to log in as and to measure with."""

# ruff: noqa: RUF001 - letters of other scripts look like Latin ones, and are meant

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.seed.size import SizeName


@dataclass(frozen=True)
class DemoUser:
    """Someone to log in as.

    `courses` says which role they have in which editions, counted from the oldest.
    """

    username: str
    description: str
    given_name: str
    family_name: str
    role: str | None = None
    courses: dict[int, str] = field(default_factory=dict)


def _with_role(role: str, *courses: int) -> dict[int, str]:
    return dict.fromkeys(courses, role)


_DEMO_COURSES: dict[str, dict[int, str]] = {
    "lecturer": _with_role("_lecturer", 2, 5, 9),
    "tutor": {6: "_student", 9: "_tutor"},
    "student": _with_role("_student", 2, 5, 7, 10),
    "owner": _with_role("_owner", 0, 2, 9),
}
_LARGE_COURSES: dict[str, dict[int, str]] = {
    "lecturer": _with_role("_lecturer", 120, 160, 190),
    "tutor": {150: "_student", 170: "_tutor"},
    "student": _with_role("_student", 40, 90, 130, 160),
    "owner": _with_role("_owner", 0, 100, 190),
    "lecturer_spread": _with_role("_lecturer", *(course * 200 // 60 for course in range(60))),
    "lecturer_old": _with_role("_lecturer", *range(60)),
}
_COURSES = {"demo": _DEMO_COURSES, "large": _LARGE_COURSES}


def cast(size: SizeName) -> tuple[DemoUser, ...]:
    """All of them, for one size of the data."""
    courses = _COURSES[size]
    everywhere = (
        DemoUser("admin", "administrator", "Ingrid", "Sørensen", role="_admin"),
        DemoUser("lecturer", "lecturer of three courses", "Kateřina", "Černá", courses=courses["lecturer"]),
        DemoUser("tutor", "tutor of one course, student of another", "Γιώργος", "Οικονόμου", courses=courses["tutor"]),
        DemoUser("student", "student of four courses", "さくら", "渡邊", courses=courses["student"]),
        DemoUser("owner", "owner of three courses", "Brigitte", "von der Heide", courses=courses["owner"]),
        DemoUser("usermanager", "manages all users", "Ömer", "Yıldırım", role="_user_manager"),
        DemoUser("orgmanager", "manages all organizations", "Олена", "Шевченко", role="_organization_manager"),
        DemoUser("stranger", "in no course at all", "Nguyệt", "Đặng"),
    )
    if size == "demo":
        return everywhere
    return (
        *everywhere,
        DemoUser(
            "lecturer_spread",
            "lecturer of 60 courses spread over all years",
            "Siobhán",
            "MacLeod",
            courses=courses["lecturer_spread"],
        ),
        DemoUser(
            "lecturer_old",
            "lecturer of the 60 oldest courses",
            "Matthias",
            "Königsberger",
            courses=courses["lecturer_old"],
        ),
    )
