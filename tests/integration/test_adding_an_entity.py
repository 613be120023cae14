"""docs/adding-an-entity.md, followed to the letter in a copy of the project."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from backend.access.credentials import create_token
from backend.seed import load

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "adding-an-entity.md").read_text()
_BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
_PAGE = """query ($after: String) {
    rooms(first: 1, after: $after, orderBy: [{ seats: DESC_NULLS_LAST }]) { nodes { name } pageInfo { endCursor } } }"""
_ASK = """
import asyncio, json, sys
from pydantic import SecretStr
from backend.graphql.engine import Request
from backend.server import create_app
from backend.settings import Settings

async def main():
    url, query, variables, *tokens = sys.argv[1:]
    engine = create_app(Settings(database_url=SecretStr(url))).engine
    given = json.loads(variables)
    async with engine.callers.open():
        answers = [await engine.answer(Request(query, given, None, token)) for token in tokens]
    print(json.dumps([json.loads(answer.body) for answer in answers]))

asyncio.run(main())
"""


def _blocks(language: str) -> list[str]:
    return [body for of, body in _BLOCK.findall(PAGE) if of == language]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    copied = shutil.ignore_patterns("node_modules", "dist", "__pycache__")
    for name in ("backend", "alembic"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=copied)
    shutil.copy(ROOT / "alembic.ini", tmp_path)
    return tmp_path


def test_page_leads_to_rooms_that_answer(project: Path, migrated_database: str) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": migrated_database,
        "PYTHONPATH": str(project),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    for body in _blocks("python"):
        first, rest = body.split("\n", 1)
        how, path = first.removeprefix("# ").split(": ")
        with (project / path).open("a" if how == "line" else "w") as file:
            file.write(rest)
    (commands,) = _blocks("sh")
    unmade = subprocess.run(
        ["computor", "db", "upgrade"], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert unmade.returncode == 1
    assert unmade.stderr == (
        "No migration makes the table room of the models:"
        ' `alembic revision --autogenerate -m "What it adds" --rev-id NUMBER_NAME` writes one.\n'
    )
    for line in commands.splitlines():
        if not line.startswith("#"):
            run(*shlex.split(line))

    load(migrated_database, "demo")
    with psycopg.connect(migrated_database) as connection:
        organization = connection.execute(
            "SELECT o.id, o.title FROM organization o JOIN course c ON c.organization_id = o.id"
            " JOIN course_member m ON m.course_id = c.id"
            " JOIN \"user\" u ON u.id = m.user_id WHERE u.username = 'student' LIMIT 1"
        ).fetchone()
        assert organization is not None
        connection.execute(
            "INSERT INTO room (name, seats, organization_id)"
            " SELECT name, seats, %s FROM (VALUES ('Lecture hall', 200), ('Kitchen', NULL)) AS room (name, seats)",
            organization[:1],
        )
        connection.execute("UPDATE room SET seats = 210 WHERE seats = 200")
        kept = connection.execute("SELECT version, updated_at >= created_at FROM room WHERE seats = 210").fetchone()
        assert kept == (1, True)
        connection.execute("UPDATE room SET seats = 200 WHERE seats = 210")
    (query,) = _blocks("graphql")
    query = query.replace("University of Gamma", organization[1])
    tokens = [create_token(migrated_database, user=user) for user in ("admin", "student", "stranger")]

    def ask(document: str, *tokens: str, **variables: object) -> list[dict[str, Any]]:
        answers = run(sys.executable, "-c", _ASK, migrated_database, document, json.dumps(variables), *tokens)
        found: list[dict[str, Any]] = json.loads(answers)
        return found

    answers = ask(query, *tokens)
    page = answers[0]["data"]["rooms"]["nodes"][0]["organization"]["rooms"].pop("pageInfo")
    assert page["hasNextPage"]
    assert answers[1]["data"]["rooms"]["nodes"][0]["organization"]["rooms"].pop("pageInfo") == page
    room = {"label": "Lecture hall, 200", "organization": {"title": organization[1], "rooms": {"totalCount": 2}}}
    seen = {"data": {"rooms": {"totalCount": 1, "nodes": [room]}}}
    assert answers == [seen, seen, {"data": {"rooms": {"totalCount": 0, "nodes": []}}}]

    names, cursor = [], None
    for _ in range(2):
        (answer,) = ask(_PAGE, tokens[1], after=cursor)
        names += [node["name"] for node in answer["data"]["rooms"]["nodes"]]
        cursor = answer["data"]["rooms"]["pageInfo"]["endCursor"]
    assert names == ["Lecture hall", "Kitchen"]
