"""A Select written by hand may have conditions; whatever else would be lost is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError
from sqlalchemy import BindParameter, Select, select
from sqlalchemy.sql.visitors import iterate

from backend.access.held import PRINCIPAL_BIND
from backend.access.principal import Viewer
from backend.access.statistics import Statistics
from backend.access.visibility import Visibility
from backend.errors import DeclarationError
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from backend.model import Course, Organization
from backend.plan.cursor import Seal
from backend.plan.search import named_conditions, seen_conditions
from backend.plan.source import Scope, Source

if TYPE_CHECKING:
    from backend.interface.base import ListQuery

CATALOG = reflect(INTERFACES)
ONE, ANOTHER = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
VALUES: tuple[tuple[Any, ...], ...] = (
    (ONE, ANOTHER),
    ("a", "b"),
    (1, 2),
    (["a"], ["b", "c"]),
    *((value,) for value in (True, "user", "fixed", "git", "pending", "assigned")),
)
ADMIN = Viewer(admin=True, general=frozenset(), held=frozenset(), scopes=None)


def _conditions(statement: Select[Any]) -> list[Any]:
    scope = Scope(CATALOG, Visibility({}, ADMIN, Statistics({})), Seal(bytes(range(64))))
    return seen_conditions(Source(scope, Course), named_conditions(CATALOG["Course"], None, statement))


def _queries(of: type[ListQuery], parameter: str) -> list[ListQuery]:
    """Queries with other values of the parameter."""
    for values in VALUES:
        try:
            return [of.model_validate({parameter: value}) for value in values]
        except ValidationError:
            continue
    raise LookupError(parameter)


PARAMETERS = [(name, each.attribute) for name, entity in CATALOG.items() for each in entity.parameters]


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
def test_searches_that_differ_in_values_alone_have_one_shape(name: str, parameter: str) -> None:
    entity = CATALOG[name]
    assert entity.interface.query
    found = [named_conditions(entity, query, None) for query in _queries(entity.interface.query, parameter)]
    assert len({each.shape for each in found}) == 1
    for each in found:
        parts = (part for clause in each.build() for part in iterate(clause))
        names = {part.key for part in parts if isinstance(part, BindParameter)}
        assert {name for name in names if not name.startswith(PRINCIPAL_BIND)} == set(each.bound)


def test_conditions_are_taken() -> None:
    assert len(_conditions(select(Course).where(Course.title == "a").where(Course.path == "b"))) == 1
    assert _conditions(select(Course)) == []


@pytest.mark.parametrize(
    "statement",
    [
        select(Course).limit(3),
        select(Course).offset(3),
        select(Course).order_by(Course.title),
        select(Course).distinct(),
        select(Course).group_by(Course.id),
        select(Course).join(Course.organization),
        select(Course, Organization),
        select(Course).where(Course.title == "a").with_for_update(),
    ],
    ids=str,
)
def test_anything_else_is_refused(statement: Select[Any]) -> None:
    with pytest.raises(DeclarationError, match="may add conditions only"):
        _conditions(statement)
