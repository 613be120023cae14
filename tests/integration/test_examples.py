"""GraphiQL's examples have something to say to those for whom they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.gateway import RunningGateway

EXAMPLES = Path(__file__).resolve().parents[2] / "backend" / "graphql" / "graphiql" / "src" / "examples"
USERS = ("lecturer", "tutor", "student")
# Above a lecturer there is nobody to whom an example would say less.
READERS = {"everyone": ("admin", *USERS), "student": USERS, "tutor": ("tutor", "lecturer"), "lecturer": ("lecturer",)}
CASES = [
    (user, path)
    for role, users in READERS.items()
    for path in sorted((EXAMPLES / role).glob("*.graphql"))
    for user in users
]


def test_there_are_examples_for_each_role() -> None:
    assert {folder.name for folder in EXAMPLES.iterdir()} == set(READERS)
    assert all(any(case[1].parent.name == role for case in CASES) for role in READERS)


@pytest.mark.parametrize(("user", "path"), CASES, ids=[f"{path.stem}-{user}" for user, path in CASES])
def test_example_has_an_answer_without_errors(user: str, path: Path, gateway: RunningGateway) -> None:
    given = path.with_suffix(".variables.json")
    variables = json.loads(given.read_text()) if given.exists() else {}
    answer = gateway.data(user, path.read_text(), **variables)
    for name, found in answer.items():
        assert found, name
        assert _is_empty(found) is False, (name, found)


def _is_empty(page: dict[str, Any]) -> bool:
    """Whether a page has no rows; what is none has no rows to miss."""
    return page.get("nodes") == [] or page.get("edges") == []
