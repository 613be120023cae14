"""The world that documents are about, and the two that answer them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from backend.graphql.schema import build_schema
from backend.interface.base import Limits
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from tests.differential.population import populate
from tests.differential.reference import Reference
from tests.differential.reference_rows import World
from tests.differential.trial import Trial
from tests.support.gateway import running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def populated_database(postgres_url: str, migrated_template: str) -> Iterator[tuple[str, dict[str, str]]]:
    """URL of a database of our own with the world in it, and the tokens of all principals; dropped afterwards."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(migrated_template)))
    url = urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
    yield url, populate(url)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="package")
def trial(populated_database: tuple[str, dict[str, str]]) -> Iterator[Trial]:
    """A gateway and a reference that answer from the same rows."""
    url, tokens = populated_database
    contract = build_schema(reflect(INTERFACES), Limits()).as_str()
    # What random documents may cost is not the matter here.
    with running_gateway(url, tokens, max_nodes=10**18, max_cost=10**18, cost_per_minute=0) as gateway:
        yield Trial(gateway, Reference(contract, World(url)))
