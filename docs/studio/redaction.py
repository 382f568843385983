"""Redaction: a clip of a street, in which one of two people is kept, and a photo."""

from __future__ import annotations

from playwright.sync_api import FilePayload, Page, expect

from docs.studio.stage import Stage
from mien.models import file_of
from tests.server import people

PATIENCE_MS = 600_000
FRAME, RATE = 33, 25
"""In which both sides have something to show; and how many there are in a second."""


def show(stage: Stage) -> None:
    """The review of a video with a copy, and a photo of two."""
    page = stage.page
    page.goto("/studio/redaction")
    clip = file_of("sample-bikes").read_bytes()
    video: FilePayload = {"name": "street.mp4", "mimeType": "video/mp4", "buffer": clip}
    page.locator("#video-file").set_input_files(video)
    page.get_by_role("button", name="Look for everyone").click()
    expect(page.locator("#review")).to_be_visible(timeout=PATIENCE_MS)
    page.locator(".person").first.get_by_role("button", name="Keep").click()
    expect(page.locator("#people-note")).to_contain_text("1 kept")
    page.get_by_role("button", name="Make the copy").click()
    copy = page.locator("#copies > li[data-state=ready]")
    expect(copy.locator(".tag")).to_be_visible(timeout=PATIENCE_MS)
    page.locator("#controls .seek").fill(str((FRAME + 0.5) / RATE))
    expect(page.locator("#after")).to_have_attribute("data-shown", str(FRAME))
    _settle(page)
    stage.keep("redaction", height=960)
    page.goto("/studio/redaction")
    name = "two people.jpg"
    photo: FilePayload = {"name": name, "mimeType": "image/jpeg", "buffer": people.both()}
    page.locator("#photo-file").set_input_files(photo)
    shown = page.get_by_role("region", name=name)
    expect(shown).to_have_attribute("data-turn", "1", timeout=PATIENCE_MS)
    shown.locator("[aria-label*='press to keep']").first.click()
    expect(shown).to_have_attribute("data-turn", "2", timeout=PATIENCE_MS)
    expect(shown).to_have_attribute("data-audit", "passed", timeout=PATIENCE_MS)
    shown.scroll_into_view_if_needed()
    _settle(page)
    stage.keep("redaction-photo", height=960)


def _settle(page: Page) -> None:
    page.mouse.move(0, 0)
    page.evaluate("() => document.activeElement.blur()")
    page.wait_for_load_state("networkidle")
