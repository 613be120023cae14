"""The page of the REST API in a real browser, in front of the real gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.support.gateway import RunningGateway


def test_a_route_is_found_and_tried_with_a_token(gateway: RunningGateway, blank: Page) -> None:
    blank.goto(f"{gateway.url}/docs")
    blank.get_by_role("button", name="Authorize").click()
    blank.get_by_label("auth-bearer-value").fill(gateway.tokens["student"])
    blank.get_by_label("Apply credentials").click()
    blank.get_by_role("button", name="Close").click()
    blank.locator("#operations-tag-course-families").click()
    route = blank.locator("#operations-course-families-list_course_families")
    route.get_by_role("button", name="List course families").click()
    route.get_by_role("button", name="Try it out").click()
    with blank.expect_response(lambda response: "/course-families?" in response.url) as answered:
        route.get_by_role("button", name="Execute").click()
    assert answered.value.status == 200
    assert answered.value.json()
    expect(route.locator(".live-responses-table .response .microlight").first).to_contain_text("organization_id")
