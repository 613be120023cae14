"""Blocks of code in docs/ and README.md, and what is said beside them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_VARIABLES = re.compile(r"with the variables\s+`(\{[^`]*\})`|--variables '(\{[^']*\})'")


@dataclass(frozen=True)
class Block:
    """A block of a page, in what language it is, and the text of the page up to it and behind it."""

    page: str
    language: str
    text: str
    before: str
    behind: str

    def __str__(self) -> str:
        """Where it stands."""
        return f"{self.page}:{self.before.count(chr(10)) + 1}"

    @property
    def variables(self) -> dict[str, Any]:
        """Those that the page names nearby, before the block or in the command that follows it."""
        here = self.before.rpartition("\n## ")[2].rpartition("```\n")[2]
        following = next(iter(_blocks(self.page, self.behind)), None)
        command = following.text if following is not None and following.language == "sh" else ""
        found = _VARIABLES.search(here) or _VARIABLES.search(command)
        return {} if found is None else dict(orjson.loads(found[1] or found[2]))

    @property
    def answer(self) -> Block | None:
        """The block that follows at once."""
        found = next(iter(_blocks(self.page, self.behind)), None)
        return found if found is not None and not found.before.strip() else None


def blocks(language: str) -> list[Block]:
    """All of a language."""
    return [block for page in PAGES for block in _blocks(page.name, page.read_text()) if block.language == language]


def _blocks(page: str, text: str) -> Iterator[Block]:
    for found in _BLOCK.finditer(text):
        yield Block(page, found[1], found[2], text[: found.start()], text[found.end() :])


@dataclass(frozen=True)
class Curl:
    """A request as a page has curl send it, with the token of a user of the demo data; `shows_head` is -i."""

    user: str
    method: str
    target: str
    headers: dict[str, str]
    parameters: dict[str, str]
    body: str | None
    shows_head: bool


def curl(block: Block) -> Curl:
    """The request of a block. AssertionError for options that are not known here."""
    token, _, command = block.text.partition("\n")
    user = re.fullmatch(r"token=\$\(\.venv/bin/python -c \".*demo-tokens\.json.*\['(\w+)'\]\)\"\)", token)
    assert user is not None, token
    name, *words = shlex.split(command.replace("\\\n", " "))
    assert name == "curl", name
    url, headers, data, options = "", {}, "", set()
    while words:
        word = words.pop(0)
        if word == "-H":
            key, _, value = words.pop(0).partition(": ")
            headers[key] = value
        elif word in ("--data", "--data-urlencode"):
            data = words.pop(0)
            options.add(word)
        elif word.startswith("-"):
            assert word in ("-i", "-G"), word
            options.add(word)
        else:
            assert not url, (url, word)
            url = word
    assert urlsplit(url)[:2] == ("http", "127.0.0.1:8000"), url
    # The token's own is put in by whoever asks.
    assert headers.pop("Authorization") == "Bearer $token"
    asks = "-G" in options or not data
    assert ("--data-urlencode" in options) is ("-G" in options)
    key, _, value = data.partition("=")
    return Curl(
        user[1],
        "GET" if asks else "POST",
        urlsplit(url).path,
        headers,
        {key: value} if asks and data else {},
        None if asks else data,
        "-i" in options,
    )
