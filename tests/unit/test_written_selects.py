"""A Select written by hand may have conditions; whatever else would be lost is refused."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Select, select

from backend.access.principal import Viewer
from backend.access.statistics import Statistics
from backend.access.visibility import Visibility
from backend.errors import DeclarationError
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from backend.model import Course, Organization
from backend.plan.cursor import Seal
from backend.plan.search import conditions_of
from backend.plan.source import Scope, Source

CATALOG = reflect(INTERFACES)
ADMIN = Viewer(admin=True, general=frozenset(), held=frozenset(), scopes=None)


def _conditions(statement: Select[Any]) -> list[Any]:
    scope = Scope(CATALOG, Visibility({}, ADMIN, Statistics({})), Seal(bytes(range(64))))
    return conditions_of(Source(scope, Course), CATALOG["Course"], statement)


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
