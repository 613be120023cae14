"""The demo data has something to look at of every entity, for every user who may look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backend.interface.registry import INTERFACES
from backend.model import Base
from tests.support.database import run

if TYPE_CHECKING:
    from backend.interface.base import EntityInterface
    from tests.support.gateway import RunningGateway

LIBRARY = {"exampleRepositories", "examples", "exampleVersions", "exampleDependencies"}
# Root fields of what the user may not see at all: docs/permissions.md.
NOTHING = {
    "admin": set[str](),
    "lecturer": {"roleClaims"},
    "tutor": {"roleClaims", *LIBRARY},
    "student": {"roleClaims", "courseMemberComments", *LIBRARY},
}


@pytest.mark.parametrize("interface", INTERFACES, ids=lambda interface: interface.model.__tablename__)
def test_there_are_rows(interface: type[EntityInterface], demo_database: str) -> None:
    table = interface.model.__tablename__
    assert run(demo_database, f'SELECT FROM "{table}" LIMIT 1') == [()], (
        f"backend/seed makes no row of {table}, so GraphiQL has none to show"
    )


def test_no_table_is_without_an_interface() -> None:
    assert set(Base.metadata.tables) == {interface.model.__tablename__ for interface in INTERFACES}


@pytest.mark.parametrize("user", NOTHING)
def test_demo_users_see_rows_of_all_that_they_may_see(user: str, gateway: RunningGateway) -> None:
    roots = gateway.data("admin", '{ __type(name: "Query") { fields { name type { ofType { name } } } } }')
    names = [
        field["name"]
        for field in roots["__type"]["fields"]
        if ((field["type"]["ofType"] or {}).get("name") or "").endswith("Connection")
    ]
    assert len(names) >= len(INTERFACES)
    counts = gateway.data(user, f"{{ {' '.join(f'{name} {{ totalCount }}' for name in names)} }}")
    empty = {name for name, found in counts.items() if found["totalCount"] == 0}
    assert empty == NOTHING[user]
