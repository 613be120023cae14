"""What is kept, for whom, and until when: each rule of docs/caching.md by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import redis
from pydantic import SecretStr
from typer.testing import CliRunner

from backend.access.credentials import create_token
from backend.cache import recall
from backend.cli.commands import app
from backend.interface.api_token import ApiTokenInterface
from backend.interface.course import CourseInterface
from backend.plan.snapshot import Snapshot
from tests.support import university
from tests.support.cached_answers import kept, told
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.redis_server import redis_server
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from backend.plan.pipeline_connection import Command
    from tests.support.world import World

COURSES = "{ courses { nodes { title } } }"
USERS = ("ada", "bob", "cyd", "tom", "lea", "adi", "uma", "orla", "mia", "sol")


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """A Redis for this module alone."""
    with redis_server() as server:
        yield server.url


@pytest.fixture(scope="module")
def tokens(own_world: World) -> dict[str, str]:
    """By user: a token that does all that they may; `ada reads` only reads courses for ada."""
    university.build_university(own_world)
    made = {user: create_token(own_world.database_url, user=user, scopes=["*"]) for user in USERS}
    made["ada reads"] = create_token(own_world.database_url, user="ada", scopes=["course:list"])
    return made


@pytest.fixture(scope="module")
def gateways(own_world: World, redis_url: str, tokens: dict[str, str]) -> Iterator[Sequence[RunningGateway]]:
    """Two gateways over one database and one Redis, which share nothing else."""
    settings: dict[str, Any] = {"redis_url": SecretStr(redis_url)}
    with (
        running_gateway(own_world.database_url, tokens, **settings) as first,
        running_gateway(own_world.database_url, tokens, **settings) as second,
    ):
        yield first, second


@pytest.fixture
def cached(gateways: Sequence[RunningGateway]) -> RunningGateway:
    """The first of the gateways."""
    return gateways[0]


@pytest.fixture
def settled(cached: RunningGateway, redis_url: str) -> Callable[[str, str], dict[str, Any]]:
    """Has an answer kept by scopes, given the user and the query; gives the data.

    What is kept of a field's first run rests on whole tables, and falls with every change.
    """

    def settle(user: str, query: str) -> dict[str, Any]:
        with redis.Redis.from_url(redis_url) as client:
            for _ in range(2):
                kept(cached, user, query)
                client.flushall()
        return kept(cached, user, query)

    return settle


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The statements that the gateways send to read."""
    statements: list[bytes] = []
    send = Snapshot._send  # noqa: SLF001 - what goes out is to be seen

    async def counting(snapshot: Snapshot, commands: Sequence[Command], *, last: bool) -> Any:
        statements.extend(text.sql for text, _ in commands)
        return await send(snapshot, commands, last=last)

    monkeypatch.setattr(Snapshot, "_send", counting)
    return statements


def test_an_answer_is_kept_and_given_again_without_the_database(cached: RunningGateway, sent: list[bytes]) -> None:
    data = kept(cached, "ada", COURSES)
    assert data == {"courses": {"nodes": [{"title": "Algebra"}]}}
    sent.clear()
    assert cached.ask("ada", COURSES) == {"data": data}
    assert sent == []


def test_another_process_takes_what_the_first_one_kept(gateways: Sequence[RunningGateway], sent: list[bytes]) -> None:
    first, second = gateways
    query = "{ courses(first: 7) { nodes { title path } } }"
    kept(second, "ada", COURSES)
    data = kept(first, "ada", query)
    sent.clear()
    assert told(second, "ada", query).cache == {"courses": "hit"}
    assert second.data("ada", query) == data
    assert sent == []


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


def test_objects_by_global_ids_are_kept(cached: RunningGateway, own_world: World) -> None:
    course = f"Course:{own_world.id('course', 'algebra')}"
    user = f"User:{own_world.id('user', 'tom')}"
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


def test_a_writer_sees_their_write_on_every_process(gateways: Sequence[RunningGateway], own_world: World) -> None:
    update = (
        "mutation ($id: ID!, $title: String) { updateCourse(id: $id, input: {title: $title}) { errors { message } } }"
    )
    for turn in range(6):
        here, there = gateways[turn % 2], gateways[(turn + 1) % 2]
        for gateway in gateways:
            kept(gateway, "lea", COURSES)
        title = f"Algebra {turn}"
        done = here.data("lea", update, id=own_world.id("course", "algebra"), title=title)
        assert done["updateCourse"]["errors"] == []
        expected = {"courses": {"nodes": [{"title": title}]}}
        assert there.data("lea", COURSES) == expected
        assert here.data("ada", COURSES) == expected
    own_world.connection.execute("UPDATE course SET title = 'Algebra' WHERE path = 'algebra'")


def test_what_a_transaction_reads_is_neither_kept_nor_taken_from_what_is(
    cached: RunningGateway, gateways: Sequence[RunningGateway], own_world: World
) -> None:
    query = "{ courses { nodes { title description } } }"
    before = kept(cached, "lea", query)
    # The second mutation fails, so that the first one is undone, after it has read what it wrote.
    mutation = """mutation ($id: ID!) @atomic {
      first: updateCourse(id: $id, input: {description: "undone"}) { query { courses { nodes { title description } } } }
      second: updateCourse(id: "00000000-0000-0000-0000-000000000000", input: {}) { errors { code } }
    }"""
    done = cached.data("lea", mutation, id=own_world.id("course", "algebra"))
    assert done["second"]["errors"][0]["code"] == "NOT_FOUND"
    for gateway in gateways:
        # As the process remembers it, and as Redis has it.
        assert [gateway.data("lea", query), told(gateway, "lea", query).data] == [before, before]
    written = mutation.replace(" @atomic", "").partition("second:")[0] + "}"
    done = cached.data("lea", written, id=own_world.id("course", "algebra"))
    assert done["first"]["query"]["courses"]["nodes"] == [{"title": "Algebra", "description": "undone"}]


def test_a_write_by_anyone_shows(cached: RunningGateway, own_world: World) -> None:
    query = "{ courseContents(orderBy: [{title: ASC}]) { nodes { title } } }"
    kept(cached, "ada", query)
    own_world.connection.execute(
        "UPDATE course_content SET title = 'Written by psql' WHERE id = %s",
        [own_world.id("course_content", "algebra/week_1.sheet_1")],
    )
    eventually(lambda: "Written by psql" in str(cached.data("ada", query)))


def test_a_row_that_moves_shows_where_it_was_and_where_it_is(
    cached: RunningGateway, own_world: World, settled: Callable[[str, str], dict[str, Any]]
) -> None:
    query = "{ courseGroups { nodes { title } } }"
    leaving, arriving = settled("lea", query), settled("cyd", query)
    group = own_world.insert("course_group", "moving", title="Moving", course_id=own_world.id("course", "algebra"))
    eventually(lambda: "Moving" in str(cached.data("lea", query)))
    settled("lea", query)
    settled("cyd", query)
    kept(cached, "lea", query)
    own_world.connection.execute(
        "UPDATE course_group SET course_id = %s WHERE id = %s", [own_world.id("course", "geometry"), group]
    )
    eventually(lambda: cached.data("lea", query) == leaving)
    eventually(lambda: "Moving" in str(cached.data("cyd", query)))
    own_world.connection.execute("DELETE FROM course_group WHERE id = %s", [group])
    eventually(lambda: cached.data("cyd", query) == arriving)


def test_a_course_that_goes_with_its_members_shows(cached: RunningGateway, own_world: World) -> None:
    course = own_world.course("fleeting")
    course.lecturer("lea")
    course.student("bob")
    query = "{ courses { totalCount } courseMembers { totalCount } }"
    eventually(lambda: cached.data("bob", query)["courses"]["totalCount"] == 2)
    members = {user: kept(cached, user, query)["courseMembers"]["totalCount"] for user in ("lea", "bob")}
    own_world.connection.execute("DELETE FROM course_member WHERE course_id = %s", [course.key])
    own_world.connection.execute("DELETE FROM course WHERE id = %s", [course.key])
    eventually(lambda: kept(cached, "lea", query)["courseMembers"]["totalCount"] == members["lea"] - 2)
    eventually(lambda: kept(cached, "bob", query)["courseMembers"]["totalCount"] < members["bob"])


def test_a_cascade_shows(
    cached: RunningGateway, own_world: World, settled: Callable[[str, str], dict[str, Any]]
) -> None:
    """Its rows' parents, over which staff see them, are gone before anyone could follow the path."""
    query = "{ results { totalCount } }"
    before = settled("mia", query)["results"]["totalCount"]
    deleted = own_world.connection.execute(
        "DELETE FROM course_content WHERE id = %s", [own_world.id("course_content", "geometry/week_1.sheet_1")]
    )
    assert deleted.rowcount == 1
    eventually(lambda: kept(cached, "mia", query)["results"]["totalCount"] < before)


def test_what_a_trigger_writes_at_the_commit_shows_to_the_writer(
    gateways: Sequence[RunningGateway], own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is deferred: while the transaction runs, nobody knows of it."""
    # Each look of the reader at what changed is late.
    monkeypatch.setattr("backend.change.reader.POLL", 0.7)
    query = "{ courseGroups { nodes { description } } }"
    update = (
        "mutation ($id: ID!, $text: String) { updateCourse(id: $id, input: {description: $text}) { errors { code } } }"
    )
    execute = own_world.connection.execute
    execute("""
        CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN UPDATE course_group SET description = NEW.description WHERE course_id = NEW.id; RETURN NULL; END $$
    """)
    execute("""
        CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON course DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION late()
    """)
    try:
        for turn in range(4):
            here, there = gateways[turn % 2], gateways[(turn + 1) % 2]
            for gateway in gateways:
                kept(gateway, "lea", query)
            done = here.data("lea", update, id=own_world.id("course", "algebra"), text=f"late {turn}")
            assert done["updateCourse"]["errors"] == []
            for gateway in (there, here):
                found = gateway.data("lea", query)["courseGroups"]["nodes"]
                assert {each["description"] for each in found} == {f"late {turn}"}
    finally:
        execute("DROP FUNCTION late CASCADE")


@pytest.mark.parametrize("target", ["user", "organization", "everyone"])
def test_a_message_shows_to_whom_it_concerns(
    cached: RunningGateway, own_world: World, target: str, settled: Callable[[str, str], dict[str, Any]]
) -> None:
    query = "{ messages { nodes { title } } }"
    readers = {"user": "sol", "organization": "ada", "everyone": "sol"}
    settled(readers[target], query)
    columns: dict[str, Any] = {
        "user": {"user_id": own_world.user("sol")},
        "organization": {"organization_id": own_world.id("organization", "uni")},
        "everyone": {},
    }[target]
    title = f"to {target}"
    own_world.insert("message", title, author_id=own_world.user("adi"), title=title, content="…", level=0, **columns)
    eventually(lambda: title in str(cached.data(readers[target], query)))


def test_managers_without_memberships_see_what_changes(
    cached: RunningGateway, own_world: World, settled: Callable[[str, str], dict[str, Any]]
) -> None:
    query = "{ organizations { nodes { title } } }"
    settled("orla", query)
    own_world.connection.execute("UPDATE organization SET title = 'Renamed' WHERE path = 'tech'")
    eventually(lambda: "Renamed" in str(cached.data("orla", query)))


def test_a_membership_that_ends_ends_what_was_kept_for_it(
    cached: RunningGateway, own_world: World, settled: Callable[[str, str], dict[str, Any]]
) -> None:
    course = own_world.course("joined")
    member = course.student("sol")
    query = "{ courses { nodes { title } } me { username } }"
    eventually(lambda: "Joined" in str(cached.data("sol", query)))
    settled("sol", query)
    own_world.connection.execute("DELETE FROM course_member WHERE id = %s", [member])
    eventually(lambda: "Joined" not in str(cached.data("sol", query)))


def test_a_token_that_is_revoked_or_has_expired_is_refused_whatever_is_kept(
    cached: RunningGateway, own_world: World
) -> None:
    tokens = dict(cached.tokens) | {
        name: create_token(own_world.database_url, user="ada", name=name) for name in ("revoked", "expiring")
    }
    gateway = cached.with_tokens(tokens)
    for name in ("revoked", "expiring"):
        kept(gateway, name, COURSES)
    own_world.connection.execute("UPDATE api_token SET revoked_at = now() WHERE name = 'revoked'")
    eventually(lambda: gateway.ask("revoked", COURSES).get("data") is None)
    own_world.connection.execute(
        "UPDATE api_token SET expires_at = clock_timestamp() + interval '1 second' WHERE name = 'expiring'"
    )
    kept(gateway, "expiring", COURSES)
    # Nothing is written when its time comes.
    eventually(lambda: gateway.ask("expiring", COURSES).get("data") is None)


def test_a_token_is_good_for_nothing_once_the_command_has_revoked_it(
    cached: RunningGateway, own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each look at what changed is late, and in time for what was vouched for to be renewed.
    monkeypatch.setattr("backend.change.reader.POLL", 0.7)
    for number in range(3):
        token = create_token(own_world.database_url, user="ada", name=f"ends {number}")
        gateway = cached.with_tokens({"ends": token})
        kept(gateway, "ends", COURSES)
        revoked = CliRunner().invoke(app, ["token", "revoke", token], env={"DATABASE_URL": own_world.database_url})
        assert revoked.output == "Revoked 1 token.\n"
        (error,) = gateway.ask("ends", COURSES)["errors"]
        assert error["extensions"]["code"] == "UNAUTHENTICATED"


def test_what_depends_on_the_time_ends_at_the_next_moment(
    own_world: World, redis_url: str, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ApiTokenInterface, "cache_ttl", 60)
    query = 'query ($x: Boolean) { apiTokens(search: {expired: $x}, filter: {name: {eq: "timed"}}) { totalCount } }'
    create_token(own_world.database_url, user="mia", name="timed")
    with running_gateway(own_world.database_url, tokens, redis_url=SecretStr(redis_url)) as running:
        own_world.connection.execute(
            "UPDATE api_token SET expires_at = clock_timestamp() + interval '2 seconds' WHERE name = 'timed'"
        )
        assert kept(running, "mia", query, x=False)["apiTokens"]["totalCount"] == 1
        assert kept(running, "mia", query, x=True)["apiTokens"]["totalCount"] == 0
        # Nothing is written when its time comes.
        eventually(lambda: running.data("mia", query, x=False)["apiTokens"]["totalCount"] == 0)
        assert running.data("mia", query, x=True)["apiTokens"]["totalCount"] == 1


def test_long_answers_are_not_kept(cached: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    query = "{ organizations { nodes { title path } } }"
    monkeypatch.setattr(recall, "LARGEST", 20)
    for _ in range(4):
        assert told(cached, "adi", query).cache == {"organizations": "miss"}
    monkeypatch.undo()
    kept(cached, "adi", query)


def test_what_may_not_be_kept_is_not(
    own_world: World, redis_url: str, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CourseInterface, "cache_ttl", 0)
    with running_gateway(own_world.database_url, tokens, redis_url=SecretStr(redis_url)) as running:
        kept(running, "ada", "{ me { username } }")
        for _ in range(4):
            found = told(running, "ada", "{ courses { totalCount } courseMembers { nodes { course { title } } } }")
            assert "hit" not in found.cache.values()
