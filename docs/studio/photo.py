"""Photos: what is told of a face, and two faces compared."""

from __future__ import annotations

from playwright.sync_api import FilePayload, Page, expect

from docs.studio.stage import Stage
from tests.server import people

PATIENCE_MS = 120_000
JPEG = "image/jpeg"


def show(stage: Stage) -> None:
    """Some pictures, a face of one of them, and a comparison with another."""
    page = stage.page
    page.goto("/studio/photo")
    pictures = {
        "two people.jpg": people.both(),
        "portrait.jpg": people.woman(),
        "in the car.jpg": people.man(2),
        "mirrored.jpg": people.woman(1),
    }
    page.locator("#files").set_input_files(
        [FilePayload(name=name, mimeType=JPEG, buffer=data) for name, data in pictures.items()]
    )
    expect(page.locator(".strip progress:visible")).to_have_count(0, timeout=PATIENCE_MS)
    page.get_by_label("Landmarks").select_option("27 points")
    page.locator(".chips button").nth(1).click()
    _settle(page)
    stage.keep("photo", height=1000)
    page.get_by_role("button", name="Add to comparison").click()
    page.locator(".thumb").nth(3).click()
    page.get_by_role("button", name="Add to comparison").click()
    expect(page.locator("#verdict .verdict")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_label("Landmarks").select_option("mesh of 478 points")
    expect(page.locator(".overlay circle")).to_have_count(478, timeout=PATIENCE_MS)
    _settle(page)
    page.locator("#compare").scroll_into_view_if_needed()
    stage.keep("photo-compare", height=1150)


def _settle(page: Page) -> None:
    """Wait for the chart, and leave nothing hovered or focused."""
    expect(page.locator(".bars .barlayer .point")).to_have_count(8, timeout=PATIENCE_MS)
    page.mouse.move(0, 0)
    page.evaluate("() => document.activeElement.blur()")
