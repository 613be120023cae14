"""Messages to all kinds of targets, who has read them, and who has a seat in an organization or a course family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.university import build_university

if TYPE_CHECKING:
    from tests.support.world import World

# By user: where they have a seat, and their role there.
SEATS = {
    "olaf": ("organization", "tech", "_developer"),
    "mona": ("organization", "tech", "_manager"),
    "otto": ("organization", "tech", "_owner"),
    "pia": ("organization", "uni", "_developer"),
    "fred": ("course_family", "math", "_developer"),
    "fay": ("course_family", "math", "_manager"),
    "fox": ("course_family", "math", "_owner"),
    "gil": ("course_family", "unused", "_manager"),
}

COLUMNS = {"submission_group": "course_submission_group"}
SOL, ADA, ALONE, TEAM = (
    ("user", "sol"),
    ("course_member", "ada@algebra"),
    *(("submission_group", name) for name in ("ada alone", "team")),
)
SHEET, GROUP, OTHER = (
    ("course_content", "algebra/week_1.sheet_1"),
    *(("course_group", f"algebra/{name}") for name in ("group", "other")),
)
ALGEBRA, GEOMETRY = ("course", "algebra"), ("course", "geometry")
MATH, SCIENCE, UNUSED = (("course_family", name) for name in ("math", "science", "unused"))
UNI, TECH, CLOSED = (("organization", name) for name in ("uni", "tech", "closed"))
# By name: the targets, most specific first. Several are as Computor's own backend may have written them.
MESSAGES: dict[str, tuple[tuple[str, str], ...]] = {
    "to sol": (SOL,),
    "to ada": (ADA,),
    "to alone": (ALONE,),
    "to team": (TEAM,),
    "to sheet": (SHEET,),
    "to group": (GROUP,),
    "to other": (OTHER,),
    "to algebra": (ALGEBRA,),
    "to geometry": (GEOMETRY,),
    "to math": (MATH,),
    "to science": (SCIENCE,),
    "to unused": (UNUSED,),
    "to uni": (UNI,),
    "to tech": (TECH,),
    "to closed": (CLOSED,),
    "to all": (),
    "sol of algebra": (SOL, ALGEBRA),
    "ada of sheet": (ADA, SHEET, ALGEBRA),
    "team of algebra": (TEAM, GROUP, ALGEBRA),
    "sheet of group": (SHEET, GROUP),
    "other of algebra": (OTHER, ALGEBRA),
    "algebra of uni": (ALGEBRA, UNI),
    "math of uni": (MATH, UNI),
    "by cyd": (SOL,),
}
LATE = {"late to sol": (SOL,), "late to all": ()}
MARKS = {("ada", "to algebra"), ("ada", "to team"), ("bob", "to team"), ("tom", "to algebra"), ("sol", "to algebra")}


def build_discussion(world: World) -> None:
    """The university, and all messages, marks and seats."""
    build_university(world)
    algebra = world.course("algebra")
    algebra.member("nat", course_group_id=algebra.course_group("other"))
    for user, (scope, name, role) in SEATS.items():
        keys = {"user_id": world.user(user), f"{scope}_id": world.id(scope, name), f"{scope}_role_id": role}
        world.insert(f"{scope}_member", f"{user}@{name}", **keys)
    for name, targets in {**MESSAGES, **LATE}.items():
        keys = {f"{COLUMNS.get(kind, kind)}_id": world.id(COLUMNS.get(kind, kind), target) for kind, target in targets}
        keys["author_id"] = world.user("cyd" if name == "by cyd" else "wanda")
        if name == "by cyd":
            keys["parent_id"] = world.id("message", "to algebra")
        archived = "2026-01-01T00:00:00Z" if name in LATE else None
        world.insert("message", name, level=0, title=name, content=name, archived_at=archived, **keys)
    for who, what in MARKS:
        keys = {"message_id": world.id("message", what), "reader_user_id": world.id("user", who)}
        world.insert("message_read", f"{who} read {what}", **keys)
