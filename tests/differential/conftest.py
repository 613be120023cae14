"""The world that documents are about, and the two that answer them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backend.graphql.schema import build_schema
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from backend.plan.limits import Limits
from backend.settings import DEFAULTS
from tests.differential.population import populate
from tests.differential.reference import Reference
from tests.differential.reference_rows import World
from tests.differential.trial import Trial
from tests.support.database import new_database
from tests.support.gateway import running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def populated_database(postgres_url: str, migrated_template: str) -> Iterator[tuple[str, dict[str, str]]]:
    """URL of a database of our own with the world in it, and the tokens of all principals; dropped afterwards."""
    with new_database(postgres_url, migrated_template) as url:
        yield url, populate(url)


@pytest.fixture(scope="package")
def trial(populated_database: tuple[str, dict[str, str]]) -> Iterator[Trial]:
    """A gateway and a reference that answer from the same rows."""
    url, tokens = populated_database
    contract = build_schema(reflect(INTERFACES), Limits.of(DEFAULTS)).as_str()
    # What random documents may cost is not the matter here.
    with running_gateway(url, tokens, max_nodes=10**18, max_cost=10**18, cost_per_minute=0) as gateway:
        yield Trial(gateway, Reference(contract, World(url)))
