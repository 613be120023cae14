"""Values and waits that must not break writes, nor outlast a caller's rights: each of these was tried."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backend.access.credentials import create_token
from tests.support.gateway import Campus, running_gateway
from tests.support.mutations import codes, write
from tests.support.waiting import wait_for_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

WAITING = """mutation($id: ID!) { updateUser(id: $id, input: {givenName: "Late"}) {
  errors { code } query { courseContentKinds { totalCount } }
} }"""


@pytest.fixture(scope="module")
def campus(own_world: World) -> Iterator[Campus]:
    algebra = own_world.course("algebra")
    algebra.lecturer("lea")
    algebra.content("week_1")
    own_world.role("adi", "_admin")
    url = own_world.database_url
    tokens = {user: create_token(url, user=user, scopes=["*"]) for user in ("lea", "adi")}
    tokens |= {name: create_token(url, user="lea", scopes=["*"]) for name in ("revoked lea", "leaving lea")}
    with running_gateway(url, tokens, transaction_timeout=1.5) as running:
        yield own_world, running


def _name(world: World) -> str:
    row = world.connection.execute('SELECT given_name FROM "user" WHERE username = %s', ["lea"]).fetchone()
    return str(row and row[0])


def test_whoever_is_nobody_at_the_end_has_written_nothing(campus: Campus) -> None:
    world, gateway = campus
    with psycopg.connect(world.database_url) as other, ThreadPoolExecutor(1) as pool:
        other.execute("LOCK TABLE course_content_kind IN ACCESS EXCLUSIVE MODE")
        answer = pool.submit(gateway.ask, "revoked lea", WAITING, id=world.id("user", "lea"))
        wait_for_lock(world)
        world.connection.execute(
            "UPDATE api_token SET revoked_at = now() WHERE user_id = %s AND token_prefix = %s",
            [world.id("user", "lea"), gateway.tokens["revoked lea"][:12]],
        )
        other.rollback()
        assert answer.result()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert _name(world) == "Lea"


def test_a_token_takes_itself_back(campus: Campus) -> None:
    world, gateway = campus
    own = world.connection.execute(
        "SELECT id::text FROM api_token WHERE token_prefix = %s", [gateway.tokens["leaving lea"][:12]]
    ).fetchone()
    assert own is not None
    assert codes(write(gateway, "leaving lea", "deleteApiToken", "deletedApiTokenId", id=own[0])) == []
    again = gateway.ask("leaving lea", "{ me { id } }")
    assert again["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_a_transaction_ends_though_its_statements_go_on(campus: Campus) -> None:
    world, gateway = campus
    with psycopg.connect(world.database_url) as other:
        other.execute("LOCK TABLE course_content_kind IN ACCESS EXCLUSIVE MODE")
        answer = gateway.ask("lea", WAITING, id=world.id("user", "lea"))
        assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        other.rollback()
    assert _name(world) == "Lea"
    assert codes(gateway.data("lea", WAITING, id=world.id("user", "lea"))["updateUser"]) == []


def test_what_is_hidden_stays_where_what_was_read_is_written_back(campus: Campus) -> None:
    world, gateway = campus
    stored = {
        "gitlab": {"url": "u", "token": "t", "parts": [{"name": "a", "password": "p"}]},
        "secret": 1,
        "gone": {"token": 2},
    }
    key = world.course("kept", properties=stored).key
    world.course("kept").lecturer("lea")
    read = gateway.data("lea", "query($id: ID!) { course(id: $id) { properties } }", id=key)["course"]["properties"]
    assert read == {"gitlab": {"url": "u", "parts": [{"name": "a"}]}, "gone": {}}
    read["gitlab"]["url"] = "v"
    del read["gone"]
    back = write(gateway, "lea", "updateCourse", "course { properties }", id=key, input={"properties": read})
    assert (back["errors"], back["course"]["properties"]) == ([], read)

    def held() -> Any:
        row = world.connection.execute("SELECT properties FROM course WHERE id = %s", [key]).fetchone()
        return row and row[0]

    gitlab = {"url": "v", "token": "t", "parts": [{"name": "a", "password": "p"}]}
    assert held() == {"gitlab": gitlab, "secret": 1}
    read["gitlab"]["token"] = None
    assert codes(write(gateway, "lea", "updateCourse", id=key, input={"properties": read})) == []
    assert held() == {"gitlab": {**gitlab, "token": None}, "secret": 1}
    assert codes(write(gateway, "lea", "updateCourse", id=key, input={"properties": None})) == []
    assert held() is None


@pytest.mark.parametrize("number", ["18446744073709551616", "-9223372036854775809", "1e400", "[{b: -1e999}]"])
def test_numbers_that_json_cannot_hold_are_refused(campus: Campus, number: str) -> None:
    world, gateway = campus
    given = f"{{properties: {{a: {number}}}}}"
    text = f"mutation($id: ID!) {{ updateCourse(id: $id, input: {given}) {{ errors {{ code path }} }} }}"
    (error,) = gateway.data("lea", text, id=world.id("course", "algebra"))["updateCourse"]["errors"]
    assert (error["code"], error["path"][:3]) == ("VALIDATION", ["input", "properties", "a"])


def test_a_row_that_another_writer_nested_deep_can_be_updated(campus: Campus) -> None:
    world, gateway = campus
    deep = '{"a":' * 1500 + "1" + "}" * 1500
    key = world.id("course", "algebra")
    world.connection.execute("UPDATE course SET properties = %s::jsonb WHERE id = %s", [deep, key])
    assert codes(write(gateway, "lea", "updateCourse", id=key, input={"description": "x"})) == []
    assert codes(write(gateway, "lea", "updateCourse", id=key, input={"properties": {"a": 1}})) == []


def test_what_is_too_long_for_an_index_is_refused(campus: Campus) -> None:
    _, gateway = campus
    labels = [f"{number:x}".rjust(8, "x") for number in range(1000)]
    long = {"organizationType": "ORGANIZATION", "title": "Long", "path": ".".join(label * 25 for label in labels[:20])}
    (error,) = write(gateway, "adi", "createOrganization", input=long)["errors"]
    assert (error["code"], error["path"]) == ("VALIDATION", ["input", "path"])


def test_children_are_counted_over_all_rows(campus: Campus) -> None:
    world, gateway = campus
    family = world.id("course_family", "algebra")
    courses = [
        {"path": f"many_{n}", "courseFamilyId": family, "courseGroups": [{"title": f"g{m}"} for m in range(501)]}
        for n in range(2)
    ]
    (error,) = write(gateway, "adi", "createCourses", inputs=courses)["errors"]
    assert (error["code"], error["path"]) == ("VALIDATION", ["inputs"])
