"""What the pages have their readers ask, over the demo data: each block of GraphQL, each curl, and `computor plan`."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from backend.access.credentials import create_token
from backend.seed import load
from tests.support.database import new_database
from tests.support.documented_blocks import Block, blocks, curl
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.processes import computor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What is asked there is of an entity that the page adds: test_adding_an_entity.py.
DOCUMENTS = [block for block in blocks("graphql") if block.page != "adding-an-entity.md"]
CURLS = [block for block in blocks("sh") if "curl " in block.text]
PLANS = [block for block in blocks("sh") if block.text.startswith("computor plan ")]
_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@pytest.fixture(scope="module")
def demo(postgres_url: str, migrated_template: str) -> Iterator[RunningGateway]:
    """The gateway over demo data to write to, with tokens as `computor serve` makes them."""
    with new_database(postgres_url, migrated_template) as url:
        load(url, "demo")
        tokens = {user: create_token(url, user=user, scopes=["*"]) for user in ("lecturer", "student")}
        with running_gateway(url, tokens) as running:
            yield running


def test_there_are_blocks_of_each_kind() -> None:
    assert len(DOCUMENTS) >= 7
    assert len(CURLS) >= 3
    assert len(PLANS) == 1
    # What else is asked for stands within these, or is marked as another language than it is.
    marked = {str(block) for language in ("", "text") for block in blocks(language) if _is_graphql(block.text)}
    assert marked == set()


def _is_graphql(text: str) -> bool:
    return re.match(r"(query|mutation|subscription|fragment|\{\s*\w+\s*[({])", text) is not None


@pytest.mark.parametrize("block", DOCUMENTS, ids=str)
def test_documents_are_answered_and_have_something_to_say(demo: RunningGateway, block: Block) -> None:
    data = demo.data("lecturer", block.text, **block.variables)
    assert data
    for name, found in data.items():
        assert found, name
        assert found.get("errors", []) == [], name
        assert found.get("nodes") != [], name


@pytest.mark.parametrize("block", CURLS, ids=str)
def test_curls_are_answered_as_the_page_says(demo: RunningGateway, block: Block) -> None:
    asked = curl(block)
    response = demo.client.request(
        asked.method,
        f"{demo.url}{asked.target}",
        params=asked.parameters or None,
        content=asked.body,
        headers={**asked.headers, "Authorization": f"Bearer {demo.tokens[asked.user]}"},
    )
    assert response.is_success
    assert "errors" not in response.json()
    told = block.answer
    if told is None:
        return
    if told.language == "json":
        assert response.json() == orjson.loads(told.text)
        return
    head = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
    head += [f"{name}: {value}" for name, value in response.headers.items()]
    shown = [*head, "", response.text] if asked.shows_head else [response.text]
    for line in told.text.splitlines():
        assert any(_fits(line, each) for each in shown), (line, shown)


def _fits(line: str, shown: str) -> bool:
    """Whether a line of a page shows this, where … is anything and keys, digests and what is made up differ."""
    pattern = re.escape(line).replace("…", ".*").replace(r"\-", "-")
    pattern = re.sub(_ID, _ID.replace("\\", r"\\"), pattern)
    pattern = re.sub(r'"(\d+)-[0-9a-f]{24}"', r'"\1-[0-9a-f]{24}"', pattern)
    return re.fullmatch(pattern, shown) is not None


@pytest.mark.parametrize("block", PLANS, ids=str)
def test_plan_is_told_as_the_page_shows_it(
    demo: RunningGateway, block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (document,) = [each.text for each in DOCUMENTS if each.page == block.page]
    name = re.search(r"With this in `(\S+)`", block.before)
    assert name is not None
    (tmp_path / name[1]).write_text(document)
    monkeypatch.chdir(tmp_path)
    done = computor(demo.database_url, *shlex.split(block.text)[1:])
    assert done.returncode == 0, done.stderr
    told = block.answer
    assert told is not None
    assert _without_times(done.stdout) == _without_times(told.text)


def _without_times(text: str) -> Any:
    return re.sub(r"\d+\.\d\d ms", "… ms", text.strip())
