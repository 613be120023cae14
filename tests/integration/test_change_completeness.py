"""Whoever's answer changes has lost a stamp: the heart of the promise, tried with random changes over all entities.

It shares nothing with how scopes are derived. Answers are kept here as a cache keeps them, in a dict, and taken away as
the stamps say; what is left must be what the database answers now. Some transactions overlap, so that what leads to a
row is moved while the row is written, and answers are kept in between.

COMPLETENESS_STEPS sets how many changes are made, COMPLETENESS_SEED which; with COMPLETENESS_ALL=1 everyone is asked
everything each time.
"""

from __future__ import annotations

import asyncio
import json
from random import Random
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import inspect

from backend.access.credentials import create_token, token_hash
from backend.access.principal import RESOLVE, Principal, principal_from_row
from backend.access.scope import ALL_CLAIMS, Stamp, claims_of
from backend.graphql.answer import Request
from backend.plan.run import Run
from backend.server import create_app
from backend.settings import Settings
from tests.support.changes import SCOPES, take_stamps
from tests.support.database import new_database
from tests.support.discussion import SEATS, build_discussion
from tests.support.gateway import AT_ANY_COST
from tests.support.random_changes import Disturber
from tests.support.repeat import seed, steps, tries_all
from tests.support.university import READERS
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.interface.entity import Entity

STEPS, SEED = steps("COMPLETENESS", 4), seed("COMPLETENESS")
# After so many the world is made anew, before too much of it is gone.
EPISODE = 60
FIELDS_AT_ONCE = 9
SHARE = 1 if tries_all("COMPLETENESS") else 0.1
NARROWED = {"narrowed": ("ada", ("result:list", "message:list", "course:get")), "worker": ("ron", ("result:list",))}

Key = tuple[str, tuple[str, ...], str]


@pytest.fixture(scope="module")
def template(postgres_url: str, migrated_template: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The name of a database with a world in it, and the tokens of its readers."""
    with new_database(postgres_url, migrated_template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            world = World(connection, url)
            build_discussion(world)
            world.claim("grouped", "nothing:list")
        users = {name: (name, ()) for name in (*READERS, *SEATS)} | NARROWED
        yield (
            urlsplit(url).path.removeprefix("/"),
            {name: create_token(url, user=user, name=name, scopes=scopes) for name, (user, scopes) in users.items()},
        )


def _field(entity: Entity) -> str:
    """All columns of an entity's rows, and what is next to them."""
    columns = inspect(entity.model).columns
    silent = {name for name, column in columns.items() if column.info.get("silent")}
    asked = [field.name for field in entity.fields.values() if field.attribute not in silent]
    asked += [f"{way.name} {{ {'totalCount' if way.to_many else 'id'} }}" for way in entity.relations.values()]
    archived = "archived: INCLUDE, " if entity.archivable else ""
    return f"{entity.plural}({archived}first: 500) {{ totalCount nodes {{ {' '.join(asked)} }} }}"


class Kept:
    """A gateway without a cache over a database, and what a cache would have kept of its answers."""

    def __init__(self, url: str, tokens: dict[str, str], random: Random) -> None:
        self.url = url
        self._tokens = tokens
        self._random = random
        self._app = create_app(Settings(database_url=SecretStr(url), pool_size=2, **AT_ANY_COST))
        entities = list(self._app.engine.callers.catalog.values())
        fields = [_field(entity) for entity in entities]
        self._documents = [
            f"{{ {' '.join(fields[start : start + FIELDS_AT_ONCE])} }}"
            for start in range(0, len(fields), FIELDS_AT_ONCE)
        ]
        self._entries: dict[Key, tuple[str, frozenset[Stamp]]] = {}
        self._evidence: dict[str, tuple[str, ...] | None] = {}
        self.compared = 0
        self.taken = 0
        self.left = 0

    async def __aenter__(self) -> Self:
        self._open = self._app.engine.callers.open()
        await self._open.__aenter__()
        take_stamps(self.url)
        self._evidence = self._resolve()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.__aexit__(None, None, None)

    def drain(self) -> list[str]:
        """Takes away what was committed since, as its stamps say; what is wrong about the claims that changed."""
        stamps = take_stamps(self.url)
        before = len(self._entries)
        self._entries = {key: entry for key, entry in self._entries.items() if not entry[1] & stamps}
        self.taken += before - len(self._entries)
        self.left += len(self._entries)
        evidence = self._resolve()
        wrong = [
            f"{reader} holds something else, and nobody was told"
            for reader, held in evidence.items()
            if _held(held) != _held(old := self._evidence[reader])
            and not {ALL_CLAIMS, *(claims_of(row[0]) for row in (held, old) if row)} & stamps
        ]
        self._evidence = evidence
        return wrong

    async def look(self) -> list[str]:
        """Asks again, keeps what is not kept, and says where what is kept is not what is answered."""
        wrong = []
        now = self._resolve()
        for reader, document in [(reader, document) for reader in self._tokens for document in self._documents]:
            evidence = now[reader]
            if evidence is None or self._random.random() > SHARE:
                continue
            principal = principal_from_row(evidence)
            for name, (value, stamps) in (await self._ask(reader, principal, document)).items():
                key = (reader, _held(evidence), name)
                kept = self._entries.setdefault(key, (value, stamps))
                self.compared += 1
                if kept[0] != value:
                    wrong.append(f"{reader} is answered with old {name}: {_difference(kept[0], value)}")
        return wrong

    async def _ask(self, reader: str, principal: Principal, document: str) -> dict[str, tuple[str, frozenset[Stamp]]]:
        runs: list[Run] = []
        built = Run.__init__

        def note(run: Run, *args: Any, **named: Any) -> None:
            built(run, *args, **named)
            runs.append(run)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Run, "__init__", note)
            answer = await self._app.engine.answer(Request(document, {}, None, self._tokens[reader]))
        body = json.loads(answer.body)
        assert "errors" not in body, body["errors"]
        return {
            name: (json.dumps(body["data"][name]), SCOPES.rests_on(reads.tables, principal, 10_000))
            for name, reads in runs[-1].reads.items()
            if not reads.timed
        }

    def _resolve(self) -> dict[str, tuple[str, ...] | None]:
        with psycopg.connect(self.url) as connection:
            cursor = psycopg.RawCursor(connection)
            found = {
                name: cursor.execute(RESOLVE, [token_hash(token)]).fetchone() for name, token in self._tokens.items()
            }
        return {name: tuple(row) if row else None for name, row in found.items()}


def _held(evidence: tuple[str, ...] | None) -> tuple[str, ...]:
    """What a principal rests on, without the time that is left of it."""
    return (evidence or ())[:-1]


def _difference(kept: str, now: str) -> str:
    """The first nodes that only one of both has."""
    ours, theirs = (json.loads(text)["nodes"] for text in (kept, now))
    gone, new = ([node for node in one if node not in other][:1] for one, other in ((ours, theirs), (theirs, ours)))
    return f"{gone} instead of {new}"


class Writers:
    """Two connections whose transactions may overlap."""

    def __init__(self, url: str, random: Random) -> None:
        self._random = random
        self._connections = [psycopg.connect(url) for _ in range(2)]
        for connection in self._connections:
            connection.execute("SELECT setseed(%s), set_config('lock_timeout', '50ms', false)", [random.random()])
            connection.commit()
        self._disturber = Disturber(self._connections[0], random)
        self._connections[0].commit()
        self.done: list[str] = []

    def close(self) -> None:
        for connection in self._connections:
            connection.close()

    def write(self, number: int) -> bool:
        """Some changes in that transaction; whether any was made."""
        made = 0
        connection = self._connections[number]
        for _ in range(self._random.choice((1, 1, 1, 2, 3))):
            for _ in range(6):
                statement = self._disturber.statement()
                try:
                    with connection.transaction():
                        rows = connection.execute(statement).rowcount
                except psycopg.Error:
                    continue
                if rows:
                    self.done.append(f"{number}: {statement.as_string(connection)}")
                    made += 1
                    break
        return made > 0

    def commit(self, number: int) -> None:
        try:
            self._connections[number].commit()
        except psycopg.Error:
            self._connections[number].rollback()
        self.done.append(f"{number}: COMMIT")


async def _episode(url: str, tokens: dict[str, str], random: Random, steps: int) -> Kept:
    writers = Writers(url, random)
    try:
        async with Kept(url, tokens, random) as kept:
            wrong = await kept.look()
            for _ in range(steps):
                overlap = random.random() < 0.4
                writers.done.clear()
                writers.write(0)
                if overlap:
                    writers.write(1)
                    writers.commit(1)
                    wrong += kept.drain()
                    # What is kept now must fall with the other transaction, if it ought to.
                    wrong += await kept.look()
                writers.commit(0)
                wrong += kept.drain()
                wrong += await kept.look()
                assert not wrong, "\n".join(["after", *writers.done, *wrong[:5]])
            return kept
    finally:
        writers.close()


def test_whoever_is_answered_something_else_has_lost_a_stamp(
    postgres_url: str, template: tuple[str, dict[str, str]]
) -> None:
    name, tokens = template
    print(f"COMPLETENESS_SEED={SEED}")  # noqa: T201 - to run it again
    compared, taken, left = 0, 0, 0
    for start in range(0, STEPS, EPISODE):
        with new_database(postgres_url, name) as url:
            random = Random(SEED + start)  # noqa: S311 - to be repeated
            kept = asyncio.run(_episode(url, tokens, random, min(EPISODE, STEPS - start)))
        compared, taken, left = compared + kept.compared, taken + kept.taken, left + kept.left
    print(f"{compared} answers compared, {taken} taken away, {left} left")  # noqa: T201
    assert taken > 0
    # Changes leave most alone; a test in which everything falls finds nothing.
    assert left > 2 * taken
