"""A real browser, in front of the real gateway."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, sync_playwright

from tests.browser.asked import is_introspection
from tests.support.lacking import lacking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.gateway import RunningGateway

_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # What no page event tells of, such as a prefetch of names, finds nothing either.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]", "::1"}


@pytest.fixture(scope="session")
def chromium() -> str:
    named = os.environ.get("PLAYWRIGHT_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, _CHROMIUMS)), None)
    if found is None:
        lacking(
            "BROWSER", "no Chromium on PATH, and PLAYWRIGHT_CHROMIUM names none: GraphiQL is not tested in a browser"
        )
    return found


@pytest.fixture
def page(gateway: RunningGateway, blank: Page) -> Page:
    """GraphiQL's page, with its schema loaded."""
    with blank.expect_response(is_introspection):
        blank.goto(f"{gateway.url}/graphql")
    return blank


@pytest.fixture
def blank(chromium: str) -> Iterator[Page]:
    """A page before it loads anything. No host but this machine may even be asked."""
    asked_elsewhere: list[str] = []
    complaints: list[str] = []

    def keep_to_this_machine(route: Route) -> None:
        if urlsplit(route.request.url).hostname in _LOOPBACK:
            route.continue_()
        else:
            asked_elsewhere.append(route.request.url)
            route.abort()

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
        context.route("**/*", keep_to_this_machine)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.on("websocket", lambda socket: asked_elsewhere.append(socket.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if _is_refusal(message.text) else None)
        yield page
        browser.close()
    assert asked_elsewhere == []
    assert complaints == []


def _is_refusal(text: str) -> bool:
    return "Content Security Policy" in text or "Content-Security-Policy" in text
