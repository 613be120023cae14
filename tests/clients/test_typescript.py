"""TypeScript with graphql-codegen's client preset: typed documents and fragments, under `tsc --strict`."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.clients.conftest import HERE, run, said

_PROJECT = HERE / "typescript"


def test_generated_client_is_typed_and_answers(asked: dict[str, str]) -> None:
    run(_PROJECT, "graphql-codegen", "--config", "codegen.ts")
    run(_PROJECT, "tsc", "--project", ".")
    told = said(run(_PROJECT, "node", "build/main.js", environment=asked))
    names = {line.split(" (")[0] for line in told["lines"]}
    assert {"Ada Adason", "Lea Leason"} <= names
    assert len(names) == len(told["lines"]) > 4
    since = f"0 changes since {datetime.now(UTC).year}"
    assert all(line.endswith(since) for line in told["lines"])
    assert told["created"] == "CourseGroup:7d9f0f5e-2c3b-4f4a-8a57-0b1c5a1f0001"
    assert told["taken"] == f"id is taken by {told['created']}"
    assert told["wrong"] == "input.title is wrong"
    assert told["renamed"] == told["late"] == "1"
    assert told["refused"] == "BAD_USER_INPUT"
