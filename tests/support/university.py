"""The world that permissions are tested on: two organizations, three courses, and a user of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.world import World

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
    for user in ("ada", "cyd"):
        build_identity(world, user, user)
    build_library(world, "week_1.sheet_1", "algebra")
    build_library(world, "week_1.sheet_0", "archived")
    build_library(world, "lab.report", "chemistry", "chemistry")
    build_upload(world, "ada", "ada alone", "ada 2", "ada")
    build_feedback(world, "ada", "ada alone", "ada 2", "ada")
    backends = {"execution_backend_id": world.backend("python"), "course_id": world.id("course", "algebra")}
    world.insert("course_execution_backend", None, **backends)
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


def build_identity(world: World, user: str, name: str) -> None:
    """All that belongs to a user: an account, a profile, a login, and a place in a group."""
    key = world.user(user)
    account = {"provider": "https://git.example", "type": "gitlab", "provider_account_id": name, "user_id": key}
    world.insert("account", f"account {name}", **account, properties={"picture": "cat", "token": "hidden"})
    world.insert("profile", f"profile {name}", user_id=key, nickname=f"nick_{name}", avatar_color=255)
    matriculation = {"student_id": f"m-{name}", "student_email": f"{name}@uni.example"}
    world.insert(
        "student_profile", f"student {name}", user_id=key, organization_id=world.organization("uni"), **matriculation
    )
    world.insert("session", f"session {name}", user_id=key, session_id=f"secret-{name}", ip_address="10.1.2.3")
    token = {
        "token_hash": f"hash {name}".encode(),
        "token_prefix": "ctp_1234abcd",
        "revoked_at": "2026-01-01T00:00:00Z",
    }
    world.insert("api_token", f"token {name}", user_id=key, name=f"token of {name}", **token)
    group = world.insert("group", f"group {name}", slug=f"group-{name}", title=f"Group {name}")
    claim = {"claim_type": "permissions", "claim_value": "nothing:list"}
    world.insert("group_claim", None, group_id=group, **claim)
    world.insert("user_group", None, user_id=key, group_id=group)


def build_library(world: World, path: str, name: str, course: str = "algebra") -> None:
    """An example with two versions that needs another, and its deployment to a content of the course."""
    owner = world.organization("uni")
    url = f"https://bot:hid/d#en@examples.example/{name}?token=hidden"
    source = {"source_url": url, "source_type": "git", "access_credentials": "hidden"}
    kept_in = world.insert("example_repository", f"library {name}", name=name, organization_id=owner, **source)
    examples = []
    for title in ("loops", "lists"):
        names = {"title": title, "directory": title, "identifier": f"{title}.a", "tags": [title]}
        examples.append(world.insert("example", f"{title} {name}", example_repository_id=kept_in, **names))
    needs = {"example_id": examples[0], "depends_id": examples[1]}
    world.insert("example_dependency", f"dependency {name}", **needs, version_constraint=">=1.0")
    versions = []
    for number in (1, 2):
        tags = {
            "version_tag": f"{number}.0",
            "version_number": number,
            "storage_path": "hidden",
            "meta_yaml": "title: a",
        }
        versions.append(world.insert("example_version", f"loops {name} {number}", example_id=examples[0], **tags))
    content = world.id("course_content", f"{course}/{path}")
    status = {"deployment_status": "deployed", "deployment_message": "hidden", "version_tag": "2.0"}
    assigned = {"course_content_id": content, "example_version_id": versions[1]}
    deployment = world.insert("course_content_deployment", f"deployment {name}", **assigned, **status)
    versioned = {"example_version_id": versions[1], "previous_example_version_id": versions[0]}
    world.insert("deployment_history", f"history {name}", deployment_id=deployment, action="reassigned", **versioned)


def build_upload(
    world: World, member: str, group: str, result: str, name: str, *, course: str = "algebra", reviewer: str = "tom"
) -> None:
    """An upload of the group by the member, the run that tested it with a file of its own, and a review of it."""
    stored = {"file_size": 10, "bucket_name": "hidden", "object_key": "hidden", "content_type": "application/zip"}
    people = {person: world.id("course_member", f"{person}@{course}") for person in (member, reviewer)}
    of = {
        "submission_group_id": world.id("course_submission_group", group),
        "uploaded_by_course_member_id": people[member],
    }
    said = {"version_identifier": f"commit {name}", "properties": {"files": ["a.py"], "token": "hidden"}}
    upload = world.insert("submission_artifact", f"upload {name}", **of, **said, **stored)
    run = world.id("result", result)
    world.connection.execute("UPDATE result SET submission_artifact_id = %s WHERE id = %s", [upload, run])
    world.insert("result_artifact", f"file {name}", result_id=run, **stored)
    by = {"artifact_id": upload, "reviewer_course_member_id": people[reviewer]}
    world.insert("submission_review", f"review {name}", **by, body="short", review_type="peer")


def build_feedback(world: World, member: str, group: str, result: str, name: str, course: str = "algebra") -> None:
    """A grade of a group of the course, and a comment about one of its members, by its tutor."""
    tutor = world.id("course_member", f"tom@{course}")
    graded = world.id("course_submission_group", group)
    run = world.id("result", result)
    grade = {"grading": 0.5, "status": 1, "feedback": "well done"}
    given = {"course_submission_group_id": graded, "graded_by_course_member_id": tutor, "result_id": run}
    upload = world.known("submission_artifact", f"upload {name}")
    world.insert("course_submission_group_grading", f"grade {name}", **given, **grade, submission_artifact_id=upload)
    about = world.id("course_member", f"{member}@{course}")
    world.insert(
        "course_member_comment", f"comment {name}", transmitter_id=tutor, course_member_id=about, message="late"
    )


def build_message(world: World, member: str, group: str, path: str, name: str) -> None:
    """A message for all that a student of algebra belongs to, answered and read, and seats of the student above."""
    user, family, organization = world.user(member), world.id("course_family", "math"), world.id("organization", "uni")
    targets = {
        "user_id": user,
        "course_member_id": world.id("course_member", f"{member}@algebra"),
        "course_submission_group_id": world.id("course_submission_group", group),
        "course_content_id": world.id("course_content", f"algebra/{path}"),
        "course_group_id": world.id("course_group", "algebra/group"),
        "course_id": world.id("course", "algebra"),
        "course_family_id": family,
        "organization_id": organization,
    }
    said = {"author_id": user, "title": name, "content": name}
    message = world.insert("message", f"message {name}", **said, **targets, level=0)
    world.insert("message", f"reply {name}", **said, user_id=user, parent_id=message, level=1)
    world.insert("message_read", f"mark {name}", message_id=message, reader_user_id=user)
    for scope, key in (("organization", organization), ("course_family", family)):
        seat = {"user_id": user, f"{scope}_id": key, f"{scope}_role_id": "_developer"}
        world.insert(f"{scope}_member", f"{scope} {name}", **seat)


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
