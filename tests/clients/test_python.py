"""Python with ariadne-codegen: Pydantic models and a client with a method for each operation, under mypy --strict."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.clients.conftest import HERE, PYTHON, run, said

_PROJECT = HERE / "python"


def test_generated_client_is_typed_and_answers(asked: dict[str, str]) -> None:
    run(_PROJECT, PYTHON / "ariadne-codegen")
    run(_PROJECT, PYTHON / "mypy", "--config-file", "pyproject.toml", "main.py", "generated")
    told = said(run(_PROJECT, PYTHON / "python", "main.py", environment=asked))
    names = {line.split(",")[0] for line in told["lines"]}
    assert {"Ada Adason", "Lea Leason"} <= names
    assert len(names) == len(told["lines"]) > 4
    since = f"0 changes since {datetime.now(UTC).year}"
    assert all(line.endswith(since) for line in told["lines"])
    assert told["created"] == "CourseGroup:7d9f0f5e-2c3b-4f4a-8a57-0b1c5a1f0002"
    assert told["taken"] == "id is taken"
    assert told["wrong"] == "input.title is wrong"
    assert told["refused"] == "BAD_USER_INPUT"
