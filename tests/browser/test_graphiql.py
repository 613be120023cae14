"""GraphiQL in a real browser, in front of the real gateway."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.browser.asked import is_introspection, is_operation

if TYPE_CHECKING:
    from tests.support.gateway import RunningGateway

_NESTED = "CoursesAndMembers"


def _tab(page: Page, name: str) -> Locator:
    return page.get_by_role("tab").get_by_role("button", name=name, exact=True)


def _run(page: Page, name: str) -> dict[str, Any]:
    """Opens the tab of the operation and runs it: what the gateway answered."""
    _tab(page, name).click()
    expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text(name)
    with page.expect_response(lambda response: is_operation(response.request, name)) as answered:
        page.get_by_role("button", name="Execute query").click()
    answer: dict[str, Any] = answered.value.json()
    return answer


def _ask_as(page: Page, user: str) -> str:
    """Picks a demo user, and waits for the schema that is theirs: the credential that GraphiQL then used."""
    with page.expect_response(is_introspection) as introspected:
        page.get_by_label("Ask as").select_option(user)
    return introspected.value.request.header_value("authorization") or ""


def _shown(page: Page) -> str:
    """The text in the result pane, as far down as it shows: Monaco draws no line that cannot be seen."""
    lines: list[str] = page.locator(".graphiql-response .view-line").evaluate_all(
        "lines => lines.sort((a, b) => parseFloat(a.style.top) - parseFloat(b.style.top)).map(line => line.textContent)"
    )
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")


def _wait_until_shown(page: Page, text: str) -> None:
    expect(page.locator(".graphiql-response .view-lines")).to_contain_text(text)


def test_demo_user_runs_a_nested_query_and_reads_the_answer(gateway: RunningGateway, page: Page) -> None:
    assert _ask_as(page, "lecturer") == f"Bearer {gateway.tokens['lecturer']}"
    answer = _run(page, _NESTED)
    assert "errors" not in answer
    courses = answer["data"]["courses"]["nodes"]
    assert courses
    assert courses[0]["members"]["nodes"][0]["user"]["fullName"]
    _wait_until_shown(page, "fullName")
    assert json.dumps(answer, indent=2, ensure_ascii=False).startswith(_shown(page))
    if screenshot := os.environ.get("GRAPHIQL_SCREENSHOT"):
        page.screenshot(path=screenshot)


def test_switching_the_user_forgets_what_the_other_saw(gateway: RunningGateway, page: Page) -> None:
    _ask_as(page, "lecturer")
    _run(page, _NESTED)
    _wait_until_shown(page, "courses")
    _run(page, "Me")
    _wait_until_shown(page, "fullName")
    assert _ask_as(page, "student") == f"Bearer {gateway.tokens['student']}"
    expect(page.locator(".graphiql-response .view-lines")).to_have_text("")
    _tab(page, _NESTED).click()
    expect(page.locator(".graphiql-response .view-lines")).to_have_text("")
    answer = _run(page, "Me")
    expect(page.get_by_role("banner").get_by_role("status")).to_have_text(answer["data"]["me"]["fullName"])


def test_token_that_does_not_hold_is_refused_with_the_gateways_words(gateway: RunningGateway, page: Page) -> None:
    refusal = httpx.post(
        f"{gateway.url}/graphql",
        json={"query": "{ me { id } }"},
        headers={"Authorization": "Bearer ctp_wrong"},
        trust_env=False,
    )
    assert refusal.status_code == 401
    message = refusal.json()["errors"][0]["message"]
    page.get_by_label("Ask as").select_option("Own token…")
    page.get_by_label("API token").fill("ctp_wrong")
    page.get_by_role("button", name="Use").click()
    expect(page.get_by_role("banner").get_by_role("alert")).to_have_text(message)


def test_own_token_is_kept_for_the_next_visit(gateway: RunningGateway, page: Page) -> None:
    page.get_by_label("Ask as").select_option("Own token…")
    page.get_by_label("API token").fill(gateway.tokens["tutor"])
    with page.expect_response(is_introspection):
        page.get_by_role("button", name="Use").click()
    with page.expect_response(is_introspection) as introspected:
        page.reload()
    assert introspected.value.request.header_value("authorization") == f"Bearer {gateway.tokens['tutor']}"
    page.get_by_role("button", name="Forget").click()
    expect(page.get_by_role("banner").get_by_role("status")).to_contain_text("computor token create")


def test_every_example_has_an_answer_without_errors(page: Page) -> None:
    expect(page.get_by_label("Ask as")).to_have_value("admin")
    tabs = page.get_by_role("tab").all_inner_texts()
    assert len(tabs) >= 6
    for name in tabs:
        answer = _run(page, name)
        assert "errors" not in answer, (name, answer["errors"])


def test_docs_show_the_schema(page: Page) -> None:
    page.get_by_role("button", name="Show Documentation Explorer").click()
    docs = page.get_by_role("region", name="Documentation Explorer")
    docs.get_by_role("link", name="Query", exact=True).click()
    expect(docs).to_contain_text("courses")
