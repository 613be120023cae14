"""The pages under docs/ that are written from the code say what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backend.docs import stale_pages, write_pages
from backend.interface.registry import INTERFACES

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_committed_pages_are_what_the_code_says() -> None:
    assert stale_pages(DOCS) == []


def test_pages_that_are_missing_or_changed_are_named(tmp_path: Path) -> None:
    write_pages(tmp_path)
    assert stale_pages(tmp_path) == []
    (tmp_path / "model.md").write_text("# Nothing\n")
    (tmp_path / "permissions-by-entity.md").unlink()
    assert stale_pages(tmp_path) == ["model.md", "permissions-by-entity.md"]


def test_every_table_is_drawn_once() -> None:
    drawn = re.findall(r"^  (\w+) \{$", (DOCS / "model.md").read_text(), re.MULTILINE)
    assert sorted(drawn) == sorted(interface.model.__tablename__ for interface in INTERFACES)


def test_every_grant_has_a_line() -> None:
    lines = (DOCS / "permissions-by-entity.md").read_text().splitlines()
    grants = [
        line
        for line in lines
        if line.count("|") == 6 and not line.startswith(("| entity", "|---")) and "nobody besides" not in line
    ]
    assert len(grants) == sum(len(interface.policy.read) for interface in INTERFACES)


@pytest.mark.parametrize("name", ["model.md", "permissions-by-entity.md"])
def test_readme_leads_there(name: str) -> None:
    assert f"(docs/{name})" in (DOCS.parent / "README.md").read_text()
