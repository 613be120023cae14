"""Relay: its compiler takes the schema for one of Relay's, and its artifacts give types to what uses them."""

from __future__ import annotations

from tests.clients.conftest import HERE, run

_PROJECT = HERE / "relay"


def test_project_compiles_and_is_typed() -> None:
    run(_PROJECT, "relay-compiler", "relay.config.json")
    run(_PROJECT, "tsc", "--project", ".")
    # The query for the next page of a connection is written from the id of what holds it.
    assert "node(id: $id)" in (_PROJECT / "src/__generated__/membersPageQuery.graphql.ts").read_text()
