"""Whatever happens in whatever order: what two gateways answer, from the cache or not, is what an uncached one answers.

Random reads by many readers, writes through GraphQL, REST and past them, rows that move, permissions that change, and a
Redis that is emptied, killed, brought back with old data, filled, stopped; a gateway that is stopped. `CACHE_STEPS` has
more steps done than the few that are done each time; `CACHE_SEED` does the same ones again. What is asked while others
write is in test_cache_concurrent.py.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from backend.access.credentials import create_token
from backend.change import LEASE
from tests.support import repeat, university
from tests.support.processes import gateway_process
from tests.support.redis_server import redis_server
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.gateway import RunningGateway
    from tests.support.processes import GatewayProcess
    from tests.support.redis_server import RedisServer
    from tests.support.world import World

# The first example takes the simplest step again and again, so that there have to be several.
STEPS, SEED = repeat.steps("CACHE", 360), repeat.seed("CACHE")
EXAMPLE = 60
USERS = ("ada", "bob", "cyd", "mia", "tom", "lea", "adi", "orla", "sol", "ada reads", "tom reads")
QUERIES = (
    "courses { nodes { title } }",
    "courses { nodes { title members { totalCount nodes { user { username } } } } }",
    "courseContents(orderBy: [{path: ASC}]) { nodes { title archivedAt } }",
    "courseGroups { nodes { title course { title } } }",
    "results { totalCount nodes { id status result } }",
    "messages { nodes { title author { username } } }",
    "submissionGroups { nodes { members { totalCount } results { totalCount } } }",
    "organizations { nodes { title courses { totalCount } } }",
    "users(orderBy: [{username: ASC}]) { nodes { username email } }",
    "activeCourses { nodes { title } }",
    "courseMembers { totalCount nodes { courseRoleId courseGroup { title } } }",
)
COURSE = "query ($id: ID!) { course(id: $id) { title } }"
MESSAGES = QUERIES[5]
COURSES = ("algebra", "geometry", "chemistry")
# Redis counts milliseconds.
LATEST = LEASE + 0.005
WRITERS = st.sampled_from(("lea", "adi"))
ROLES = st.sampled_from(("_student", "_tutor", "_lecturer"))
TARGETS = {"user_id": ("user", "sol"), "course_id": ("course", "algebra"), "organization_id": ("organization", "uni")}
LEAVE = "DELETE FROM course_member WHERE user_id = %s AND course_id = %s AND course_role_id <> '_owner'"
JOIN = """
INSERT INTO course_member (user_id, course_id, course_role_id, course_group_id)
SELECT %(user)s::uuid, %(course)s::uuid, %(role)s::text, g.id
FROM (SELECT (SELECT id FROM course_group WHERE course_id = %(course)s::uuid LIMIT 1) AS id) g
WHERE NOT EXISTS (SELECT FROM course_member WHERE user_id = %(user)s::uuid AND course_id = %(course)s::uuid)
  AND (%(role)s::text <> '_student' OR g.id IS NOT NULL)
"""
REVOKE = "UPDATE api_token SET revoked_at = CASE WHEN revoked_at IS NULL THEN now() END WHERE name = %s"
MEMORY = {"full": ("noeviction", 1), "evict": ("allkeys-random", 0), "roomy": ("noeviction", None)}
HURTS = st.sampled_from(("flush", "restart", "old data", *MEMORY, "pause", "stop a gateway"))


@dataclass
class Trial:
    """What all steps are taken in."""

    world: World
    server: RedisServer
    gateways: Sequence[GatewayProcess]
    uncached: RunningGateway
    written: float = 0.0
    steps: int = 0
    hits: int = 0
    names: list[str] = field(default_factory=list)


TRIAL: list[Trial] = []


class Answers(RuleBasedStateMachine):
    """Steps that anyone may take at any time."""

    @property
    def trial(self) -> Trial:
        """What the steps are taken in."""
        return TRIAL[0]

    @initialize()
    def wait_until_answers_are_kept(self) -> None:
        """Else a short run is over before either gateway trusts what is kept, and tries nothing."""
        _set(self.trial.server, "roomy")
        self._wait_until_kept("adi")

    @rule(user=st.sampled_from(USERS), query=st.sampled_from(QUERIES), which=st.integers(0, 1), times=st.integers(1, 3))
    def read(self, user: str, query: str, which: int, times: int) -> None:
        """Each answer is what an uncached gateway answers, and nobody else's."""
        for _ in range(times):
            self._compare(user, f"{{ me {{ username }} {query} }}", which)

    @rule(one=st.sampled_from(QUERIES), other=st.sampled_from(QUERIES), which=st.integers(0, 1))
    def read_by_all(self, one: str, other: str, which: int) -> None:
        """One after the other, two fields in one document."""
        for user in USERS:
            self._compare(user, f"{{ me {{ username }} a: {one} b: {other} }}", which)

    @rule(course=st.sampled_from(COURSES), title=st.integers(), which=st.integers(0, 1), user=WRITERS)
    def write_through_graphql(self, course: str, title: int, which: int, user: str) -> None:
        """A writer sees their own write afterwards, on either process."""
        self._count()
        mutation = """mutation ($id: ID!, $title: String) {
          updateCourse(id: $id, input: {title: $title}) { course { title } errors { code } }
        }"""
        variables = {"id": self._id("course", course), "title": f"{course} {title}"}
        self._look(user, variables["id"])
        answer = self.trial.gateways[which].ask(user, mutation, **variables)
        if not answer["data"]["updateCourse"]["errors"]:
            self._sees(user, **variables)

    @rule(course=st.sampled_from(COURSES), title=st.integers(), which=st.integers(0, 1), user=WRITERS)
    def write_through_rest(self, course: str, title: int, which: int, user: str) -> None:
        """As through GraphQL."""
        self._count()
        key, text = self._id("course", course), f"{course} by REST {title}"
        self._look(user, key)
        answer = self.trial.gateways[which].send(user, "PATCH", f"/courses/{key}", {"title": text})
        if answer.status_code == 200:
            self._sees(user, key, text)

    def _look(self, user: str, course: str) -> None:
        """So that there is something kept that a write has to take away."""
        for _ in range(2):
            for reader in self.trial.gateways:
                reader.data(user, COURSE, id=course)

    def _sees(self, user: str, id: str, title: str) -> None:  # noqa: A002 - as GraphQL calls it
        for reader in self.trial.gateways:
            seen = reader.data(user, COURSE, id=id)
            assert seen["course"]["title"] == title, f"{user} does not see their own write"

    @rule(to=st.sampled_from((None, *TARGETS)), title=st.integers(), which=st.integers(0, 1))
    def post_through_graphql(self, to: str | None, title: int, which: int) -> None:
        """A message, which shows at once to whomever it is for."""
        self._count()
        aimed = {} if to is None else {_camel(to): self._id(*TARGETS[to])}
        given = {"title": f"message {title}", "content": "x", **aimed}
        mutation = "mutation ($input: CreateMessageInput!) { createMessage(input: $input) { errors { code } } }"
        self.trial.gateways[which].data("adi", mutation, input=given)
        for user in ("sol", "ada", "lea"):
            self._compare(user, f"{{ me {{ username }} {MESSAGES} }}", 1 - which)

    @rule(user=st.sampled_from(USERS[:7]), course=st.sampled_from(COURSES), which=st.integers(0, 1))
    def join_or_leave_through_graphql(self, user: str, course: str, which: int) -> None:
        """A membership begins, or ends, and what its holder may see with it, at once."""
        self._count()
        gateway = self.trial.gateways[which]
        member = self.trial.world.connection.execute(
            "SELECT id FROM course_member WHERE user_id = %s AND course_id = %s",
            [self.trial.world.user(user), self._id("course", course)],
        ).fetchone()
        if member is not None:
            gateway.data(
                "adi", "mutation ($id: ID!) { deleteCourseMember(id: $id) { errors { code } } }", id=str(member[0])
            )
        else:
            given = {"userId": self.trial.world.user(user), "courseId": self._id("course", course)}
            mutation = """mutation ($input: CreateCourseMemberInput!) {
              createCourseMember(input: $input) { errors { code } }
            }"""
            gateway.data("adi", mutation, input={**given, "courseRoleId": "_tutor"})
        for query in QUERIES[:2]:
            self._compare(user, f"{{ me {{ username }} {query} }}", 1 - which)

    @rule(course=st.sampled_from(COURSES), title=st.integers())
    def rename_a_course(self, course: str, title: int) -> None:
        """Past the gateway."""
        self._write("UPDATE course SET title = %s WHERE id = %s", f"{course} {title}", self._id("course", course))

    @rule(every=st.booleans(), result=st.floats(0, 1))
    def grade(self, every: bool, result: float) -> None:  # noqa: FBT001 - drawn
        """A result changes, or all of them do."""
        one = "id = (SELECT id FROM result ORDER BY random() LIMIT 1)"
        self._write(f"UPDATE result SET result = %s WHERE {'true' if every else one}", result)  # noqa: S608 - constants

    @rule(course=st.sampled_from(COURSES))
    def move_a_group(self, course: str) -> None:
        """A row goes from one course to another."""
        if self.trial.world.known("course_group", "wanderer") is None:
            given = {"title": "Wanderer", "course_id": self._id("course", "algebra")}
            self.trial.world.insert("course_group", "wanderer", **given)
        moved = "UPDATE course_group SET course_id = %s WHERE id = %s"
        self._write(moved, self._id("course", course), self._id("course_group", "wanderer"))

    @rule(user=st.sampled_from(USERS[:9]), course=st.sampled_from(COURSES), role=ROLES)
    def join_or_leave(self, user: str, course: str, role: str) -> None:
        """A membership begins, or ends with all that hangs on it."""
        given = {"user": self.trial.world.user(user), "course": self._id("course", course)}
        if not self._write(LEAVE, *given.values()):
            self._write(JOIN, {**given, "role": role})

    @rule(user=st.sampled_from(("sol", "orla", "mia")), role=st.sampled_from(("_admin", "_organization_manager")))
    def change_a_role(self, user: str, role: str) -> None:
        """Given, or taken away."""
        key = self.trial.world.user(user)
        if not self._write("DELETE FROM user_role WHERE user_id = %s AND role_id = %s", key, role):
            self._write("INSERT INTO user_role (user_id, role_id) VALUES (%s, %s)", key, role)

    @rule(to=st.sampled_from((None, *TARGETS)), title=st.integers())
    def post(self, to: str | None, title: int) -> None:
        """A message to somebody, or to everyone."""
        to_whom = {} if to is None else {to: self._id(*TARGETS[to])}
        given = {"author_id": self._id("user", "adi"), "title": f"message {title}", "content": "x", "level": 0}
        self._count()
        self.trial.world.insert("message", None, **given, **to_whom)
        self.trial.written = time.monotonic()

    @rule()
    def empty_messages(self) -> None:
        """TRUNCATE, which has no rows to say whom it concerns."""
        self._write("TRUNCATE message, message_read")

    @rule(user=st.sampled_from(USERS[9:]))
    def revoke_or_restore(self, user: str) -> None:
        """A token ends, or holds again."""
        self._write(REVOKE, user)

    @rule()
    def undo(self) -> None:
        """What is rolled back was never there."""
        self._count()
        with psycopg.connect(self.trial.world.database_url) as connection:
            connection.execute("UPDATE course SET title = 'never'")
            self._compare("adi", "{ me { username } courses { nodes { title } } }", 0)
            connection.rollback()

    @rule(how=HURTS)
    def hurt(self, how: str) -> None:
        """Redis, or one of the gateways, has trouble."""
        self._count()
        server = self.trial.server
        titles = f"{{ me {{ username }} {QUERIES[0]} }}"
        grow = "UPDATE course SET title = title || '.' WHERE length(title) < 100"
        if how == "restart":
            server.kill()
            self._compare("ada", titles, 0)
            server.start()
        elif how == "old data":
            _set(server, "roomy")
            self._wait_until_kept("mia")
            server.client.save()
            # The stamps of who she was come back, as those of what was written do.
            self.change_a_role("mia", "_organization_manager")
            self._write(grow)
            self._compare("lea", titles, 1)
            server.kill()
            server.start()
            (server.directory / "dump.rdb").unlink()
            self._wait_until_kept("lea")
            for which in (0, 1):
                self._compare("mia", titles, which)
        elif how == "pause":
            with server.paused():
                for which in (0, 1, 0):
                    self._compare("tom", titles, which)
        elif how == "stop a gateway":
            # It may be the one that reads what changed.
            for stopped, other in ((0, 1), (1, 0)):
                with self.trial.gateways[stopped].paused():
                    self._write(grow)
                    self._compare("lea", titles, other)
        else:
            _set(server, how)

    def _compare(self, user: str, query: str, which: int) -> None:
        self._count()
        # Who is told where answers come from is given none that the process remembers.
        report = self.trial.steps % 3 == 0
        while True:
            began = time.monotonic()
            answer = self._ask(user, query, which, report=report)
            expected = self.trial.uncached.ask(user, query)
            if answer == expected:
                break
            # What was written past the gateways shows when it was read, and nothing outlasts the lease.
            assert began < self.trial.written + LATEST, f"{answer} instead of {expected}"
            time.sleep(0.01)
        if answer.get("data"):
            assert answer["data"]["me"]["username"] == user.removesuffix(" reads")

    def _ask(self, user: str, query: str, which: int, *, report: bool = True) -> dict[str, Any]:
        gateway = self.trial.gateways[which]
        headers = {"Authorization": f"Bearer {gateway.tokens[user]}", **({"GraphQL-Cache": "report"} if report else {})}
        answer: dict[str, Any] = gateway.client.post(
            f"{gateway.url}/graphql", json={"query": query}, headers=headers
        ).json()
        statuses = answer.pop("extensions", {}).get("cache", {}).values()
        self.trial.hits += sum(of["status"] == "hit" for of in statuses)
        return answer

    def _wait_until_kept(self, user: str) -> None:
        """Until either gateway trusts what is kept, and the user to be who they were."""
        before = self.trial.hits
        for which in (0, 1):
            eventually(lambda which=which: self._is_kept(user, which))  # type: ignore[misc]  # called before the next
        # The steps have to find some of their own.
        self.trial.hits = before

    def _is_kept(self, user: str, which: int) -> bool:
        begun = self.trial.hits
        self._ask(user, "{ me { username } }", which)
        return self.trial.hits > begun

    def _write(self, statement: str, *values: Any) -> int:
        self._count()
        given = values[0] if values and isinstance(values[0], dict) else values
        try:
            written = self.trial.world.connection.execute(statement, given).rowcount
        except psycopg.IntegrityError:
            # What others hang on stays.
            return 0
        self.trial.written = time.monotonic()
        return written

    def _id(self, table: str, name: str) -> str:
        return self.trial.world.id(table, name)

    def _count(self) -> None:
        self.trial.steps += 1


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def _set(server: RedisServer, how: str) -> None:
    client = server.client
    if how == "flush":
        client.flushall()
        return
    policy, limit = MEMORY[how]
    client.config_set("maxmemory-policy", policy)
    client.config_set("maxmemory", int(client.info("memory")["used_memory"]) if limit == 0 else limit or 0)


@pytest.fixture(scope="module")
def trial(own_world: World) -> Iterator[Trial]:
    """Two gateways over one Redis, and one without."""
    university.build_university(own_world)
    url = own_world.database_url
    tokens = {user: create_token(url, user=user, scopes=["*"]) for user in USERS[:9]}
    for user in USERS[9:]:
        scopes = ["user:list", "user:get", "course:list"]
        tokens[user] = create_token(url, user=user.removesuffix(" reads"), name=user, scopes=scopes)
    with ExitStack() as stack:
        server = stack.enter_context(redis_server())
        cached = [stack.enter_context(gateway_process(url, tokens, server.url)) for _ in range(2)]
        uncached = stack.enter_context(gateway_process(url, tokens, None))
        TRIAL.append(Trial(own_world, server, cached, uncached))
        yield TRIAL[0]
        TRIAL.clear()


def test_answers_are_what_they_would_be_without_a_cache(trial: Trial) -> None:
    began = time.monotonic()
    machine = settings(
        max_examples=max(1, STEPS // EXAMPLE),
        stateful_step_count=EXAMPLE,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    print(f"CACHE_SEED={SEED}")  # noqa: T201 - to do it again
    try:
        run_state_machine_as_test(seed(SEED)(Answers), settings=machine)
    finally:
        took = time.monotonic() - began
        print(f"{trial.steps} steps in {took:.0f} s, {trial.hits} hits")  # noqa: T201 - for whoever did many
    assert trial.hits > 0
