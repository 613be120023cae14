"""A process gives an answer again to the same bytes with the same token, as long as it would be given now."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from backend.access.credentials import create_token, revoke_token
from backend.cache import answers
from backend.cache.answers import Answers
from backend.interface.api_token import ApiTokenInterface
from tests.support.cached_answers import kept
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.redis_server import RedisServer, redis_server
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from backend.cache.memory import Proof
    from tests.support.world import World

QUERY = "{ courses { nodes { title } } }"
UPDATE = "mutation ($id: ID!, $title: String) { updateCourse(id: $id, input: {title: $title}) { errors { message } } }"
COST = 1_000_000
_DAY = 86_400


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """A Redis to hurt."""
    with redis_server() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(own_world: World, server: RedisServer) -> Iterator[RunningGateway]:
    """A gateway, with tokens of a lecturer and a student."""
    algebra = own_world.course("algebra")
    algebra.lecturer("lea")
    for course in (algebra, own_world.course("biology")):
        course.student("sue")
    own_world.user("eve")
    tokens = {user: create_token(own_world.database_url, user=user, scopes=["*"]) for user in ("lea", "sue")}
    tokens["lea reads users"] = create_token(own_world.database_url, user="lea", scopes=["user:list"])
    settings: dict[str, Any] = {"redis_url": SecretStr(server.url), "cost_per_minute": COST}
    with running_gateway(own_world.database_url, tokens, **settings) as running:
        yield running


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each answer that was remembered when it was asked for: whether it was given."""
    seen: list[bool] = []
    holds = Answers.holds

    async def noting(self: Answers, proof: Proof) -> bool:
        seen.append(await holds(self, proof))
        return seen[-1]

    monkeypatch.setattr(Answers, "holds", noting)
    return seen


def _remembered(gateway: RunningGateway, given: list[bool], user: str = "lea", query: str = QUERY) -> dict[str, Any]:
    """The data, once it is given from memory; nothing is noted so far."""

    def is_given() -> bool:
        given.clear()
        gateway.data(user, query)
        return given == [True]

    eventually(is_given)
    data = gateway.data(user, query)
    given.clear()
    return data


def _pass_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day goes by on the clock that goes on while the machine sleeps, and on no other."""
    read, slept = time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    monkeypatch.setattr(time, "clock_gettime", lambda clock: read(clock) + (_DAY if clock == slept else 0))


def _title(gateway: RunningGateway) -> str:
    found: str = gateway.data("lea", QUERY)["courses"]["nodes"][0]["title"]
    return found


def _sent(gateway: RunningGateway, user: str = "lea", **headers: str) -> httpx.Response:
    sent = {"Authorization": f"Bearer {gateway.tokens[user]}", **{n.replace("_", "-"): v for n, v in headers.items()}}
    return gateway.client.post(f"{gateway.url}/graphql", json={"query": QUERY, "variables": {}}, headers=sent)


def test_an_answer_is_remembered_where_redis_has_it_no_more(
    gateway: RunningGateway, server: RedisServer, given: list[bool]
) -> None:
    data = _remembered(gateway, given)
    for key in server.client.scan_iter("course:list:*"):
        server.client.delete(key)
    assert gateway.data("lea", QUERY) == data
    assert given == [True]


def test_a_write_through_the_gateway_is_seen_at_once(
    gateway: RunningGateway, own_world: World, given: list[bool]
) -> None:
    _remembered(gateway, given)
    course = f"Course:{own_world.id('course', 'algebra')}"
    for title in ("Algebra I", "Algebra II"):
        assert gateway.data("lea", UPDATE, id=course, title=title)["updateCourse"]["errors"] == []
        assert _title(gateway) == title
    assert True not in given


def test_a_write_past_the_gateway_is_seen(gateway: RunningGateway, own_world: World, given: list[bool]) -> None:
    _remembered(gateway, given)
    own_world.connection.execute(
        "UPDATE course SET title = 'Algebra, past' WHERE id = %s", [own_world.id("course", "algebra")]
    )
    eventually(lambda: _title(gateway) == "Algebra, past")


def test_nobody_is_given_what_another_asked_for(gateway: RunningGateway, given: list[bool]) -> None:
    _remembered(gateway, given)
    assert len(gateway.data("sue", QUERY)["courses"]["nodes"]) == 2
    assert gateway.ask("lea reads users", QUERY)["data"] == {"courses": {"nodes": []}}
    assert given == []


@pytest.mark.parametrize("query", [QUERY, "{ __typename }"])
def test_a_token_that_was_revoked_is_given_nothing(
    gateway: RunningGateway, own_world: World, given: list[bool], query: str
) -> None:
    ending = create_token(own_world.database_url, user="lea", name="ending", scopes=["*"])
    ended = gateway.with_tokens({"lea": ending})
    _remembered(ended, given, query=query)
    revoke_token(own_world.database_url, ending)
    eventually(lambda: ended.ask("lea", query).get("errors", [{}])[0].get("extensions") == {"code": "UNAUTHENTICATED"})


def test_a_token_that_expired_is_given_nothing(gateway: RunningGateway, own_world: World, given: list[bool]) -> None:
    lasts = timedelta(seconds=1.5)
    expiring = create_token(own_world.database_url, user="lea", name="expiring", scopes=["*"], expires_in=lasts)
    _remembered(gateway.with_tokens({"lea": expiring}), given)
    expired = gateway.with_tokens({"lea": expiring})
    eventually(
        lambda: expired.ask("lea", QUERY).get("errors", [{}])[0].get("extensions") == {"code": "UNAUTHENTICATED"}
    )
    assert given[-1] is False


def test_rights_that_were_lost_are_lost(gateway: RunningGateway, own_world: World, given: list[bool]) -> None:
    assert len(_remembered(gateway, given, "sue")["courses"]["nodes"]) == 2
    own_world.connection.execute(
        "DELETE FROM course_member WHERE user_id = %s AND course_id = %s",
        [own_world.id("user", "sue"), own_world.id("course", "biology")],
    )
    eventually(lambda: len(gateway.data("sue", QUERY)["courses"]["nodes"]) == 1)


def test_nothing_is_given_that_nobody_vouches_for(
    gateway: RunningGateway, server: RedisServer, given: list[bool]
) -> None:
    data = _remembered(gateway, given)
    (lease,) = server.client.scan_iter("computor:lease:*")
    value = server.client.get(lease)
    assert isinstance(value, bytes)
    run_id, version, epoch, until = value.split(b":")
    for other in (
        b":".join((run_id, version, b"another-epoch", until)),
        b":".join((run_id, b"another-version", epoch, until)),
        b":".join((b"another-server", version, epoch, until)),
        b"nonsense",
    ):
        # Together with its renewal the reader's next look undoes it: what was given in between says nothing.
        given.clear()

        def is_refused(other: bytes = other) -> bool:
            server.client.set(lease, other, px=1000)
            assert gateway.data("lea", QUERY) == data
            return False in given

        eventually(is_refused)
        _remembered(gateway, given)


def test_nothing_is_given_while_redis_is_away(gateway: RunningGateway, server: RedisServer, given: list[bool]) -> None:
    data = _remembered(gateway, given)
    with server.paused():
        for _ in range(3):
            assert gateway.data("lea", QUERY) == data
    assert True not in given


def test_an_answer_ends_when_what_was_kept_ends(
    gateway: RunningGateway, given: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    _remembered(gateway, given)
    _pass_a_day(monkeypatch)
    gateway.data("lea", QUERY)
    assert given == [False]


def test_an_answer_ends_though_who_kept_it_has_another_time(
    gateway: RunningGateway, given: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "{ courses { nodes { title path } } }"
    now = answers._clock  # noqa: SLF001 - a host that is ahead is what this is about
    monkeypatch.setattr(answers, "_clock", lambda: now() + 3 * _DAY * 1000)
    kept(gateway, "lea", query)
    monkeypatch.setattr(answers, "_clock", now)
    _remembered(gateway, given, query=query)
    _pass_a_day(monkeypatch)
    gateway.data("lea", query)
    assert given == [False]


def test_a_token_expires_while_the_machine_sleeps(
    gateway: RunningGateway, own_world: World, given: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    lasts = timedelta(seconds=_DAY / 2)
    expiring = create_token(own_world.database_url, user="lea", name="sleeping", scopes=["*"], expires_in=lasts)
    sleeper = gateway.with_tokens({"lea": expiring})
    query = "{ __typename }"
    # Nothing of it ends by itself but the token.
    _remembered(sleeper, given, query=query)
    _pass_a_day(monkeypatch)
    sleeper.data("lea", query)
    assert given == [False]


def test_what_depends_on_the_time_is_not_remembered(
    gateway: RunningGateway,
    own_world: World,
    server: RedisServer,
    given: list[bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When it ends was told by another host's clock. Entities with moments and a lifetime are none so far."""
    monkeypatch.setattr(ApiTokenInterface, "cache_ttl", 60)
    query = "{ apiTokens(search: {expired: true}) { totalCount } }"
    with running_gateway(own_world.database_url, gateway.tokens, redis_url=SecretStr(server.url)) as running:
        data = kept(running, "lea", query)
        _remembered(running, given)
        for _ in range(5):
            assert running.data("lea", query) == data
    assert given == []


def test_what_is_given_again_costs_what_it_did(gateway: RunningGateway, own_world: World, given: list[bool]) -> None:
    spender = gateway.with_tokens({"spends": create_token(own_world.database_url, user="eve", scopes=["*"])})
    query = "{ courses(first: 100) { nodes { members(first: 100) { nodes { user { username } } } } } }"
    _remembered(spender, given, "spends", query)
    for _ in range(COST):
        answer = spender.ask("spends", query)
        if "errors" in answer:
            break
    assert answer["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert given.count(True) > 1


def test_whoever_is_refused_what_is_remembered_is_named(
    own_world: World, server: RedisServer, given: list[bool], capfd: pytest.CaptureFixture[str]
) -> None:
    ivy = own_world.user("ivy")
    tokens = {"ivy": create_token(own_world.database_url, user="ivy", scopes=["*"])}
    query = "query Heavy { courses(first: 100) { nodes { members(first: 100) { nodes { user { username } } } } } }"
    settings: dict[str, Any] = {"redis_url": SecretStr(server.url), "cost_per_minute": COST, "log_requests": True}
    with running_gateway(own_world.database_url, tokens, **settings) as spender:
        _remembered(spender, given, "ivy", query)
        eventually(lambda: "errors" in spender.ask("ivy", query))
    *_, last = (json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{"))
    assert last["code"] == "RATE_LIMITED"
    assert (last["user"], last["operation"]) == (ivy, "Heavy")


def test_what_is_asked_besides_is_told(gateway: RunningGateway, given: list[bool]) -> None:
    _remembered(gateway, given)
    answer = _sent(gateway, GraphQL_Cache="report", GraphQL_Cost="report").json()
    assert answer["extensions"]["cache"]["courses"]["status"] == "hit"
    assert answer["extensions"]["cost"]
    assert given == []


def test_headers_are_those_of_this_request(gateway: RunningGateway, given: list[bool]) -> None:
    _remembered(gateway, given)
    kind = "application/graphql-response+json"
    response = _sent(gateway, Accept=kind, X_Request_ID="this-very-one")
    assert response.headers["content-type"].startswith(kind)
    assert response.headers["x-request-id"] == "this-very-one"
    assert response.headers["ratelimit"]
    assert given == [True]


def test_a_get_is_given_again_and_known_by_its_tag(gateway: RunningGateway, given: list[bool]) -> None:
    path = "/graphql?query=%7B%20courses%20%7B%20nodes%20%7B%20title%20%7D%20%7D%20%7D"
    headers = {"GraphQL-Require-Preflight": "1"}

    def is_given() -> bool:
        given.clear()
        return gateway.send("lea", "GET", path, None, **headers).status_code == 200 and given == [True]

    eventually(is_given)
    first = gateway.send("lea", "GET", path, None, **headers)
    again = gateway.send("lea", "GET", path, None, **headers, If_None_Match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    # The same bytes as a body are no query string.
    posted = gateway.send("lea", "POST", "/graphql", path.removeprefix("/graphql?").encode())
    assert posted.status_code == 400
