"""Live: two people before the camera."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from playwright.sync_api import expect

from docs.studio.stage import Stage
from tests.server import people
from tests.server.studio import pictures
from tests.server.studio.browser import open_page
from tests.server.studio.camera import with_camera

PATIENCE_MS = 120_000
WATCHED_MS = 20_000
"""So long before the picture is taken, that the chart has something to show."""


def show(stage: Stage) -> None:
    """What live looks like after a while."""
    browser = stage.page.context.browser
    assert browser is not None
    shown = np.ascontiguousarray(pictures.pixels(people.both())[:, 130:750])
    with TemporaryDirectory() as folder:
        film = pictures.film(Path(folder) / "two.y4m", shown)
        with (
            with_camera(browser, film) as filmed,
            open_page(filmed, stage.live.url, stage.visitor, color_scheme=stage.theme) as page,
        ):
            page.goto("/studio/live")
            page.get_by_role("button", name="Start the camera").click()
            expect(page.locator("#people button")).to_have_count(2, timeout=PATIENCE_MS)
            page.locator("#people button", has_text="looks happy").first.click()
            page.wait_for_timeout(WATCHED_MS)
            page.mouse.move(0, 0)
            page.evaluate("() => document.activeElement.blur()")
            stage.keep("live", page=page, height=840)
