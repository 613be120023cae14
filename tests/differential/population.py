"""The world that random documents are about: the demo data, the university, and more of what there is little of."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

import psycopg
from psycopg import sql

from backend.access.credentials import create_token
from backend.seed import load
from tests.differential.more_rows import MORE, SAME_MOMENTS, SAME_TOKENS, STILL
from tests.differential.oddities import add_oddities
from tests.differential.principals import PRINCIPALS
from tests.support.discussion import build_discussion
from tests.support.university import build_feedback, build_identity, build_message, build_upload
from tests.support.world import World


class _SameWorld(World):
    """A world whose keys are the same in each run, so that a seed repeats its document."""

    def insert(self, table: str, name: str | None, /, **columns: Any) -> str:
        key = {} if name is None or "id" in columns else {"id": str(uuid5(NAMESPACE_URL, f"{table}/{name}"))}
        return super().insert(table, name, **key, **columns)


def populate(database_url: str) -> dict[str, str]:
    """Fills an empty database; the tokens of all principals."""
    load(database_url, "demo")
    with psycopg.connect(database_url, autocommit=True) as connection:
        _build(_SameWorld(connection, database_url))
        connection.execute(sql.SQL(MORE))
    add_oddities(database_url)
    tokens = {
        name: create_token(database_url, user=user, name=name, scopes=scopes)
        for name, (user, scopes) in PRINCIPALS.items()
    }
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(sql.SQL(SAME_TOKENS))
        connection.execute(sql.SQL(SAME_MOMENTS))
        connection.execute(sql.SQL(STILL))
    return tokens


def _build(world: World) -> None:
    build_discussion(world)
    # A lecturer of one course who is a student in another sees the library, and not what the other has of it.
    world.course("geometry").lecturer("max")
    world.course("algebra").student("max")
    for name in ("mia", "dan", "max"):
        build_identity(world, name, name)
    uploads = (("bob", "bob alone", "bob 1", "algebra", "ada"), ("ada", "team", "team by bob", "algebra", "mia"))
    others = (("cyd", "cyd alone", "cyd 1", "geometry", "mia"), ("dan", "dan alone", "dan 1", "chemistry", "dan"))
    for member, group, result, course, reviewer in (*uploads, *others):
        build_upload(world, member, group, result, group, course=course, reviewer=reviewer)
    build_feedback(world, "bob", "team", "team by bob", "team")
    build_message(world, "max", "bob alone", "week_1.sheet_2", "max")
    group = world.insert("group", "workers", slug="workers", title="Workers, 100%")
    for kind, claim in (
        ("Permissions", "result:list"),
        ("permissions", "submission_artifact:get"),
        ("permissions", f"organization:get:{world.id('organization', 'closed')}"),
        ("permissions", f"message:get:{world.id('message', 'to sol')}"),
        ("permissions", f"course_content_deployment:get:{world.id('course_content_deployment', 'deployment algebra')}"),
        ("notes", "user:list"),
    ):
        world.insert("group_claim", None, group_id=group, claim_type=kind, claim_value=claim)
    world.insert("user_group", None, user_id=world.user("gina"), group_id=group)
    world.insert("user_group", None, user_id=world.user("ron"), group_id=group)
