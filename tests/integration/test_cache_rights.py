"""What callers may see, and what they are shown, are of one state, also where Redis knows them: docs/caching.md."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
from pydantic import SecretStr

from backend.access.credentials import create_token
from tests.support.cached_answers import kept
from tests.support.gateway import running_gateway
from tests.support.waiting import eventually, wait_for_lock

if TYPE_CHECKING:
    from tests.support.redis_server import RedisServer
    from tests.support.world import World

COURSES = "{ courses { nodes { title } } }"
DELETE = "mutation ($id: ID!) { deleteCourseMember(id: $id) { errors { message } } }"
UPDATE = "mutation ($id: ID!, $title: String) { updateCourse(id: $id, input: {title: $title}) { errors { message } } }"


def _looks(redis: RedisServer) -> int:
    """How often a request has looked at what is kept."""
    found: dict[str, dict[str, int]] = redis.client.info("commandstats")
    return found["cmdstat_mget"]["calls"]


def test_rights_that_end_while_a_connection_is_waited_for_show_nothing_that_came_later(
    own_world: World, own_redis: RedisServer
) -> None:
    world = own_world
    course = world.course("algebra")
    member = course.tutor("tom")
    world.role("adi", "_admin")
    tokens = {user: create_token(world.database_url, user=user, scopes=["*"]) for user in ("tom", "adi")}
    redis = SecretStr(own_redis.url)
    with (
        running_gateway(world.database_url, tokens, redis_url=redis, pool_size=2) as gateway,
        ThreadPoolExecutor(2) as pool,
    ):
        kept(gateway, "tom", COURSES)
        kept(gateway, "adi", "{ me { username } }")
        with psycopg.connect(world.database_url) as locker:
            locker.execute("LOCK TABLE execution_backend IN ACCESS EXCLUSIVE MODE")
            # It has the half of the connections that one user gets.
            pool.submit(gateway.ask, "tom", "{ executionBackends { totalCount } }")
            wait_for_lock(world)
            before = _looks(own_redis)
            waits = pool.submit(gateway.ask, "tom", "{ courses(first: 7) { nodes { title } } }")
            eventually(lambda: _looks(own_redis) > before)
            done = gateway.data("adi", DELETE, id=member)
            assert done["deleteCourseMember"]["errors"] == []
            done = gateway.data("adi", UPDATE, id=course.key, title="Of later")
            assert done["updateCourse"]["errors"] == []
        assert waits.result()["data"]["courses"]["nodes"] in ([], [{"title": "Algebra"}])
