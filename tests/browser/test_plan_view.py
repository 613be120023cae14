"""The plan of the last query, in a real browser; `page` fails a test that asks any other host."""

from __future__ import annotations

import os

from playwright.sync_api import Locator, Page, expect

from tests.browser.asked import is_introspection, is_operation

_NAME = "CoursesAndMembers"


def _run(page: Page) -> None:
    page.get_by_role("tab").get_by_role("button", name=_NAME, exact=True).click()
    expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text(_NAME)
    with page.expect_response(lambda response: is_operation(response.request, _NAME)):
        page.get_by_role("button", name="Execute query").click()


def _open(page: Page, view: str) -> None:
    page.get_by_role("button", name=view, exact=True).click()


def _load(page: Page, path: str) -> Locator:
    return page.get_by_role("img", name="The plan of the last query").locator(f'[data-load="{path}"]')


def test_plan_is_drawn_level_by_level(page: Page) -> None:
    page.get_by_label("Ask as").select_option("admin")
    _open(page, "Plan")
    expect(page.get_by_text("Run a query: its plan is drawn here.")).to_be_visible()
    _open(page, "Queries")
    _run(page)
    _open(page, "Plan")
    drawing = page.get_by_role("img", name="The plan of the last query")
    expect(page.get_by_role("heading", name=f"{_NAME}: ")).to_be_visible()
    expect(_load(page, "courses")).to_contain_text("courses: Course")
    members = _load(page, "courses.members")
    expect(drawing.locator('[data-edge="courses courses.members"]')).to_have_count(1)
    # What is loaded later stands further to the right.
    places = [box.bounding_box() for box in (_load(page, "courses"), members)]
    assert places[0] is not None
    assert places[1] is not None
    assert places[0]["x"] + places[0]["width"] < places[1]["x"]
    members.click()
    details = page.get_by_role("complementary", name="Load")
    expect(details).to_contain_text("to many of CourseMember")
    expect(details.locator("pre").first).to_contain_text("FROM")
    if screenshot := os.environ.get("PLAN_SCREENSHOT"):
        page.screenshot(path=screenshot)


def test_plan_is_no_part_of_the_answer_that_is_shown(page: Page) -> None:
    page.get_by_label("Ask as").select_option("admin")
    _run(page)
    response = page.locator(".graphiql-response .view-lines")
    expect(response).to_contain_text('"data"')
    expect(response).not_to_contain_text("milliseconds")


def test_who_may_not_know_is_told_so_and_sees_no_plan_of_others(page: Page) -> None:
    page.get_by_label("Ask as").select_option("admin")
    _run(page)
    _open(page, "Plan")
    expect(_load(page, "courses")).to_be_visible()
    with page.expect_response(is_introspection):
        page.get_by_label("Ask as").select_option("student")
    expect(page.get_by_text("Run a query: its plan is drawn here.")).to_be_visible()
    _open(page, "Queries")
    _run(page)
    _open(page, "Plan")
    expect(page.get_by_text("it tells administrators")).to_be_visible()
