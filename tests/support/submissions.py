"""Submissions of several people in each course of the university: uploads, test runs, reviews, grades, comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.university import build_upload

if TYPE_CHECKING:
    from tests.support.world import World


def build_submissions(world: World) -> None:
    """All of it, on top of the university."""
    build_upload(world, "bob", "bob alone", "bob 1", "bob", reviewer="ada")
    build_upload(world, "bob", "team", "team by bob", "team", reviewer="lea")
    build_upload(world, "cyd", "cyd alone", "cyd 1", "cyd", course="geometry", reviewer="mia")
    build_upload(world, "dan", "dan alone", "dan 1", "dan", course="chemistry", reviewer="dan")
    world.course("algebra").result("bob for ada", "week_1.sheet_1", "bob", group="ada alone")
    stored = {"file_size": 20, "bucket_name": "hidden", "object_key": "hidden"}
    for name, run in (("alone", "ada by herself"), ("guest", "bob for ada")):
        world.insert("result_artifact", f"file {name}", result_id=world.id("result", run), **stored)
    team = world.id("course_submission_group", "team")
    draft = {"submission_group_id": team, "uploaded_by_course_member_id": world.id("course_member", "bob@algebra")}
    world.insert("submission_artifact", "draft team", **draft, **stored, uploaded_at="2020-01-01T00:00:00Z")
    world.connection.execute("UPDATE course_submission_group SET display_name = 'The team' WHERE id = %s", [team])
    by_mia = {
        "artifact_id": world.id("submission_artifact", "upload ada"),
        "reviewer_course_member_id": world.id("course_member", "mia@algebra"),
    }
    world.insert("submission_review", "review mia", **by_mia, body="long")
    for name, group, grader in (("team", "team", "tom@algebra"), ("cyd", "cyd alone", "mia@geometry")):
        _grade(world, name, group, grader)
    _grade(world, "dan", "dan alone", "dan@chemistry")
    for name, about, writer in (("mia", "algebra", "tom"), ("tom", "algebra", "lea"), ("cyd", "geometry", "mia")):
        members = {
            "course_member_id": world.id("course_member", f"{name}@{about}"),
            "transmitter_id": world.id("course_member", f"{writer}@{about}"),
        }
        world.insert("course_member_comment", f"comment {name}", **members, message="hidden")


def _grade(world: World, name: str, group: str, grader: str) -> None:
    given = {
        "course_submission_group_id": world.id("course_submission_group", group),
        "graded_by_course_member_id": world.id("course_member", grader),
        "submission_artifact_id": world.id("submission_artifact", f"upload {name}"),
    }
    world.insert("course_submission_group_grading", f"grade {name}", **given, grading=0.75)
