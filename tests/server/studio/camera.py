"""A browser whose camera shows a film."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser

CAMERA = "--use-fake-device-for-media-stream"
ALLOWED = "--use-fake-ui-for-media-stream"


@contextmanager
def with_camera(
    browser: Browser, film: Path | None, *more: str, asks: bool = False
) -> Iterator[Browser]:
    """Another browser beside one that runs: in a thread there is one Playwright.

    Args:
        browser: the one that runs.
        film: YUV4MPEG2 that its camera shows; None: it has no camera.
        more: other options of the browser.
        asks: whether it asks before it lets a page have the camera; nobody answers, which is no.
    """
    arguments = [*more, "--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    if film is not None:
        arguments += [CAMERA, f"--use-file-for-fake-video-capture={film}"]
    if not asks:
        arguments.append(ALLOWED)
    other = browser.browser_type.launch(executable_path=shutil.which("chromium"), args=arguments)
    try:
        yield other
    finally:
        other.close()
