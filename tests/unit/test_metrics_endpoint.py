"""Who may read the metrics."""

from __future__ import annotations

import httpx
import pytest

from backend.observe.endpoint import MetricsEndpoint
from backend.observe.metrics import Metrics
from backend.settings import MetricsReaders

_HERE, _ELSEWHERE = "127.0.0.1", "192.0.2.1"
_HANDED_ON = {"X-Forwarded-For": _ELSEWHERE}
_RIGHT, _WRONG = {"Authorization": "Bearer sesame"}, {"Authorization": "Bearer open"}


@pytest.mark.parametrize(
    ("readers", "token", "client", "headers", "status"),
    [
        ("local", None, _HERE, {}, 200),
        ("local", None, "::1", {}, 200),
        ("local", None, _ELSEWHERE, {}, 404),
        # A proxy on this machine hands on the requests of others.
        ("local", None, _HERE, _HANDED_ON, 404),
        ("local", None, _HERE, {"X-Forwarded-Host": "elsewhere.example"}, 404),
        ("local", None, _HERE, {"Via": "1.1 proxy"}, 404),
        ("local", None, f"::ffff:{_HERE}", {}, 200),
        ("local", None, f"::ffff:{_ELSEWHERE}", {}, 404),
        ("everyone", None, _ELSEWHERE, {}, 200),
        ("off", None, _HERE, {}, 404),
        ("local", "sesame", _HERE, {}, 404),
        ("everyone", "sesame", _ELSEWHERE, _WRONG, 404),
        ("everyone", "sesame", _ELSEWHERE, _RIGHT, 200),
        ("off", "sesame", _ELSEWHERE, _RIGHT, 200),
    ],
)
async def test_metrics_are_for_whom_the_settings_name(
    readers: str, token: str | None, client: str, headers: dict[str, str], status: int
) -> None:
    app = MetricsEndpoint(Metrics(), MetricsReaders(readers), token)
    transport = httpx.ASGITransport(app, client=(client, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as asking:
        answer = await asking.get("/metrics", headers=headers)
    assert answer.status_code == status
    assert ("computor_requests" in answer.text) == (status == 200)
