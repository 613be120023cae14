"""docs/clients.md shows lines of the projects under tests/clients, which run, and the versions that they run with."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.documented_blocks import ROOT, Block, blocks

CLIENTS = ROOT / "tests" / "clients"
PAGE = (ROOT / "docs" / "clients.md").read_text()
ENDINGS = {"ts": "typescript/**/*.ts", "json": "relay/*.json", "toml": "python/*.toml", "python": "python/*.py"}
SHOWN = [block for language in ENDINGS for block in blocks(language) if block.page == "clients.md"]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("block", SHOWN, ids=str)
def test_code_is_of_one_file_that_runs(block: Block) -> None:
    files = [file for file in CLIENTS.glob(ENDINGS[block.language]) if not {"build", "generated"} & set(file.parts)]
    shown = _lines(block.text)
    missing = {file.name: [line for line in shown if line not in _lines(file.read_text())] for file in files}
    assert [] in missing.values(), missing


def test_all_code_is_looked_for() -> None:
    assert len(SHOWN) == len(re.findall(r"^```\w*$", PAGE, re.MULTILINE)) // 2 - 1
    # The one besides is of a shell, and installs what the next test is about.
    (other,) = [block for block in blocks("sh") if block.page == "clients.md"]
    assert other.text.startswith("npm install")


def test_versions_are_those_that_are_tried() -> None:
    project = json.loads((CLIENTS / "package.json").read_text())
    tried = project["devDependencies"]
    shown = dict(re.findall(r"((?:@[\w-]+/)?[\w-]+)@(\^[\d.]+)", PAGE))
    assert len(shown) >= 7
    assert shown == {name: tried.get(name) for name in shown}
    locked = (ROOT / "requirements-clients.txt").read_text()
    packages = re.findall(r"pip install ([\w-]+==[\w.]+)", PAGE)
    assert packages
    assert [each for each in packages if not re.search(rf"^{re.escape(each)} ", locked, re.MULTILINE)] == []
