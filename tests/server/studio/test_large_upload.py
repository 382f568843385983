"""A large video on its way from a browser, over a line that breaks."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request, expect

from tests.server.live import Live
from tests.server.studio.browser import open_page
from tests.server.studio.visitors import Person

SIZE = 500 << 20
PART = 8 << 20
"""Bytes that the page sends with one request."""

ALLOWED_MB = 64
LONG_MS = 300_000


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def peak_mb(live: Live) -> float:
    """The most memory that the service ever held."""
    status = Path(f"/proc/{live.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


@pytest.mark.long
def test_half_a_gigabyte_goes_on_after_a_break_in_constant_memory(
    browser: Browser, studio: Live, visitor: Person, tmp_path: Path
) -> None:
    large = tmp_path / "large.mp4"
    noise = random.Random(1)
    with large.open("wb") as file:
        for place in range(0, SIZE, 50 << 20):  # the rest are zeros, which take no room here
            file.seek(place)
            file.write(noise.randbytes(1 << 20))
        file.truncate(SIZE)
    offsets: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            offsets.append(int(request.headers["upload-offset"]))

    with open_page(browser, studio.url, visitor, expected=("net::ERR_",)) as page:
        page.goto("/studio/video")
        page.on("request", note)
        before = peak_mb(studio)
        page.locator("#files").set_input_files(large)
        row = page.locator("#videos li")
        while len(offsets) < SIZE // PART // 2:
            page.wait_for_timeout(20)
        page.context.set_offline(True)
        page.wait_for_timeout(2500)
        at_break = len(offsets)
        page.context.set_offline(False)
        expect(page.locator("#trouble")).to_contain_text("large.mp4", timeout=LONG_MS)
        expect(row).to_have_count(1)
        grown = peak_mb(studio) - before
    (video,) = visitor.api("GET", "/video").json()
    assert (video["stage"], video["received"]) == ("new", SIZE)
    print(f"{len(offsets)} requests, {at_break} before the break; {grown:.1f} MiB more")  # noqa: T201
    assert offsets.count(0) == 1
    assert len(offsets) <= SIZE // PART + 8, "what had come was not sent again"
    assert grown < ALLOWED_MB
    blob = studio.data / "blobs" / video["file"][:2] / video["file"]
    assert digest(blob) == digest(large)
    visitor.api("DELETE", f"/video/{video['asset']}")
