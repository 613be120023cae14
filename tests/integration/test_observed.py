"""What the gateway says of the requests that it answers: its log, its metrics, its spans."""

from __future__ import annotations

import json
import re
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from backend.observe.log import LONGEST_PLAN, LONGEST_STATEMENT
from tests.support.documented_blocks import ROOT, blocks
from tests.support.gateway import running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    from tests.support.gateway import RunningGateway

_SECRET = "a value that no log may hold"
_QUERY = """query Listed($title: String) {
  courses(first: 2, filter: { title: { ne: $title, notIn: ["a.literal"] } }) { nodes { title } }
}"""


def _lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.readouterr().err.splitlines() if line.startswith("{")]


def test_a_request_is_one_line_without_values(gateway: RunningGateway, capfd: pytest.CaptureFixture[str]) -> None:
    with running_gateway(gateway.database_url, gateway.tokens, log_requests=True, slow_seconds=0) as logged:
        answer = logged.data("student", _QUERY, title=_SECRET)
        user = logged.data("student", "{ me { databaseId } }")["me"]["databaseId"]
    (first, second) = _lines(capfd)
    assert {name: first[name] for name in ("event", "level", "method", "route", "status", "operation", "kind")} == {
        "event": "request",
        "level": "info",
        "method": "POST",
        "route": "/graphql",
        "status": 200,
        "operation": "Listed",
        "kind": "query",
    }
    assert first["user"] == user
    (documented,) = [json.loads(block.text) for block in blocks("json") if block.page == "observing.md"]
    assert list(first) == list(documented)
    assert first["cost"] > second["cost"] > 0
    assert first["request_id"] != second["request_id"]
    assert first["document"] == sha256(_QUERY.encode()).hexdigest()
    # The first asks who the caller is, too.
    assert (second["statements"], second["rows"], first["code"]) == (2, 2, None)
    assert first["milliseconds"] > first["database_milliseconds"] > 0
    said = json.dumps([first, second])
    for value in (_SECRET, "a.literal", *(node["title"] for node in answer["courses"]["nodes"])):
        assert value not in said


def test_refusals_are_lines_with_their_codes(gateway: RunningGateway, capfd: pytest.CaptureFixture[str]) -> None:
    with running_gateway(
        gateway.database_url, {**gateway.tokens, "nobody": "ctp_wrong"}, log_requests=True, slow_seconds=0
    ) as logged:
        logged.ask("nobody", "{ me { id } }")
        logged.ask("student", "{ nothing }")
        logged.client.get(f"{logged.url}/nowhere/{_SECRET}?token={_SECRET}")
        logged.client.get(f"{logged.url}/users/{_SECRET}?token={_SECRET}")
    refused, invalid, unknown, resource = _lines(capfd)
    assert (refused["status"], refused["code"], refused["user"]) == (401, "UNAUTHENTICATED", None)
    assert invalid["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert (unknown["status"], unknown["route"]) == (404, None)
    # What has a route is told by its pattern.
    assert (resource["status"], resource["route"]) == (401, "/users/{id}")
    assert _SECRET not in json.dumps([unknown, resource])


def test_slow_request_is_logged_with_its_plan(gateway: RunningGateway, capfd: pytest.CaptureFixture[str]) -> None:
    with running_gateway(gateway.database_url, gateway.tokens, slow_seconds=1e-9) as logged:
        logged.data("student", _QUERY, title=_SECRET)
    (slow,) = _lines(capfd)
    assert (slow["event"], slow["level"], slow["operation"]) == ("slow request", "warning", "Listed")
    (load,) = slow["plan"]["loads"]
    assert (load["field"], load["type"], load["rows"]) == ("courses", "Course", 3)
    assert "FROM course" in load["statements"][0]["sql"]
    assert _SECRET not in json.dumps(slow)
    assert "a.literal" not in json.dumps(slow)


def test_plan_of_a_slow_request_is_cut(gateway: RunningGateway, capfd: pytest.CaptureFixture[str]) -> None:
    members = "members(first: 2) { nodes { user { givenName } results(first: 2) { nodes { id } } } }"
    fields = " ".join(f"a{number}: courses(first: 2) {{ nodes {{ {members} }} }}" for number in range(20))
    with running_gateway(gateway.database_url, gateway.tokens, slow_seconds=1e-9) as logged:
        logged.data("student", f"{{ {fields} }}")
    (slow,) = _lines(capfd)
    assert LONGEST_PLAN / 2 < len(json.dumps(slow["plan"], ensure_ascii=False)) < 3 * LONGEST_PLAN
    *shown, left = slow["plan"]["loads"]
    assert left == f"… {20 - len(shown)} more"
    texts = [statement["sql"] for load in shown for statement in load["statements"] if isinstance(statement, dict)]
    assert max(map(len, texts)) <= LONGEST_STATEMENT + len(" … of 1234 characters")


def _figures(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_count_requests_by_nothing_that_clients_choose(gateway: RunningGateway) -> None:
    with running_gateway(gateway.database_url, gateway.tokens) as counted:
        counted.data("student", _QUERY, title=_SECRET)
        counted.ask("student", "query Wrong { nothing }")
        counted.client.get(f"{counted.url}/nowhere/{_SECRET}")
        found = counted.client.get(f"{counted.url}/metrics")
    assert found.headers["content-type"].startswith("text/plain; version=0.0.4")
    figures = _figures(found.text)

    def requests(**labels: str) -> float:
        return figures["computor_requests_total", tuple(sorted(labels.items()))]

    assert requests(route="/graphql", kind="query", status="200", code="") == 1
    assert requests(route="/graphql", kind="none", status="200", code="GRAPHQL_VALIDATION_FAILED") == 1
    assert requests(route="unknown", kind="none", status="404", code="NOT_FOUND") == 1
    assert figures["computor_requests_in_progress", ()] == 0
    assert figures["computor_rows_sum", ()] > 0
    documented = set(re.findall(r"`(computor_[a-z_]+)", (ROOT / "docs" / "observing.md").read_text()))
    assert len(documented) > 5
    assert {name for name in documented if not re.search(rf"^{name}", found.text, re.MULTILINE)} == set()
    for value in (_SECRET, "Listed", "Wrong", "nowhere"):
        assert value not in found.text


@pytest.fixture
def collector() -> Iterator[tuple[str, list[Span]]]:
    """A collector of spans: its address, and what it was sent."""
    spans: list[Span] = []

    class Collecting(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
            spans.extend(span for of in sent.resource_spans for scope in of.scope_spans for span in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """It says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collecting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", spans
        server.shutdown()


def test_spans_lead_from_the_request_to_its_statements(
    gateway: RunningGateway, collector: tuple[str, list[Span]], monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, spans = collector
    # OpenTelemetry's own code reads the rest of its settings from here.
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    with running_gateway(gateway.database_url, gateway.tokens) as traced:
        httpx.post(
            f"{traced.url}/graphql",
            json={"query": _QUERY, "variables": {"title": _SECRET}},
            headers={
                "Authorization": f"Bearer {traced.tokens['student']}",
                "traceparent": f"00-{trace}-{parent}-01",
            },
        )
    by_name = {span.name: span for span in spans}
    request, plan = by_name["query Listed"], by_name["plan"]
    statements = [span for span in spans if span.name == "SELECT"]
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (trace, parent)
    assert plan.parent_span_id == request.span_id
    assert len(statements) == 2
    assert all(span.parent_span_id == plan.span_id for span in statements)
    for span in (plan, *statements):
        assert request.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.end_time_unix_nano <= request.end_time_unix_nano
    attributes = {each.key: each.value for each in statements[-1].attributes}
    assert "FROM course" in attributes["db.query.text"].string_value
    assert attributes["db.response.returned_rows"].int_value == 3
    assert not [span for span in spans if _SECRET in str(span)]
