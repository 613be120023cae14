"""What a machine lacks leaves tests out; in continuous integration it makes them fail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.lacking import lacking

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("required", "outcome"), [(None, pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_whoever_requires_it_has_the_test_fail(
    monkeypatch: pytest.MonkeyPatch, required: str | None, outcome: type[BaseException]
) -> None:
    monkeypatch.delenv("REQUIRE_REDIS", raising=False)
    if required is not None:
        monkeypatch.setenv("REQUIRE_REDIS", required)
    with pytest.raises(outcome, match="no Redis"):
        lacking("REDIS", "no Redis")


def test_continuous_integration_requires_all_that_is_asked_for() -> None:
    asked = {
        name
        for module in (ROOT / "tests").rglob("*.py")
        if "node_modules" not in module.parts and module != Path(__file__)
        for name in re.findall(r'\blacking\(\s*"(\w+)"', module.read_text())
    }
    assert asked == set(re.findall(r"\bREQUIRE_(\w+)=1", (ROOT / ".ci" / "run").read_text())) != set()
