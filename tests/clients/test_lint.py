"""graphql-eslint's rules for schemas, and Relay's, hold for schema.graphql."""

from __future__ import annotations

from tests.clients.conftest import ROOT, run


def test_schema_keeps_the_rules() -> None:
    run(ROOT, "eslint", "--max-warnings", "0", "--config", "tests/clients/lint/eslint.config.js", "schema.graphql")
