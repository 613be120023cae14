"""Who a token stands for, from one request to the next: scopes, claims, and changes of what they rest on."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from backend.access.credentials import create_token, revoke_token
from backend.graphql import engine
from tests.support.gateway import RunningGateway, running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

ME = "{ me { username } }"
COUNTS = "{ users { totalCount } courses { totalCount } courseContents { totalCount } results { totalCount } }"
# Plans without a statement, answers without a row, and input that is refused before anything runs.
FORMS = (
    ME,
    "{ __typename }",
    "{ __schema { queryType { name } } }",
    "{ nodes(ids: []) { id } }",
    "{ courses(first: -1) { totalCount } }",
    "{ nope }",
    "query ($x: Int!) { courses(first: $x) { totalCount } }",
    "query A { __typename } query B { __typename }",
)


def _as(gateway: RunningGateway, token: str) -> RunningGateway:
    return gateway.with_tokens({"me": token})


def _code(answer: dict[str, Any]) -> str | None:
    code: str | None = answer["errors"][0]["extensions"]["code"] if "errors" in answer else None
    return code


def _counts(gateway: RunningGateway, reader: str = "me") -> tuple[int, ...]:
    data = gateway.data(reader, COUNTS)
    return tuple(data[name]["totalCount"] for name in ("users", "courses", "courseContents", "results"))


@contextmanager
def _changed(world: World, there: str, back: str, *values: object) -> Iterator[None]:
    """The rows differ while the block runs."""
    assert world.connection.execute(there.encode(), values).rowcount == 1
    try:
        yield
    finally:
        assert world.connection.execute(back.encode(), values).rowcount == 1


@pytest.mark.parametrize("user", ["gus", "rob"])
@pytest.mark.parametrize("form", FORMS)
def test_archived_user_and_expired_account_are_refused(world_gateway: RunningGateway, user: str, form: str) -> None:
    assert _code(world_gateway.ask(user, form)) == "UNAUTHENTICATED"


@pytest.mark.parametrize("form", FORMS)
def test_revoked_token_ends_at_once(world_gateway: RunningGateway, world: World, form: str) -> None:
    token = create_token(world.database_url, user="tom")
    mine = _as(world_gateway, token)
    before = mine.ask("me", form)
    assert _code(before) != "UNAUTHENTICATED"
    assert mine.ask("me", form) == before
    assert revoke_token(world.database_url, token) == 1
    for _ in range(2):
        assert _code(mine.ask("me", form)) == "UNAUTHENTICATED"


def test_token_that_expires_ends_at_once(world_gateway: RunningGateway, world: World) -> None:
    token = create_token(world.database_url, user="tom", name="short", expires_in=timedelta(hours=1))
    mine = _as(world_gateway, token)
    assert mine.data("me", ME) == {"me": {"username": "tom"}}
    world.connection.execute(
        "UPDATE api_token SET created_at = now() - interval '2 h', expires_at = now() WHERE name = 'short'"
    )
    assert _code(mine.ask("me", ME)) == "UNAUTHENTICATED"


def test_user_who_is_archived_is_refused_until_they_are_back(world_gateway: RunningGateway, world: World) -> None:
    assert world_gateway.data("sol", ME) == {"me": {"username": "sol"}}
    archive = 'UPDATE "user" SET archived_at = {} WHERE id = %s'
    with _changed(world, archive.format("now()"), archive.format("NULL"), world.id("user", "sol")):
        assert _code(world_gateway.ask("sol", ME)) == "UNAUTHENTICATED"
    assert world_gateway.data("sol", ME) == {"me": {"username": "sol"}}


def test_account_that_expires_is_refused(world_gateway: RunningGateway, world: World) -> None:
    assert world_gateway.data("ron", ME) == {"me": {"username": "ron"}}
    expire = 'UPDATE "user" SET token_expiration = {} WHERE id = %s'
    with _changed(world, expire.format("now()"), expire.format("'2100-01-01'"), world.id("user", "ron")):
        assert _code(world_gateway.ask("ron", ME)) == "UNAUTHENTICATED"


def test_membership_counts_from_the_next_request(world_gateway: RunningGateway, world: World) -> None:
    assert _counts(world_gateway, "dan") == (1, 1, 2, 1)
    join = "INSERT INTO course_member (user_id, course_id, course_role_id) VALUES (%s, %s, '_tutor')"
    leave = "DELETE FROM course_member WHERE user_id = %s AND course_id = %s"
    with _changed(world, join, leave, world.id("user", "dan"), world.id("course", "geometry")):
        assert _counts(world_gateway, "dan") == (3, 2, 4, 2)
    assert _counts(world_gateway, "dan") == (1, 1, 2, 1)


def test_lower_role_counts_from_the_next_request(world_gateway: RunningGateway, world: World) -> None:
    query = "{ results(orderBy: [{ result: ASC }]) { nodes { referenceVersionIdentifier } } }"
    assert len(world_gateway.data("tom", query)["results"]["nodes"]) == 6
    group = world.id("course_group", "algebra/group")
    demote = "UPDATE course_member SET course_role_id = '_student', course_group_id = %s WHERE id = %s"
    promote = (
        "UPDATE course_member SET course_role_id = '_tutor', course_group_id = NULL"
        " WHERE course_group_id = %s AND id = %s"
    )
    with _changed(world, demote, promote, group, world.id("course_member", "tom@algebra")):
        assert world_gateway.data("tom", query)["results"]["nodes"] == []
        assert _counts(world_gateway, "tom") == (1, 1, 3, 0)
    assert len(world_gateway.data("tom", query)["results"]["nodes"]) == 6


@pytest.mark.parametrize(
    ("role", "visible"),
    [("_admin", (17, 3, 7, 8)), ("_user_manager", (17, 0, 0, 0)), ("_organization_manager", (1, 3, 0, 0))],
)
def test_global_role_counts_from_the_next_request(
    world_gateway: RunningGateway, world: World, role: str, visible: tuple[int, ...]
) -> None:
    give = "INSERT INTO user_role (user_id, role_id) VALUES (%s, %s)"
    take = "DELETE FROM user_role WHERE user_id = %s AND role_id = %s"
    assert _counts(world_gateway, "sol") == (1, 0, 0, 0)
    with _changed(world, give, take, world.id("user", "sol"), role):
        assert _counts(world_gateway, "sol") == visible
    assert _counts(world_gateway, "sol") == (1, 0, 0, 0)


def test_claim_of_a_role_and_of_a_group_counts_from_the_next_request(
    world_gateway: RunningGateway, world: World
) -> None:
    add = "INSERT INTO role_claim (role_id, claim_type, claim_value) VALUES (%s, 'Permissions', 'result:list')"
    drop = "DELETE FROM role_claim WHERE role_id = %s AND claim_value = 'result:list'"
    assert _counts(world_gateway, "clara") == (1, 1, 1, 0)
    with _changed(world, add, drop, "collector"):
        assert _counts(world_gateway, "clara") == (1, 1, 1, 8)
    group = world.insert("group", "readers", slug="readers")
    world.insert("user_group", None, user_id=world.id("user", "sol"), group_id=group)
    add = "INSERT INTO group_claim (group_id, claim_type, claim_value) VALUES (%s, 'permissions', 'course:get')"
    drop = "DELETE FROM group_claim WHERE group_id = %s"
    assert _counts(world_gateway, "sol") == (1, 0, 0, 0)
    with _changed(world, add, drop, group):
        assert _counts(world_gateway, "sol") == (1, 3, 0, 0)
    assert _counts(world_gateway, "sol") == (1, 0, 0, 0)


# Scopes narrow what the owner may read: users, courses, contents, results.
SCOPES: tuple[tuple[str, tuple[str, ...], tuple[int, ...]], ...] = (
    ("tom", (), (7, 1, 3, 6)),
    ("tom", ("course:get",), (0, 1, 0, 0)),
    ("tom", ("course:list", "result:get"), (0, 1, 0, 6)),
    ("tom", ("course:update",), (0, 0, 0, 0)),
    ("tom", ("organization:get",), (0, 0, 0, 0)),
    ("tom", ("*",), (7, 1, 3, 6)),
    ("tom", ("*", "course:get"), (0, 1, 0, 0)),
    ("tom", ("*:get",), (0, 0, 0, 0)),
    ("ada", ("course:get", "result:get"), (0, 1, 0, 5)),
    # `_admin` is not inherited: without it adi holds nothing, and is in no course.
    ("adi", (), (17, 3, 7, 8)),
    ("adi", ("course:get", "user:get", "result:get", "course_content:get"), (1, 0, 0, 0)),
    ("orla", ("course:get",), (0, 3, 0, 0)),
    ("uma", ("user:list",), (17, 0, 0, 0)),
)


@pytest.mark.parametrize(("user", "scopes", "visible"), SCOPES)
def test_scopes_narrow_what_the_owner_reads(
    world_gateway: RunningGateway, world: World, user: str, scopes: tuple[str, ...], visible: tuple[int, ...]
) -> None:
    mine = _as(world_gateway, create_token(world.database_url, user=user, scopes=scopes))
    assert _counts(mine) == visible


def test_narrowed_token_reaches_no_other_table_by_any_way(world_gateway: RunningGateway, world: World) -> None:
    mine = _as(world_gateway, create_token(world.database_url, user="tom", scopes=["result:get"]))
    key = world.id("result", "ada 1")
    data = mine.data(
        "me",
        f"""{{
          me {{ id }}
          result(id: "{key}") {{ courseMember {{ id }} courseContent {{ id }} executionBackend {{ slug }} }}
          node(id: "CourseMember:{world.id("course_member", "tom@algebra")}") {{ id }}
          roles {{ totalCount }} courseRoles {{ totalCount }}
          a: results(filter: {{ courseMember: {{}} }}) {{ totalCount }}
          b: results(filter: {{ not: {{ courseContent: {{ title: {{ isNull: false }} }} }} }}) {{ totalCount }}
          c: results(search: {{ courseMemberId: "{world.id("course_member", "ada@algebra")}" }}) {{ totalCount }}
          d: results(orderBy: [{{ courseContent: {{ title: ASC_NULLS_FIRST }} }}, {{ result: DESC }}]) {{
            nodes {{ result }}
          }}
        }}""",
    )
    nothing = {"courseMember": None, "courseContent": None, "executionBackend": None}
    assert data.pop("d") == {"nodes": [{"result": score} for score in (1.0, 0.75, 0.5, 0.25, 0.125, 0.0)]}
    assert data == {
        "me": None,
        "result": nothing,
        "node": None,
        "roles": {"totalCount": 0},
        "courseRoles": {"totalCount": 0},
        "a": {"totalCount": 0},
        "b": {"totalCount": 6},
        "c": {"totalCount": 0},
    }


def test_scopes_that_change_count_from_the_next_request(world_gateway: RunningGateway, world: World) -> None:
    mine = _as(world_gateway, create_token(world.database_url, user="tom", name="scoped", scopes=["course:get"]))
    assert _counts(mine) == (0, 1, 0, 0)
    world.connection.execute("""UPDATE api_token SET scopes = '["result:get"]' WHERE name = 'scoped'""")
    assert _counts(mine) == (0, 0, 0, 6)


def test_use_of_a_token_is_counted_and_changes_nothing_else_of_it(world: World) -> None:
    token = create_token(world.database_url, user="ada", name="counted", scopes=["*"])
    state = b"SELECT usage_count, last_used_at > now() - interval '1 minute', version, updated_at = created_at"
    of_token = b" FROM api_token WHERE name = 'counted'"
    assert world.connection.execute(state + of_token).fetchone() == (0, None, 0, True)
    for times in (3, 2):
        with running_gateway(world.database_url, {"ada": token}) as gateway:
            for _ in range(times):
                gateway.data("ada", ME)
            gateway.ask("ada", "mutation { __typename }")
    with running_gateway(world.database_url, {"ada": token + "x"}) as gateway:
        assert _code(gateway.ask("ada", ME)) == "UNAUTHENTICATED"
    assert world.connection.execute(state + of_token).fetchone() == (7, True, 0, True)
    world.connection.execute(b"DELETE" + of_token)


@pytest.mark.parametrize(
    "document",
    [
        "{ courses(first: 50) { nodes { id } } }",
        "mutation { __typename }",
        'mutation { deleteUser(id: "x") { __typename } }',
    ],
)
def test_a_token_that_has_ended_spends_nothing_of_its_owner(
    world: World, document: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is owed for documents and statements that are new to the process is another matter.
    monkeypatch.setattr(engine, "_READING_COST", 0)
    names = ("ended", "other")
    tokens = {name: create_token(world.database_url, user="tom", name=name, scopes=["*"]) for name in names}
    tokens["first"] = create_token(world.database_url, user="ada", name="first", scopes=["*"])
    with running_gateway(world.database_url, tokens) as gateway:
        cost = _cost(gateway, "first", document)
    # What two requests with the one may cost, and two with the other.
    with running_gateway(world.database_url, tokens, cost_per_minute=4 * cost) as gateway:
        # Whoever brings a document that is new owes for reading it.
        gateway.ask("first", document)
        assert _code(gateway.ask("ended", document)) not in ("UNAUTHENTICATED", "RATE_LIMITED")
        assert revoke_token(world.database_url, tokens["ended"]) == 1
        for _ in range(10):
            assert _code(gateway.ask("ended", document)) == "UNAUTHENTICATED"
        for _ in range(2):
            assert _code(gateway.ask("other", document)) not in ("UNAUTHENTICATED", "RATE_LIMITED")
    counted = world.connection.execute(
        "SELECT name, usage_count FROM api_token WHERE name = ANY(%s) ORDER BY name", [list(names)]
    ).fetchall()
    world.connection.execute("DELETE FROM api_token WHERE name = ANY(%s)", [list(tokens)])
    assert counted == [("ended", 1), ("other", 2)]


def _cost(gateway: RunningGateway, user: str, document: str) -> int:
    headers = {"Authorization": f"Bearer {gateway.tokens[user]}", "GraphQL-Cost": "report"}
    response = gateway.client.post(f"{gateway.url}/graphql", json={"query": document}, headers=headers)
    cost: int = response.json()["extensions"]["cost"]["cost"]
    return cost
