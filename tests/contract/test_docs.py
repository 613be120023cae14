"""The pages under docs/ that are written from the code say what it says."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from backend.access.policy import Action
from backend.docs import stale_pages, write_pages
from backend.errors import MEANINGS, ErrorCode
from backend.graphql.limits import DocumentLimits
from backend.interface.registry import INTERFACES
from backend.settings import Settings

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_committed_pages_are_what_the_code_says() -> None:
    assert stale_pages(DOCS) == []


def test_pages_that_are_missing_or_changed_are_named(tmp_path: Path) -> None:
    write_pages(tmp_path)
    assert stale_pages(tmp_path) == []
    (tmp_path / "model.md").write_text("# Nothing\n")
    (tmp_path / "permissions-by-entity.md").unlink()
    assert stale_pages(tmp_path) == ["model.md", "permissions-by-entity.md"]


def test_every_setting_has_a_line_that_says_something() -> None:
    lines = (DOCS / "settings.md").read_text().splitlines()
    told = dict(re.findall(r"^\| `(\w+)` \|.*\| (.+) \|$", line)[0] for line in lines if line.startswith("| `"))
    assert list(told) == [name.upper() for name in Settings.model_fields]


def test_pages_name_no_setting_that_there_is_not() -> None:
    known = {name.upper() for name in Settings.model_fields}
    for page in ("operating.md", "observing.md", "explain.md"):
        named = re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9])(?:=[^`]*)?`", (DOCS / page).read_text())
        assert {name for name in named if not name.startswith("OTEL_")} <= known, page


def test_every_table_is_drawn_once() -> None:
    drawn = re.findall(r"^  (\w+) \{$", (DOCS / "model.md").read_text(), re.MULTILINE)
    assert sorted(drawn) == sorted(interface.model.__tablename__ for interface in INTERFACES)


def test_every_grant_and_check_has_a_line() -> None:
    lines = (DOCS / "permissions-by-entity.md").read_text().splitlines()
    told = [line.split(" | ")[1] for line in lines if line.count(" | ") == 6 and "nobody besides" not in line]
    policies = [interface.policy for interface in INTERFACES]
    for action in Action:
        letter = action.value[0].upper()
        grants = sum(len(policy.grants(action)) for policy in policies)
        assert sum(letter in each for each in told if each != "may") == grants, action
    checks = [check.message for policy in policies for check in policy.checks]
    assert [message for message in checks if not any(line.endswith(f"| {message} |") for line in lines)] == []


@pytest.mark.parametrize("name", ["model.md", "permissions-by-entity.md"])
def test_readme_leads_there(name: str) -> None:
    assert f"(docs/{name})" in (DOCS.parent / "README.md").read_text()


def test_every_code_of_errors_is_explained() -> None:
    told = re.findall(r"^\| `([A-Z_]+)` \|", (DOCS / "errors.md").read_text(), re.MULTILINE)
    assert told == [code.value for code in ErrorCode]
    assert set(MEANINGS) == set(ErrorCode)


def test_every_limit_of_documents_is_explained_with_its_default() -> None:
    page = (DOCS / "limits.md").read_text()
    told = dict(re.findall(r"^\| `\w+` \| `MAX_(\w+)` \| ([0-9,]+) \|", page, re.MULTILINE))
    limits = {each.name.upper(): f"{each.default:,}" for each in fields(DocumentLimits)}
    assert {name: told.get(name) for name in limits} == limits
    settings = Settings.model_fields
    assert all(settings[f"max_{each.name}"].default == each.default for each in fields(DocumentLimits))
