"""Fixtures of the gateway: over the demo data, to read from; and over worlds that tests build by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg
import pytest

from backend.access.credentials import create_token
from backend.seed import load
from tests.support import university
from tests.support.change_reader import put_home
from tests.support.database import new_database
from tests.support.gateway import GatewayHere, running_gateway
from tests.support.world import World
from tests.support.written_fields import written_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

READERS = ("admin", "lecturer", "tutor", "student", "stranger")


@pytest.fixture(scope="session")
def demo_database(postgres_url: str, migrated_template: str) -> Iterator[str]:
    """URL of a database with the demo data. It is shared: tests read from it and leave it as it is."""
    with new_database(postgres_url, migrated_template) as url:
        load(url, "demo")
        yield url


@pytest.fixture(scope="session")
def gateway(demo_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayHere]:
    """The gateway over the demo data, with a token of each kind of reader, which GraphiQL knows too."""
    tokens = {user: create_token(demo_database, user=user, name="tests") for user in READERS}
    file = tmp_path_factory.mktemp("gateway") / "demo-tokens.json"
    file.write_text(json.dumps({user: token for user, token in tokens.items() if user != "stranger"}))
    with running_gateway(demo_database, tokens, demo_tokens=file) as running:
        yield running


@pytest.fixture(scope="session")
def world(postgres_url: str, migrated_template: str) -> Iterator[World]:
    """The university, with users of every kind. It is shared: tests read from it, or put back what they change."""
    with (
        new_database(postgres_url, migrated_template) as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        world = World(connection, url)
        university.build_university(world)
        yield world


@pytest.fixture(scope="session")
def world_gateway(world: World) -> Iterator[GatewayHere]:
    """The gateway over the university, with a token of every user by their name."""
    users = (*university.READERS, *university.REFUSED)
    tokens = {user: create_token(world.database_url, user=user, name="tests") for user in users}
    with running_gateway(world.database_url, tokens) as running:
        yield running


@pytest.fixture(scope="module")
def own_world(postgres_url: str, migrated_template: str) -> Iterator[World]:
    """A world without anything in it, for one module to fill and change."""
    with (
        new_database(postgres_url, migrated_template) as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        yield World(connection, url)


@pytest.fixture(scope="module")
def own_university(own_world: World) -> World:
    """The university, for one module to change."""
    university.build_university(own_world)
    return own_world


@pytest.fixture
def at_home(own_university: World) -> None:
    """The reader's place in the university is that of a store such as RememberedStamps, whatever ran before."""
    put_home(own_university)


@pytest.fixture(scope="session")
def written(world: World) -> Iterator[GatewayHere]:
    """The gateway over the university, and the fields of tests/support/written_fields.py, for ada, tom and adi."""
    with written_gateway(world) as running:
        yield running
