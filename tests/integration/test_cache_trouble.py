"""Redis away, slow, emptied, full, evicting, back with old data, or a replica: answers are right, and nothing fails."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from pydantic import SecretStr

from backend.access.credentials import create_token
from backend.cache import metrics
from tests.support.cached_answers import kept, told
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.redis_server import RedisServer, redis_server
from tests.support.waiting import eventually
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


QUERY = "{ courses { nodes { title } } }"
UPDATE = "mutation ($id: ID!, $title: String) { updateCourse(id: $id, input: {title: $title}) { errors { message } } }"
TITLES = (f"Algebra {number}" for number in itertools.count())


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """A Redis to hurt."""
    with redis_server() as running:
        yield running


@pytest.fixture(scope="module")
def both(own_world: World, server: RedisServer) -> Iterator[Sequence[RunningGateway]]:
    """Two gateways over it, and tokens of a lecturer and of a student."""
    course = own_world.course("algebra")
    course.lecturer("lea")
    course.tutor("tom")
    tokens = {user: create_token(own_world.database_url, user=user, scopes=["*"]) for user in ("lea", "tom")}
    settings: dict[str, Any] = {"redis_url": SecretStr(server.url)}
    with (
        running_gateway(own_world.database_url, tokens, **settings) as first,
        running_gateway(own_world.database_url, tokens, **settings) as second,
    ):
        yield first, second


@pytest.fixture
def gateway(both: Sequence[RunningGateway]) -> RunningGateway:
    """The first, which has kept the answer to the query."""
    for each in both:
        kept(each, "lea", QUERY)
    return both[0]


def _write(world: World) -> str:
    """Past the gateway; gives what the title is now."""
    title = next(TITLES)
    world.connection.execute("UPDATE course SET title = %s WHERE id = %s", [title, world.id("course", "algebra")])
    return title


def _title(gateway: RunningGateway) -> str:
    found: str = gateway.data("lea", QUERY)["courses"]["nodes"][0]["title"]
    return found


def _shows(gateway: RunningGateway, title: str) -> None:
    """What was written past the gateway shows when the reader has come to it."""
    eventually(lambda: _title(gateway) == title)


def _count(counter: Any, *labels: str) -> float:
    value: float = (counter.labels(*labels) if labels else counter)._value.get()  # noqa: SLF001 - as its tests do
    return value


def test_redis_that_is_not_there_is_missed_once_and_found_when_it_comes(
    migrated_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        World(connection, migrated_database).course("algebra").lecturer("lea")
    tokens = {"lea": create_token(migrated_database, user="lea")}
    with redis_server() as late:
        late.kill()
        with running_gateway(migrated_database, tokens, redis_url=SecretStr(late.url)) as running:
            for _ in range(20):
                assert "hit" not in told(running, "lea", QUERY).cache.values()
            late.start()
            kept(running, "lea", QUERY)
    said = [record.getMessage() for record in caplog.records if record.name == "computor.cache"]
    assert sum("Redis is away" in text for text in said) == 1
    assert sum("Redis is back" in text for text in said) == 1


def test_redis_that_dies_and_comes_back_empty(gateway: RunningGateway, own_world: World, server: RedisServer) -> None:
    server.kill()
    for _ in range(5):
        assert _title(gateway) in str(own_world.connection.execute("SELECT title FROM course").fetchall())
    title = _write(own_world)
    assert _title(gateway) == title
    server.start()
    for _ in range(50):
        assert _title(gateway) == title
    assert kept(gateway, "lea", QUERY)["courses"]["nodes"][0]["title"] == title


def test_redis_that_comes_back_with_old_data(gateway: RunningGateway, own_world: World, server: RedisServer) -> None:
    for _ in range(3):
        kept(gateway, "lea", QUERY)
        server.client.save()
        title = _write(own_world)
        _shows(gateway, title)
        server.kill()
        server.start()
        # Answer, stamps and lease of before the write are there again.
        for _ in range(50):
            assert _title(gateway) == title
        # Nor when they are vouched for again.
        assert kept(gateway, "lea", QUERY)["courses"]["nodes"][0]["title"] == title
    (server.directory / "dump.rdb").unlink()


def test_a_redis_with_old_data_brings_back_nothing_that_a_caller_was(
    gateway: RunningGateway, own_world: World, server: RedisServer
) -> None:
    kept(gateway, "tom", QUERY)
    server.client.save()
    own_world.connection.execute("DELETE FROM course_member WHERE user_id = %s", [own_world.user("tom")])
    # The reader does not come to it again.
    eventually(lambda: own_world.connection.execute("SELECT FROM gateway_change").fetchone() is None)
    server.kill()
    server.start()
    (server.directory / "dump.rdb").unlink()
    kept(gateway, "lea", QUERY)
    # The stamps by which tom was known are there again.
    assert gateway.data("tom", QUERY)["courses"]["nodes"] == []


def test_redis_that_is_emptied(gateway: RunningGateway, own_world: World, server: RedisServer) -> None:
    for _ in range(5):
        server.client.flushall()
        title = _write(own_world)
        _shows(gateway, title)
    assert kept(gateway, "lea", QUERY)["courses"]["nodes"][0]["title"] == title


def test_redis_that_is_full_lets_stamps_fall(
    gateway: RunningGateway, own_world: World, server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    client = server.client
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", 1)
    title = _write(own_world)
    _shows(gateway, title)
    # It takes nothing, and stamps away: a writer has nothing to wait for.
    title = next(TITLES)
    done = gateway.data("lea", UPDATE, id=own_world.id("course", "algebra"), title=title)
    assert done["updateCourse"]["errors"] == []
    assert _title(gateway) == title
    assert "could not be announced" not in caplog.text
    for _ in range(5):
        assert told(gateway, "lea", "{ courses { totalCount } }").cache == {"courses": "miss"}
    client.config_set("maxmemory", 0)
    assert kept(gateway, "lea", QUERY)["courses"]["nodes"][0]["title"] == title


def test_redis_that_evicts(gateway: RunningGateway, own_world: World, server: RedisServer) -> None:
    client = server.client
    client.config_set("maxmemory-policy", "allkeys-random")
    client.config_set("maxmemory", int(client.info("memory")["used_memory"]) + 1000)
    evicted = client.info("stats")["evicted_keys"]
    for number in range(60):
        gateway.data("lea", f"{{ courses(first: {number + 1}) {{ nodes {{ id title members {{ totalCount }} }} }} }}")
        if number % 10 == 0:
            title = _write(own_world)
            _shows(gateway, title)
        assert _title(gateway) == title
    assert client.info("stats")["evicted_keys"] > evicted
    client.config_set("maxmemory", 0)


def test_redis_that_stops_answering_is_waited_for_once(
    gateway: RunningGateway, own_world: World, server: RedisServer
) -> None:
    title = _title(gateway)
    timeouts, bypassed = _count(metrics.TROUBLES, "timeout"), _count(metrics.BYPASSED, "away")
    with server.paused():
        for _ in range(30):
            assert _title(gateway) == title
        assert _count(metrics.TROUBLES, "timeout") - timeouts <= 2
        assert _count(metrics.BYPASSED, "away") - bypassed >= 30
        title = _write(own_world)
        assert _title(gateway) == title
    for _ in range(50):
        assert _title(gateway) == title
    kept(gateway, "lea", QUERY)


def test_a_writer_whose_stamps_do_not_fall_waits_until_nothing_is_vouched_for(
    gateway: RunningGateway, both: Sequence[RunningGateway], own_world: World, server: RedisServer
) -> None:
    title = next(TITLES)
    # Reads are answered, and what is kept is all there; stamps cannot be deleted.
    server.client.client_pause(4000, all=False)
    try:
        done = gateway.data("lea", UPDATE, id=own_world.id("course", "algebra"), title=title)
        assert done["updateCourse"]["errors"] == []
        assert [_title(each) for each in both] == [title, title]
    finally:
        server.client.client_unpause()
    for each in both:
        assert kept(each, "lea", QUERY)["courses"]["nodes"][0]["title"] == title


def test_redis_that_becomes_a_replica_is_left(gateway: RunningGateway, own_world: World, server: RedisServer) -> None:
    client = server.client
    client.replicaof("127.0.0.1", "1")
    title = _write(own_world)
    _shows(gateway, title)
    for _ in range(5):
        assert told(gateway, "lea", QUERY).cache == {"courses": "miss"}
    client.replicaof("NO", "ONE")
    assert kept(gateway, "lea", QUERY)["courses"]["nodes"][0]["title"] == title


def test_an_answer_to_another_question_is_not_taken(gateway: RunningGateway, server: RedisServer) -> None:
    client = server.client
    title = _title(gateway)
    mismatches = _count(metrics.TROUBLES, "mismatch")
    for key in client.scan_iter("course:list:*"):
        raw = client.get(key)
        assert isinstance(raw, bytes)
        other = raw.replace(b"course:list:", b"course:last:", 1).replace(title.encode(), b"Of another")
        client.set(key, other, px=60_000)
    # What the process remembers of a request is not asked for.
    assert told(gateway, "lea", QUERY).data["courses"]["nodes"][0]["title"] == title
    assert _count(metrics.TROUBLES, "mismatch") == mismatches + 1
    # What is wrong there is written over.
    kept(gateway, "lea", QUERY)


def test_what_is_no_entry_and_what_is_no_lease_are_missed(
    gateway: RunningGateway, both: Sequence[RunningGateway], server: RedisServer
) -> None:
    client = server.client
    title = _title(gateway)
    # As whoever can write to Redis might have it.
    for junk in (b"", b"abc\ndef\nghi\n", b"1\n" + b"9" * 5000 + b"\n\n", b"1\n9999999999999\n\xff\xfe\n{}"):
        for key in client.scan_iter("course:list:*"):
            client.set(key, key + b"\n" + junk, px=60_000)
        assert [_title(each) for each in both] == [title, title]
    for junk in (b"", b"junk", b"a:b:c", b"\xff:\xfe:1:2", b"a:b:" + b"9" * 5000):
        for key in client.scan_iter("*lease*"):
            client.set(key, junk, px=60_000)
        assert [_title(each) for each in both] == [title, title]
    for each in both:
        kept(each, "lea", QUERY)
