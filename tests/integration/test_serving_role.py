"""The rights that docs/operating.md gives whoever serves are enough, and no more than it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from backend.access.credentials import create_token
from tests.support import university
from tests.support.cached_answers import kept
from tests.support.processes import gateway_process
from tests.support.redis_server import redis_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operating.md"
GROUPS = '{ courseGroups(filter: { title: { eq: "Thursday" } }) { totalCount nodes { id } } }'
CREATE = "mutation ($course: ID!) { createCourseGroup(input: { courseId: $course, title: %s }) { errors { code } } }"


@pytest.fixture
def role_url(own_world: World) -> Iterator[str]:
    """The database as a role that has nothing but what the page grants."""
    name = f"serving_{uuid4().hex}"
    role = sql.Identifier(name)
    (grants,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    own_world.connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'hush'").format(role))
    own_world.connection.execute(re.sub(r"\bgateway;", f"{name};", grants).encode())
    try:
        yield psycopg.conninfo.make_conninfo(own_world.database_url, user=name, password="hush")
    finally:
        own_world.connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
        own_world.connection.execute(sql.SQL("DROP ROLE {}").format(role))


def test_what_the_page_grants_is_enough_to_read_write_and_keep(own_world: World, role_url: str) -> None:
    university.build_university(own_world)
    tokens = {user: create_token(own_world.database_url, user=user, scopes=["*"]) for user in ("lea", "adi")}
    with redis_server() as redis, gateway_process(role_url, tokens, redis.url) as gateway:
        assert kept(gateway, "lea", GROUPS)["courseGroups"] == {"totalCount": 0, "nodes": []}
        course = f"Course:{own_world.id('course', 'algebra')}"
        made = gateway.data("lea", CREATE % '"Thursday"', course=course)
        assert made["createCourseGroup"] == {"errors": []}
        assert kept(gateway, "lea", GROUPS)["courseGroups"]["totalCount"] == 1
        # Its number comes from a sequence.
        made = gateway.data("adi", 'mutation { createUser(input: { givenName: "New" }) { errors { code } } }')
        assert made["createUser"] == {"errors": []}
        # Pages end in cursors, which take the secret.
        page = gateway.data("lea", "{ courseMembers(first: 1) { pageInfo { endCursor } } }")
        assert page["courseMembers"]["pageInfo"]["endCursor"]


def test_what_only_an_upgrade_writes_is_refused_to_it(role_url: str) -> None:
    with psycopg.connect(role_url, autocommit=True) as connection:
        for statement in (
            "UPDATE gateway_secret SET value = ''",
            "DELETE FROM gateway_alembic_version",
            "INSERT INTO gateway_change (table_name) VALUES ('course')",
            "DELETE FROM gateway_reader",
            "ALTER TABLE course DISABLE TRIGGER ALL",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
