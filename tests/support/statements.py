"""How many statements a gateway sends, as it tells itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from tests.support.gateway import RunningGateway


def statements(gateway: RunningGateway) -> int:
    """Of all requests so far, the question who is asking included."""
    families = text_string_to_metric_families(gateway.client.get(f"{gateway.url}/metrics").text)
    samples = {sample.name: sample.value for family in families for sample in family.samples}
    return int(samples["computor_statements_sum"])
