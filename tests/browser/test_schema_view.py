"""The drawing of the schema, in a real browser; `page` fails a test that asks any other host."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, expect

from backend.interface.registry import INTERFACES

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def drawing(page: Page) -> Iterator[Locator]:
    """The drawing, which the page loads when it is opened."""
    before = _scripts(page)
    page.get_by_role("button", name="Schema", exact=True).click()
    found = page.get_by_role("img", name="Entities and the relations between them")
    # The whole schema is asked for first, which takes its time on a busy machine.
    expect(found).to_be_visible(timeout=30_000)
    assert not any("schema-view" in script for script in before)
    assert any("schema-view" in script for script in _scripts(page))
    yield found
    if screenshot := os.environ.get("SCHEMA_SCREENSHOT"):
        page.screenshot(path=screenshot)


def _scripts(page: Page) -> list[str]:
    loaded: list[str] = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    return loaded


def _box(drawing: Locator, name: str) -> Locator:
    return drawing.locator(f'[data-entity="{name}"]')


def test_every_entity_is_drawn_and_nothing_else(drawing: Locator) -> None:
    boxes = drawing.locator("[data-entity]")
    names = boxes.evaluate_all("boxes => boxes.map(box => box.dataset.entity)")
    assert sorted(names) == sorted(interface.model.__name__ for interface in INTERFACES)


def test_lines_lead_along_keys(drawing: Locator) -> None:
    expect(drawing.locator('[data-edge="Course Organization"]')).to_have_count(1)
    expect(drawing.locator('[data-edge="Course Organization"] title')).to_have_text("Course.organization: Organization")
    expect(drawing.locator('[data-edge="Organization Course"]')).to_have_count(0)
    # The key of a relation to one that goes both ways is held by one side.
    expect(drawing.locator('[data-edge="CourseContentDeployment CourseContent"]')).to_have_count(1)
    expect(drawing.locator('[data-edge="CourseContent CourseContentDeployment"]')).to_have_count(0)
    # One line for all ways between two; none for who made and changed a row.
    expect(drawing.locator('[data-edge="Message User"] title')).to_have_text("Message.author, user: User")
    expect(drawing.locator('[data-edge="Course User"]')).to_have_count(0)


def test_an_entity_shows_what_it_has_and_leads_to_others(page: Page, drawing: Locator) -> None:
    _box(drawing, "Course").click()
    details = page.get_by_role("complementary", name="Details")
    expect(details.get_by_role("heading", name="Course")).to_be_visible()
    expect(details.get_by_role("listitem").filter(has_text="members")).to_contain_text("[CourseMember]")
    expect(drawing.locator('[data-edge="Course Organization"]')).to_have_class("schema-line near")
    details.get_by_role("button", name="Organization", exact=True).click()
    expect(details.get_by_role("heading", name="Organization")).to_be_visible()
    expect(_box(drawing, "Organization")).to_have_attribute("aria-pressed", "true")


def test_search_finds_an_entity(page: Page, drawing: Locator) -> None:
    page.get_by_label("Find an entity").fill("grading")
    expect(drawing.locator(".found")).to_have_count(1)
    page.get_by_label("Find an entity").press("Enter")
    expect(_box(drawing, "SubmissionGroupGrading")).to_have_attribute("aria-pressed", "true")


def test_wheel_and_pointer_move_the_drawing(page: Page, drawing: Locator) -> None:
    whole = drawing.get_attribute("viewBox")
    page.get_by_role("button", name="Nearer").click()
    near = drawing.get_attribute("viewBox")
    assert near != whole
    area = drawing.bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + 5, area["y"] + 5)
    page.mouse.down()
    page.mouse.move(area["x"] + 105, area["y"] + 55)
    page.mouse.up()
    moved = drawing.get_attribute("viewBox")
    assert moved != near
    page.mouse.wheel(0, -100)
    expect(drawing).not_to_have_attribute("viewBox", moved or "")
    page.get_by_role("button", name="Fit").click()
    expect(drawing).to_have_attribute("viewBox", whole or "")


def test_queries_are_as_they_were_left(page: Page, drawing: Locator) -> None:
    editor = page.locator(".graphiql-query-editor .view-lines")
    expect(editor).to_be_hidden()
    page.get_by_role("button", name="Queries", exact=True).click()
    expect(editor).to_contain_text("query CoursesAndMembers")
    expect(drawing).to_have_count(0)
