"""Two versions of the gateway over one database and one Redis, as while one takes the other's place.

The next one's policies come to other scopes: whoever knows those of the one alone deletes none that the other rests on.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from backend.access.credentials import create_token
from backend.access.scope import ANY, STAMPS_KEPT, UNSCOPED, Scopes, Stamp
from backend.change import LEASE, OUTLASTED
from tests.support.cached_answers import kept, told
from tests.support.gateway import running_gateway
from tests.support.redis_server import redis_server
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backend.access.principal import Principal
    from backend.access.scope import ScopePath
    from tests.support.gateway import RunningGateway
    from tests.support.world import World

QUERY = "{ courses { nodes { title } } }"
UPDATE = "mutation ($id: ID!, $title: String) { updateCourse(id: $id, input: {title: $title}) { errors { message } } }"


class _NextScopes(Scopes):
    """The same paths, to keys by other names: the same is noted."""

    def bumped_paths(self, table: str) -> tuple[ScopePath, ...]:
        return tuple(replace(path, universe=f"next-{path.universe}") for path in super().bumped_paths(table))

    def rests_on(self, tables: Iterable[str], principal: Principal, limit: int = STAMPS_KEPT) -> frozenset[Stamp]:
        found = super().rests_on(tables, principal, limit)
        return frozenset(
            each if each.scope in (ANY, UNSCOPED) else replace(each, scope=f"next-{each.scope}") for each in found
        )


@contextmanager
def _gateway(
    world: World, redis_url: str, *, version: bytes, scopes: type[Scopes] = Scopes
) -> Iterator[RunningGateway]:
    tokens = {"lea": create_token(world.database_url, user="lea", name=version.decode(), scopes=["*"])}
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setattr("backend.server.version", lambda _: version)
        patch.setattr("backend.cache.opening.Scopes", scopes)
        yield stack.enter_context(running_gateway(world.database_url, tokens, redis_url=SecretStr(redis_url)))


def _write(gateway: RunningGateway, world: World, title: str) -> None:
    done = gateway.data("lea", UPDATE, id=world.id("course", "algebra"), title=title)
    assert done["updateCourse"]["errors"] == []


def _title(gateway: RunningGateway) -> str:
    title: str = gateway.data("lea", QUERY)["courses"]["nodes"][0]["title"]
    return title


def _shows_from_the_cache(gateway: RunningGateway, title: str) -> None:
    eventually(lambda: kept(gateway, "lea", QUERY)["courses"]["nodes"][0]["title"] == title)


def test_what_is_kept_is_right_while_a_version_takes_anothers_place(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_world.course("algebra").lecturer("lea")
    write = "UPDATE course SET title = %s WHERE path = 'algebra'"
    with redis_server() as server, ExitStack() as former:
        old = former.enter_context(_gateway(own_world, server.url, version=b"old"))
        kept(old, "lea", QUERY)
        with _gateway(own_world, server.url, version=b"next", scopes=_NextScopes) as new:
            # Nobody vouches for what the new one would keep: it answers from the database, however long it is there.
            end = time.monotonic() + LEASE + OUTLASTED
            while time.monotonic() < end:
                assert "hit" not in told(new, "lea", QUERY).cache.values()
            for title in ("a", "b", "c"):
                own_world.connection.execute(write, [title])
                assert _title(new) == title
                _shows_from_the_cache(old, title)
            # Its writes show at once all the same: each look at what changed is late.
            monkeypatch.setattr("backend.change.reader.POLL", 0.7)
            for number in range(3):
                kept(old, "lea", QUERY)
                _write(new, own_world, f"written by the new {number}")
                assert _title(old) == f"written by the new {number}"
                assert _title(new) == f"written by the new {number}"
            monkeypatch.undo()
            # And now it is the other way round.
            former.close()
            kept(new, "lea", QUERY)
            own_world.connection.execute(write, ["d"])
            _shows_from_the_cache(new, "d")
            with _gateway(own_world, server.url, version=b"old") as late:
                monkeypatch.setattr("backend.change.reader.POLL", 0.7)
                for number in range(3):
                    kept(new, "lea", QUERY)
                    assert "hit" not in told(late, "lea", QUERY).cache.values()
                    _write(late, own_world, f"written by the old {number}")
                    assert _title(new) == f"written by the old {number}"
