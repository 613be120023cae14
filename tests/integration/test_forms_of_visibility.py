"""Small tables and large ones are read in different forms of SQL; who sees what must not depend on it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from backend.access import visibility
from backend.interface.reflection import reflect
from backend.interface.registry import INTERFACES
from tests.support.gateway import running_gateway

if TYPE_CHECKING:
    from tests.support.gateway import RunningGateway

CATALOG = reflect(INTERFACES)
DIRECTIONS = ("ASC", "DESC")
USERS = ("lecturer", "tutor", "student")


def _questions() -> list[str]:
    """A page of each list in its own order and in those that an index helps with, both ways, and how long it is."""
    asked = []
    for entity in CATALOG.values():
        orders = [
            f"orderBy: [{{{field.name}: {direction}}}], "
            for field, direction in product(entity.fields.values(), DIRECTIONS)
            if field.name == "id" or visibility.has_index(entity.model, field.attribute)
        ]
        asked += [f"{{ {entity.plural}({order}first: 5) {{ totalCount nodes {{ id }} }} }}" for order in ("", *orders)]
    return asked


def _answers(gateway: RunningGateway) -> dict[tuple[str, str], dict[str, Any]]:
    return {(user, question): gateway.ask(user, question) for user in USERS for question in _questions()}


@pytest.fixture(scope="module")
def expected(gateway: RunningGateway) -> dict[tuple[str, str], dict[str, Any]]:
    """The answers in the forms that the sizes of the tables lead to."""
    answers = _answers(gateway)
    assert all("errors" not in answer for answer in answers.values())
    return answers


@pytest.mark.parametrize("share", [0.0, 1.0], ids=["hash table", "keys"])
def test_form_of_visibility_changes_no_answer(
    gateway: RunningGateway, expected: dict[tuple[str, str], Any], monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    monkeypatch.setattr(visibility, "FEW_ROWS", 0)
    monkeypatch.setattr(visibility, "LARGE_SHARE", share)
    with running_gateway(gateway.database_url, gateway.tokens) as other:
        assert _answers(other) == expected
