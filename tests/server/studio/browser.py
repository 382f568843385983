"""Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.server.studio.visitors import COOKIE, Person

WIDE = {"width": 1280, "height": 800}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """A browser with these options besides; skips the test where there is no Chromium."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("there is no Chromium: make deps installs it")
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=[*options, "--disable-dev-shm-usage", *arguments]
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_page(
    browser: Browser,
    url: str,
    visitor: Person | None = None,
    *,
    expected: Sequence[str] = (),
    **options: Any,
) -> Iterator[Page]:
    """A page of its own, with the session of a visitor. What it writes to its console as an error,
    what its scripts do not catch, and what its policy blocks fail the test at the end; so do
    answers of 500. `expected` are parts of errors that are meant.
    """
    context = browser.new_context(base_url=url, **{"viewport": WIDE, **options})
    if visitor is not None:
        context.add_cookies([{"name": COOKIE, "value": visitor.token, "url": url}])
    page = context.new_page()
    page.set_default_timeout(20_000)
    faults = _watch(page, expected)
    try:
        yield page
        assert not faults, faults
    finally:
        context.close()


def _watch(page: Page, expected: Sequence[str]) -> list[str]:
    faults: list[str] = []
    meant = ("the server responded with a status of 4", *expected)

    def said(message: ConsoleMessage) -> None:
        # an answer of 4xx is written to the console too, and is no fault of the page
        if message.type == "error" and not any(text in message.text for text in meant):
            faults.append(message.text)

    page.on("console", said)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return faults


def findings(page: Page) -> list[str]:
    """What axe-core finds serious or critical on a page by WCAG 2.2 AA."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{each['id']}: {each['help']}: {[node['html'][:200] for node in each['nodes']]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def check_accessible(page: Page, themes: Sequence[str] = ("light", "dark")) -> None:
    """Fail if axe-core finds anything serious on a page, in light or dark."""
    for theme in themes:
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        assert not (found := findings(page)), (theme, found)


def check_fits(page: Page) -> None:
    """Fail if a page must be scrolled sideways at 400 px."""
    page.set_viewport_size({"width": 400, "height": 800})
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1], widths


def take_screenshot(page: Page, name: str) -> Path | None:
    """Keep a picture of a page where MIEN_SCREENSHOTS names a folder."""
    folder = os.environ.get("MIEN_SCREENSHOTS")
    if folder is None:
        return None
    path = Path(folder) / f"{name}.png"
    page.screenshot(path=path)
    return path
