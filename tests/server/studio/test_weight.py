"""What the pages weigh, and how soon they show something."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from mien.server.studio.app import AREAS
from tests.server.live import Live
from tests.server.studio.browser import open_page
from tests.server.studio.visitors import Person

MOST_BYTES = 300_000
PAINT_MS = 300
ROUNDS = 5
PAGES = [*(f"/studio/{area.name}" for area in AREAS), "/studio/help/expressions"]

WEIGHT = """() => {
  const entries = [...performance.getEntriesByType("navigation"),
    ...performance.getEntriesByType("resource")];
  return entries.map((entry) => [new URL(entry.name).pathname, entry.decodedBodySize]);
}"""
PAINT = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => {
    const [first] = list.getEntriesByName("first-contentful-paint");
    if (first) resolve(first.startTime);
  }).observe({ type: "paint", buffered: true });
})"""


@pytest.mark.parametrize("path", [*PAGES, "/studio/login"])
def test_no_page_weighs_more_than_it_may(
    browser: Browser, studio: Live, visitor: Person, path: str
) -> None:
    """Uncompressed, with all that it loads by itself; none of them loads the charts at once."""
    with open_page(browser, studio.url, None if path.endswith("login") else visitor) as page:
        page.goto(path, wait_until="networkidle")
        assert page.url == studio.url + path
        sizes = dict(page.evaluate(WEIGHT))
    assert not [name for name in sizes if "plotly" in name]
    assert all(sizes.values()), sizes
    assert sum(sizes.values()) < MOST_BYTES, sizes


@pytest.mark.parametrize("path", PAGES)
def test_pages_show_something_at_once(browser_page: Page, studio: Live, path: str) -> None:
    """The least of some rounds, since other work on the machine is none of the page's doing."""
    times = []
    for _ in range(ROUNDS):
        browser_page.goto(path)
        times.append(browser_page.evaluate(PAINT))
        if times[-1] < PAINT_MS:
            return
    raise AssertionError(f"first paint of {path} after {times} ms")
