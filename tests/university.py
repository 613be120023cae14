"""The world that permissions are tested on: two organizations, three courses, and a user of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.builder import World

# By name: what the user is. Each has a token of the same name; those of `REFUSED` do not hold.
ROLES = {"uma": "_user_manager", "orla": "_organization_manager", "adi": "_admin", "cora": "course_admin"}
REFUSED = ("gus", "rob")
READERS = (
    "ada",  # student of algebra
    "bob",  # student of algebra, in a team with ada
    "cyd",  # student of geometry
    "dan",  # student of chemistry
    "mia",  # student of algebra, tutor of geometry
    "tom",  # tutor of algebra
    "lea",  # lecturer of algebra
    "mel",  # maintainer of algebra
    "oda",  # owner of algebra
    "uma",
    "orla",
    "adi",
    "cora",  # has a role whose name ends in _admin, and no other
    "clara",  # has claims on single rows, good ones and garbage
    "ron",  # a technical account that holds
    "sol",  # nobody in particular
)


def build_university(world: World) -> None:
    """Builds it all; `gus` is archived, `rob` a technical account that expired."""
    world.organization("uni")
    world.organization("tech")
    world.organization("closed", archived_at="2026-01-01T00:00:00Z")
    world.organization("home", organization_type="user", title=None, user_id=world.user("ada"))
    world.family("unused", organization="uni")
    world.backend("matlab")
    _build_algebra(world)
    _build_geometry(world)
    _build_chemistry(world)
    for user, role in ROLES.items():
        world.role(user, role)
    world.user("sol")
    world.user("ron", user_type="token", token_expiration="2100-01-01T00:00:00Z")
    world.user("rob", user_type="token", token_expiration="2020-01-01T00:00:00Z")
    chemistry, lab = world.id("course", "chemistry"), world.id("course_content", "chemistry/lab")
    for claim in (
        f"course:get:{chemistry}",
        f"course_content:get:{lab}",
        "course:get:not-a-key",
        "course:get:",
        "course:get:%",
        "course:get:{NULL}",
        "course_content:get:'); DROP TABLE course; --",
        "organization:update",
        "user",
        ":::",
        "",
    ):
        world.claim("collector", claim)
    world.claim("collector", "result:get", kind="comment")
    world.role("clara", "collector")


def _build_algebra(world: World) -> None:
    algebra = world.course("algebra", organization="uni", family="math")
    for student in ("ada", "bob", "mia"):
        algebra.student(student)
    algebra.tutor("tom")
    algebra.lecturer("lea")
    algebra.member("mel", "_maintainer")
    algebra.member("oda", "_owner")
    world.user("gus", archived_at="2026-01-01T00:00:00Z")
    algebra.student("gus")
    algebra.content("week_1", position=1.0)
    algebra.content("week_1.sheet_1", "assignment", position=1.0, execution_backend_id=world.backend("python"))
    algebra.content("week_1.sheet_2", "assignment", position=2.0)
    algebra.content("week_1.sheet_0", "assignment", position=3.0, archived=True)
    algebra.group("ada alone", "week_1.sheet_1", "ada")
    algebra.group("bob alone", "week_1.sheet_1", "bob")
    algebra.group("team", "week_1.sheet_2", "ada", "bob")
    algebra.group("ada before", "week_1.sheet_0", "ada")
    algebra.result("ada 1", "week_1.sheet_1", "ada", group="ada alone", result=0.25)
    algebra.result("ada 2", "week_1.sheet_1", "ada", group="ada alone", result=0.75)
    algebra.result("bob 1", "week_1.sheet_1", "bob", group="bob alone", result=1.0)
    algebra.result("team by bob", "week_1.sheet_2", "bob", group="team", result=0.5)
    algebra.result("ada by herself", "week_1.sheet_2", "ada", result=0.125)
    algebra.result("ada before", "week_1.sheet_0", "ada", group="ada before", result=0.0)


def _build_geometry(world: World) -> None:
    geometry = world.course("geometry", organization="uni", family="math")
    geometry.student("cyd")
    geometry.tutor("mia")
    geometry.content("week_1")
    geometry.content("week_1.sheet_1", "assignment")
    geometry.group("cyd alone", "week_1.sheet_1", "cyd")
    geometry.result("cyd 1", "week_1.sheet_1", "cyd", group="cyd alone", result=0.875)


def _build_chemistry(world: World) -> None:
    chemistry = world.course("chemistry", organization="tech", family="science")
    chemistry.student("dan")
    chemistry.content("lab")
    chemistry.content("lab.report", "assignment")
    chemistry.group("dan alone", "lab.report", "dan")
    chemistry.result("dan 1", "lab.report", "dan", group="dan alone", result=0.625)
