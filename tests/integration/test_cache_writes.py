"""What is written ends what was kept of it, whoever wrote, and by whatever means: docs/caching.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from backend.access.credentials import create_token
from backend.cli.commands import app
from tests.support.cached_answers import kept, told
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support.gateway import RunningGateway
    from tests.support.redis_server import RedisServer
    from tests.support.world import World

COURSES = "{ courses { nodes { title } } }"


@pytest.fixture
def settled(cached: RunningGateway, own_redis: RedisServer) -> Callable[[str, str], dict[str, Any]]:
    """Has an answer kept by scopes, given the user and the query; gives the data.

    What is kept of a field's first run rests on whole tables, and falls with every change.
    """

    def settle(user: str, query: str) -> dict[str, Any]:
        with own_redis.client as client:
            for _ in range(2):
                kept(cached, user, query)
                client.flushall()
        return kept(cached, user, query)

    return settle


def test_a_writer_sees_their_write_on_every_process(
    cached_gateways: Sequence[RunningGateway], own_university: World
) -> None:
    update = (
        "mutation ($id: ID!, $title: String) { updateCourse(id: $id, input: {title: $title}) { errors { message } } }"
    )
    for turn in range(6):
        here, there = cached_gateways[turn % 2], cached_gateways[(turn + 1) % 2]
        for gateway in cached_gateways:
            kept(gateway, "lea", COURSES)
        title = f"Algebra {turn}"
        done = here.data("lea", update, id=own_university.id("course", "algebra"), title=title)
        assert done["updateCourse"]["errors"] == []
        expected = {"courses": {"nodes": [{"title": title}]}}
        assert there.data("lea", COURSES) == expected
        assert here.data("ada", COURSES) == expected
    own_university.connection.execute("UPDATE course SET title = 'Algebra' WHERE path = 'algebra'")


def test_what_a_transaction_reads_is_neither_kept_nor_taken_from_what_is(
    cached: RunningGateway, cached_gateways: Sequence[RunningGateway], own_university: World
) -> None:
    query = "{ courses { nodes { title description } } }"
    before = kept(cached, "lea", query)
    # The second mutation fails, so that the first one is undone, after it has read what it wrote.
    mutation = """mutation ($id: ID!) @atomic {
      first: updateCourse(id: $id, input: {description: "undone"}) { query { courses { nodes { title description } } } }
      second: updateCourse(id: "00000000-0000-0000-0000-000000000000", input: {}) { errors { code } }
    }"""
    done = cached.data("lea", mutation, id=own_university.id("course", "algebra"))
    assert done["second"]["errors"][0]["code"] == "NOT_FOUND"
    for gateway in cached_gateways:
        # As the process remembers it, and as Redis has it.
        assert [gateway.data("lea", query), told(gateway, "lea", query).data] == [before, before]
    written = mutation.replace(" @atomic", "").partition("second:")[0] + "}"
    done = cached.data("lea", written, id=own_university.id("course", "algebra"))
    assert done["first"]["query"]["courses"]["nodes"] == [{"title": "Algebra", "description": "undone"}]


def test_a_write_by_anyone_shows(cached: RunningGateway, own_university: World) -> None:
    query = "{ courseContents(orderBy: [{title: ASC}]) { nodes { title } } }"
    kept(cached, "ada", query)
    own_university.connection.execute(
        "UPDATE course_content SET title = 'Written by psql' WHERE id = %s",
        [own_university.id("course_content", "algebra/week_1.sheet_1")],
    )
    eventually(lambda: "Written by psql" in str(cached.data("ada", query)))


def test_a_row_that_moves_shows_where_it_was_and_where_it_is(
    cached: RunningGateway, own_university: World, settled: Callable[[str, str], dict[str, Any]]
) -> None:
    query = "{ courseGroups { nodes { title } } }"
    leaving, arriving = settled("lea", query), settled("cyd", query)
    group = own_university.insert(
        "course_group", "moving", title="Moving", course_id=own_university.id("course", "algebra")
    )
    eventually(lambda: "Moving" in str(cached.data("lea", query)))
    settled("lea", query)
    settled("cyd", query)
    kept(cached, "lea", query)
    own_university.connection.execute(
        "UPDATE course_group SET course_id = %s WHERE id = %s", [own_university.id("course", "geometry"), group]
    )
    eventually(lambda: cached.data("lea", query) == leaving)
    eventually(lambda: "Moving" in str(cached.data("cyd", query)))
    own_university.connection.execute("DELETE FROM course_group WHERE id = %s", [group])
    eventually(lambda: cached.data("cyd", query) == arriving)


def test_a_course_that_goes_with_its_members_shows(cached: RunningGateway, own_university: World) -> None:
    course = own_university.course("fleeting")
    course.lecturer("lea")
    course.student("bob")
    query = "{ courses { totalCount } courseMembers { totalCount } }"
    eventually(lambda: cached.data("bob", query)["courses"]["totalCount"] == 2)
    members = {user: kept(cached, user, query)["courseMembers"]["totalCount"] for user in ("lea", "bob")}
    own_university.connection.execute("DELETE FROM course_member WHERE course_id = %s", [course.key])
    own_university.connection.execute("DELETE FROM course WHERE id = %s", [course.key])
    eventually(lambda: kept(cached, "lea", query)["courseMembers"]["totalCount"] == members["lea"] - 2)
    eventually(lambda: kept(cached, "bob", query)["courseMembers"]["totalCount"] < members["bob"])


def test_a_cascade_shows(
    cached: RunningGateway, own_university: World, settled: Callable[[str, str], dict[str, Any]]
) -> None:
    """Its rows' parents, over which staff see them, are gone before anyone could follow the path."""
    query = "{ results { totalCount } }"
    before = settled("mia", query)["results"]["totalCount"]
    deleted = own_university.connection.execute(
        "DELETE FROM course_content WHERE id = %s", [own_university.id("course_content", "geometry/week_1.sheet_1")]
    )
    assert deleted.rowcount == 1
    eventually(lambda: kept(cached, "mia", query)["results"]["totalCount"] < before)


def test_what_a_trigger_writes_at_the_commit_shows_to_the_writer(
    cached_gateways: Sequence[RunningGateway], own_university: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is deferred: while the transaction runs, nobody knows of it."""
    # Each look of the reader at what changed is late.
    monkeypatch.setattr("backend.change.reader.POLL", 0.7)
    query = "{ courseGroups { nodes { description } } }"
    update = (
        "mutation ($id: ID!, $text: String) { updateCourse(id: $id, input: {description: $text}) { errors { code } } }"
    )
    execute = own_university.connection.execute
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
            here, there = cached_gateways[turn % 2], cached_gateways[(turn + 1) % 2]
            for gateway in cached_gateways:
                kept(gateway, "lea", query)
            done = here.data("lea", update, id=own_university.id("course", "algebra"), text=f"late {turn}")
            assert done["updateCourse"]["errors"] == []
            for gateway in (there, here):
                found = gateway.data("lea", query)["courseGroups"]["nodes"]
                assert {each["description"] for each in found} == {f"late {turn}"}
    finally:
        execute("DROP FUNCTION late CASCADE")


@pytest.mark.parametrize("target", ["user", "organization", "everyone"])
def test_a_message_shows_to_whom_it_concerns(
    cached: RunningGateway, own_university: World, target: str, settled: Callable[[str, str], dict[str, Any]]
) -> None:
    query = "{ messages { nodes { title } } }"
    readers = {"user": "sol", "organization": "ada", "everyone": "sol"}
    settled(readers[target], query)
    columns: dict[str, Any] = {
        "user": {"user_id": own_university.user("sol")},
        "organization": {"organization_id": own_university.id("organization", "uni")},
        "everyone": {},
    }[target]
    title = f"to {target}"
    own_university.insert(
        "message", title, author_id=own_university.user("adi"), title=title, content="…", level=0, **columns
    )
    eventually(lambda: title in str(cached.data(readers[target], query)))


def test_managers_without_memberships_see_what_changes(
    cached: RunningGateway, own_university: World, settled: Callable[[str, str], dict[str, Any]]
) -> None:
    query = "{ organizations { nodes { title } } }"
    settled("orla", query)
    own_university.connection.execute("UPDATE organization SET title = 'Renamed' WHERE path = 'tech'")
    eventually(lambda: "Renamed" in str(cached.data("orla", query)))


def test_a_membership_that_ends_ends_what_was_kept_for_it(
    cached: RunningGateway, own_university: World, settled: Callable[[str, str], dict[str, Any]]
) -> None:
    course = own_university.course("joined")
    member = course.student("sol")
    query = "{ courses { nodes { title } } me { username } }"
    eventually(lambda: "Joined" in str(cached.data("sol", query)))
    settled("sol", query)
    own_university.connection.execute("DELETE FROM course_member WHERE id = %s", [member])
    eventually(lambda: "Joined" not in str(cached.data("sol", query)))


def test_a_token_that_is_revoked_or_has_expired_is_refused_whatever_is_kept(
    cached: RunningGateway, own_university: World
) -> None:
    tokens = dict(cached.tokens) | {
        name: create_token(own_university.database_url, user="ada", name=name) for name in ("revoked", "expiring")
    }
    gateway = cached.with_tokens(tokens)
    for name in ("revoked", "expiring"):
        kept(gateway, name, COURSES)
    own_university.connection.execute("UPDATE api_token SET revoked_at = now() WHERE name = 'revoked'")
    eventually(lambda: gateway.ask("revoked", COURSES).get("data") is None)
    own_university.connection.execute(
        "UPDATE api_token SET expires_at = clock_timestamp() + interval '1 second' WHERE name = 'expiring'"
    )
    kept(gateway, "expiring", COURSES)
    # Nothing is written when its time comes.
    eventually(lambda: gateway.ask("expiring", COURSES).get("data") is None)


def test_a_token_is_good_for_nothing_once_the_command_has_revoked_it(
    cached: RunningGateway, own_university: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each look at what changed is late, and in time for what was vouched for to be renewed.
    monkeypatch.setattr("backend.change.reader.POLL", 0.7)
    for number in range(3):
        token = create_token(own_university.database_url, user="ada", name=f"ends {number}")
        gateway = cached.with_tokens({"ends": token})
        kept(gateway, "ends", COURSES)
        revoked = CliRunner().invoke(app, ["token", "revoke", token], env={"DATABASE_URL": own_university.database_url})
        assert revoked.output == "Revoked 1 token.\n"
        (error,) = gateway.ask("ends", COURSES)["errors"]
        assert error["extensions"]["code"] == "UNAUTHENTICATED"
