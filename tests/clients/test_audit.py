"""The audits of the GraphQL-over-HTTP specification (npm `graphql-http`) pass, with a token and without."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.clients.conftest import HERE, run
from tests.support.gateway import running_gateway

if TYPE_CHECKING:
    from tests.support.gateway import RunningGateway

# At least as many as the suite had when it was pinned.
_AUDITS = 61


@pytest.mark.parametrize("signed_in", [True, False])
def test_every_audit_passes(world_gateway: RunningGateway, *, signed_in: bool) -> None:
    with running_gateway(world_gateway.database_url, {}, anonymous_schema=True) as gateway:
        token = [world_gateway.tokens["tom"]] if signed_in else []
        results = json.loads(run(HERE / "audit", "node", "audit.mjs", f"{gateway.url}/graphql", *token))
    assert len(results) >= _AUDITS
    assert [audit for audit in results if audit["status"] != "ok"] == []
