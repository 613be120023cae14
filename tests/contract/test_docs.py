"""The pages under docs/ say what the code says: those that are written from it, and what others name of it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import typer

from backend.access.policy import Action
from backend.cli import commands
from backend.docs import stale_pages, write_pages
from backend.errors import MEANINGS, ErrorCode
from backend.face.limits import DocumentLimits
from backend.graphql.http.negotiation import STATUSES as GRAPHQL_STATUSES
from backend.interface.registry import INTERFACES
from backend.rest.problem import STATUSES as REST_STATUSES
from backend.settings import DEFAULTS, Settings
from tests.support.documented_blocks import PAGES, blocks

DOCS = Path(__file__).resolve().parents[2] / "docs"
_ASSIGNED = re.compile(r"(?:^|\bexport |\s)([A-Z][A-Z0-9_]+)=", re.MULTILINE)


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_no_setting_that_there_is_not(page: Path) -> None:
    settings = {name.upper() for name in Settings.model_fields}
    named = re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9])(?:=[^`]*)?`", page.read_text())
    named += [name for block in blocks("sh") if block.page == page.name for name in _ASSIGNED.findall(block.text)]
    others = {name for name in named if not name.startswith("OTEL_")} - settings - _variables_of_tests()
    # Constants of the code, and values of enums.
    code = "\n".join(module.read_text() for module in (DOCS.parent / "backend").rglob("*.py"))
    assert [name for name in others if not re.search(rf'^ *{name}\b.*=|"{name}"', code, re.MULTILINE)] == []


def test_parts_of_the_benchmark_are_those_that_its_page_names() -> None:
    named = re.search(r"--part ([a-z|]+)\]", (DOCS / "benchmark.md").read_text())
    parts = re.findall(
        r'^    [A-Z]+ = "([a-z]+)"$', (DOCS.parent / "scripts/bench/__main__.py").read_text(), re.MULTILINE
    )
    assert named is not None
    assert sorted(["all", *named[1].split("|")]) == sorted(parts)


def test_no_test_measures_how_long_something_takes() -> None:
    for module in (DOCS.parent / "tests").rglob("*.py"):
        if "clients" not in module.parts and module != Path(__file__):
            assert not re.search(r"\b(perf_counter|thread_time|process_time|timeit)\b", module.read_text()), module


def _commands(text: str) -> list[str]:
    """What comes after `computor`, in code of a page."""
    spans = re.findall(r"`computor ([^`]+)`", text)
    return spans + [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in _of_shell(block)]


def _of_shell(block: str) -> list[str]:
    return re.findall(r"\bcomputor ([a-z][^#>\n]*)", block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_no_command_and_no_option_that_there_is_not(page: Path) -> None:
    for told in _commands(page.read_text()):
        command: Any = typer.main.get_command(commands.app)
        words = told.split()
        while hasattr(command, "commands"):
            assert words, told
            assert words[0] in command.commands, told
            command = command.commands[words.pop(0)]
        options = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, told


def test_variables_of_tests_are_those_that_their_page_names() -> None:
    named = re.findall(r"`([A-Z]+_[A-Z]+)(?:=[^`]*)?`", (DOCS / "testing.md").read_text())
    assert set(named) == _variables_of_tests()
    assert len(set(named)) > 10


def _variables_of_tests() -> set[str]:
    """Variables of the environment that tests read: of long runs, of what may be lacking, and others."""
    modules = [module for module in (DOCS.parent / "tests").rglob("*.py") if "clients" not in module.parts]
    code = "\n".join(module.read_text() for module in modules)
    endings = {"steps": "STEPS", "seed": "SEED", "given_seed": "SEED", "tries_all": "ALL"}
    read = re.findall(r'\b(steps|seed|given_seed|tries_all)\("([A-Z]+)"', code)
    lacking = re.findall(r'\blacking\(\s*"([A-Z]+)"', code)
    others = re.findall(r'\bos\.environ(?:\.get\(|\[)"([A-Z_]+)"', code)
    own = {f"{run}_{endings[function]}" for function, run in read} | {f"REQUIRE_{name}" for name in lacking}
    return own | set(others) - {"PATH"}


def test_code_of_the_project_is_shown_as_it_stands() -> None:
    shown = [block for block in blocks("python") if block.page == "written-fields.md"]
    assert shown
    modules = [_unindented(module.read_text()) for module in (DOCS.parent / "backend").rglob("*.py")]
    assert [str(block) for block in shown if not any(_unindented(block.text) in module for module in modules)] == []


def _unindented(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


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


def test_readme_has_a_row_for_every_page() -> None:
    rows = re.findall(r"^\| \[docs/(\S+)\]\(docs/(\S+)\) \|", (DOCS.parent / "README.md").read_text(), re.MULTILINE)
    assert all(shown == target for shown, target in rows)
    assert sorted(target for _, target in rows) == sorted(page.name for page in DOCS.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_lead_to_pages_and_headings_that_are_there(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([\w/.-]+\.md)?(#[\w-]+)?\)", page.read_text()):
        led = page.parent / target if target else page
        assert led.exists(), target
        headings = re.findall(r"^#+ (.+)$", led.read_text(), re.MULTILINE)
        known = {f"#{re.sub(r'[^a-z0-9 -]', '', heading.lower()).replace(' ', '-')}" for heading in headings}
        assert not anchor or anchor in known, f"{target}{anchor}"


def test_docstrings_name_pages_that_are_there() -> None:
    for folder in ("backend", "tests", "scripts"):
        for module in (DOCS.parent / folder).rglob("*.py"):
            if "node_modules" not in module.parts:
                named = re.findall(r"\bdocs/([a-z-]+\.md)\b", module.read_text())
                assert all((DOCS / name).exists() for name in named), f"{module}: {named}"


def test_every_code_of_errors_is_explained_with_its_status_on_both_faces() -> None:
    row = re.compile(r"^\| `([A-Z_]+)` \| [^|]+ \| (\d+)?[^|]*\| ?(\d+)?[^|]*\|$", re.MULTILINE)
    told = row.findall((DOCS / "errors.md").read_text())
    assert [code for code, _, _ in told] == [code.value for code in ErrorCode]
    assert set(MEANINGS) == set(ErrorCode)
    # What is the document's fault has no entry of its own.
    assert {code: int(status) for code, status, _ in told} == {
        code: GRAPHQL_STATUSES.get(code, 400) for code in ErrorCode
    }
    assert {code: int(status) for code, _, status in told if status} == dict(REST_STATUSES)


def test_every_dependency_has_one_line() -> None:
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    asked = [*project["project"]["dependencies"], *(each for name in groups for each in groups[name])]
    page = (DOCS / "dependencies.md").read_text()
    ours, clients = page.split("\nGraphiQL's app", 1)[0], page.split("\nTyped clients", 1)[1]
    cells = [re.findall(r"^\| ([^|]+) \|", part, re.MULTILINE) for part in (ours, clients)]
    told, elsewhere = ([name for cell in part for name in cell.split(", ")] for part in cells)
    for name in {re.split(r"[\[<>=; ]", each, maxsplit=1)[0] for each in asked}:
        assert told.count(name) == 1 or name in elsewhere, name
    assert len(told) == len(set(told))


def test_every_limit_of_documents_is_explained_with_its_default() -> None:
    page = (DOCS / "limits.md").read_text()
    told = dict(re.findall(r"^\| `\w+` \| `MAX_(\w+)` \| ([0-9,]+) \|", page, re.MULTILINE))
    limits = {name.upper(): f"{limit:,}" for name, limit in asdict(DocumentLimits.of(DEFAULTS)).items()}
    assert {name: told.get(name) for name in limits} == limits


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_no_file_that_there_is_not(page: Path) -> None:
    root = DOCS.parent
    named = set(re.findall(r"`((?:[\w-]+/)+[\w-]+\.(?:py|sql|tsv|toml))`", page.read_text()))
    # What a page has its reader write is not there yet.
    own = set(re.findall(r"^# file: (\S+)", page.read_text(), re.MULTILINE))
    assert [name for name in named - own if not (root / name).exists() and not (root / "backend" / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_no_test_that_there_is_not(page: Path) -> None:
    tests = {module.name: module.read_text() for module in (DOCS.parent / "tests").rglob("test_*.py")}
    text = page.read_text()
    assert {name for name in re.findall(r"\btest_\w+\.py\b", text) if name not in tests} == set()
    defined = set(re.findall(r"^(?:async )?def (test_\w+)", "\n".join(tests.values()), re.MULTILINE))
    assert {name for name in re.findall(r"`(test_\w+)`", text) if name not in defined} == set()
    # Or in words: a file, or two of them, and what a test's name has in it.
    for files, words in re.findall(r"(`test_\w+\.py`(?: and `test_\w+\.py`)?): ([\w ]+)", text):
        for file in re.findall(r"test_\w+\.py", files):
            told = "_".join(words.split())
            assert re.search(rf"^(?:async )?def test_\w*{told}", tests[file], re.MULTILINE), f"{file}: {words}"
