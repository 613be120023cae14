"""What is kept, for whom, and for how long: each rule of docs/caching.md by itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest
from pydantic import SecretStr

from backend.access.credentials import create_token
from backend.cache import recall
from backend.interface.api_token import ApiTokenInterface
from backend.interface.course import CourseInterface
from tests.support.cached_answers import USERS, kept, told
from tests.support.gateway import running_gateway
from tests.support.statements import statements
from tests.support.waiting import blocked, eventually, wait_for_lock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.gateway import RunningGateway
    from tests.support.redis_server import RedisServer
    from tests.support.world import World

COURSES = "{ courses { nodes { title } } }"


def test_an_answer_is_kept_and_given_again_without_the_database(cached: RunningGateway) -> None:
    data = kept(cached, "ada", COURSES)
    assert data == {"courses": {"nodes": [{"title": "Algebra"}]}}
    before = statements(cached)
    assert cached.ask("ada", COURSES) == {"data": data}
    assert statements(cached) == before


def test_another_process_takes_what_the_first_one_kept(cached_gateways: Sequence[RunningGateway]) -> None:
    first, second = cached_gateways
    query = "{ courses(first: 7) { nodes { title path } } }"
    kept(second, "ada", COURSES)
    data = kept(first, "ada", query)
    before = statements(second)
    assert told(second, "ada", query).cache == {"courses": "hit"}
    assert second.data("ada", query) == data
    assert statements(second) == before


@pytest.mark.parametrize(
    "query",
    [
        "query { other: courses(first: 9) { totalCount nodes { short: title id } } }",
        "query ($n: Int) { courses(first: $n) { totalCount nodes { short: title id } } }",
        "query ($n: Int = 9) { courses(first: $n) { totalCount nodes { short: title id } } }",
        "{ courses(first: 9) { ...F } } fragment F on CourseConnection { totalCount nodes { ...{short: title id} } }",
        "query ($no: Boolean = false) { courses(first: 9) { totalCount nodes { short: title id @skip(if: $no) } } }",
        "{ courses(first: 9) { totalCount nodes { short: title } } courses(first: 9) { nodes { id } } }",
    ],
)
def test_one_field_is_one_entry_however_it_is_written(cached: RunningGateway, query: str) -> None:
    kept(cached, "tom", "{ courses(first: 9) { totalCount nodes { short: title id } } }")
    assert set(told(cached, "tom", query, n=9).cache.values()) == {"hit"}


@pytest.mark.parametrize(
    "query",
    [
        "{ courses(first: 8) { totalCount nodes { title } } }",
        "{ courses(first: 9) { totalCount nodes { id } } }",
        "{ courses(first: 9) { totalCount nodes { name: title } } }",
        "{ courses(first: 9) { nodes { title } totalCount } }",
        "{ courses(first: 9, orderBy: [{title: DESC}]) { totalCount nodes { title } } }",
    ],
)
def test_another_field_is_another_entry(cached: RunningGateway, query: str) -> None:
    kept(cached, "lea", "{ courses(first: 9) { totalCount nodes { title } } }")
    assert told(cached, "lea", query).cache == {"courses": "miss"}


def test_kept_and_fresh_fields_stand_in_one_document_in_its_order(cached: RunningGateway) -> None:
    kept(cached, "tom", "{ courses { nodes { title } } me { username } }")
    query = """{
      a: courses { nodes { title } } b: courseMembers { totalCount } __typename
      activeCourses { totalCount } me { username }
    }"""
    found = told(cached, "tom", query)
    assert found.cache == {"a": "hit", "b": "miss", "activeCourses": "miss", "me": "hit"}
    assert list(found.data) == ["a", "b", "__typename", "activeCourses", "me"]
    again = told(cached, "tom", query)
    assert set(again.cache.values()) == {"hit"}
    assert again.data == found.data


def test_objects_by_global_ids_are_kept(cached: RunningGateway, own_university: World) -> None:
    course = f"Course:{own_university.id('course', 'algebra')}"
    user = f"User:{own_university.id('user', 'tom')}"
    query = """query ($one: ID!, $all: [ID!]!) {
      node(id: $one) { id ... on Course { title } } nodes(ids: $all) { __typename id }
    }"""
    data = kept(cached, "tom", query, one=course, all=[user, course])
    assert data["node"] == {"id": course, "title": "Algebra"}
    assert [each["__typename"] for each in data["nodes"]] == ["User", "Course"]
    assert told(cached, "tom", query, one=course, all=[course, user]).cache == {"node": "hit", "nodes": "miss"}


def test_a_narrowed_token_is_another_reader_than_its_owner(cached: RunningGateway) -> None:
    query = "{ courses { nodes { title members { totalCount } } } }"
    full = kept(cached, "ada", query)
    narrowed = cached.data("ada reads", query)
    assert full["courses"]["nodes"][0]["members"]["totalCount"] > 0
    assert narrowed["courses"]["nodes"][0]["members"]["totalCount"] == 0
    assert kept(cached, "ada reads", query) == narrowed
    assert cached.data("ada", query) == full


def test_nobody_is_given_what_was_kept_for_another(cached: RunningGateway) -> None:
    query = "{ me { username } courseMembers { nodes { user { username } } } }"
    seen = {user: kept(cached, user, query) for user in USERS}
    assert {user: data["me"]["username"] for user, data in seen.items()} == {user: user for user in USERS}
    assert {user: cached.data(user, query) for user in USERS} == seen


def test_bad_input_is_refused_beside_what_is_kept(cached: RunningGateway) -> None:
    kept(cached, "tom", COURSES)
    answer = cached.ask("tom", "{ courses { nodes { title } } results(first: -1) { totalCount } }")
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "data" not in answer or answer["data"] is None


def test_what_depends_on_the_time_ends_at_the_next_moment(
    own_university: World, own_redis: RedisServer, university_tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ApiTokenInterface, "cache_ttl", 60)
    query = 'query ($x: Boolean) { apiTokens(search: {expired: $x}, filter: {name: {eq: "timed"}}) { totalCount } }'
    create_token(own_university.database_url, user="mia", name="timed")
    with running_gateway(own_university.database_url, university_tokens, redis_url=SecretStr(own_redis.url)) as running:
        own_university.connection.execute(
            "UPDATE api_token SET expires_at = clock_timestamp() + interval '2 seconds' WHERE name = 'timed'"
        )
        assert kept(running, "mia", query, x=False)["apiTokens"]["totalCount"] == 1
        assert kept(running, "mia", query, x=True)["apiTokens"]["totalCount"] == 0
        # Nothing is written when its time comes.
        eventually(lambda: running.data("mia", query, x=False)["apiTokens"]["totalCount"] == 0)
        assert running.data("mia", query, x=True)["apiTokens"]["totalCount"] == 1


def test_what_ended_before_a_request_has_ended_for_it(
    own_university: World, own_redis: RedisServer, university_tokens: dict[str, str]
) -> None:
    url, query = own_university.database_url, "{ sessions { nodes { isActive } } }"
    own_university.insert("session", "sol's", user_id=own_university.user("sol"), session_id="s", ip_address="10.1.2.3")
    with running_gateway(url, university_tokens, redis_url=SecretStr(own_redis.url)) as running:
        kept(running, "sol", "{ me { username } }")
        assert running.data("sol", query)["sessions"]["nodes"] == [{"isActive": True}]
        own_university.connection.execute("UPDATE session SET expires_at = clock_timestamp() + interval '1 second'")
        with psycopg.connect(url) as locker, ThreadPoolExecutor(2) as pool:
            locker.execute("LOCK TABLE session IN ACCESS EXCLUSIVE MODE")
            pool.submit(running.data, "sol", query)
            wait_for_lock(own_university)
            eventually(
                lambda: locker.execute("SELECT expires_at < clock_timestamp() FROM session").fetchone() == (True,)
            )
            late = pool.submit(running.data, "sol", query)
            # It waits for the table, too, and not for the one before it.
            eventually(lambda: len(blocked(own_university.connection)) == 2)
            locker.commit()
        assert late.result()["sessions"]["nodes"] == [{"isActive": False}]


def test_long_answers_are_not_kept(cached: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    query = "{ organizations { nodes { title path } } }"
    monkeypatch.setattr(recall, "LARGEST", 20)
    for _ in range(4):
        assert told(cached, "adi", query).cache == {"organizations": "miss"}
    monkeypatch.undo()
    kept(cached, "adi", query)


def test_what_may_not_be_kept_is_not(
    own_university: World, own_redis: RedisServer, university_tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CourseInterface, "cache_ttl", 0)
    with running_gateway(own_university.database_url, university_tokens, redis_url=SecretStr(own_redis.url)) as running:
        kept(running, "ada", "{ me { username } }")
        for _ in range(4):
            found = told(running, "ada", "{ courses { totalCount } courseMembers { nodes { course { title } } } }")
            assert "hit" not in found.cache.values()
