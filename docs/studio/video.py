"""Video: a call of two people, named, with their expressions over time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from docs.studio.stage import Stage
from mien.media import open_video
from mien.models import file_of
from tests.clips import write_clip
from tests.server import people
from tests.server.studio.videos import analyse, send

Array = NDArray[Any]

PATIENCE_MS = 600_000
WIDTH, HEIGHT, GAP, FRAMES = 480, 392, 16, 300
ZOOM, PAN = 1.18, 0.06


def show(stage: Stage) -> None:
    """The list while one is analysed, and the page of the other."""
    page = stage.page
    with TemporaryDirectory() as folder:
        clip = write_clip(
            Path(folder) / "call.mp4", call(), rate=30, options={"crf": "20", "preset": "fast"}
        )
        asset = send(stage.visitor, clip)
        analyse(stage.visitor, asset)
        page.goto(f"/studio/video/{asset}")
        expect(page.locator(".overlay .face")).to_have_count(2, timeout=PATIENCE_MS)
        for name in ("Eileen", "Sam"):
            page.get_by_role("button", name="Rename Person").first.click()
            page.get_by_label("Name of person").fill(name)
            page.keyboard.press("Enter")
            expect(page.locator("#people .called", has_text=name)).to_be_visible()
        close = page.locator(".toast [aria-label=Close]")
        while close.count():
            close.first.click()
        page.locator("#chart-card").scroll_into_view_if_needed()
        expect(page.locator("#chart .plot .main-svg").first).to_be_visible(timeout=PATIENCE_MS)
        page.evaluate("() => window.scrollTo(0, 0)")
        page.locator("#player .seek").fill("4.01")
        expect(page.locator(".overlay")).to_have_attribute("data-frame", "120")
        _settle(page)
        stage.keep("video", height=1000)
        page.goto("/studio/video")
        send(stage.visitor, clip, "interview.mp4")
        page.reload()
        expect(page.locator("#videos li")).to_have_count(2)
        _settle(page)
        stage.keep("videos", height=640)


def call() -> Iterator[Array]:
    """Ten seconds: the clip "carphone", to and fro, beside a portrait that moves a little."""
    portrait = Image.open(io.BytesIO(people.woman())).convert("RGB")
    with open_video(file_of("sample-carphone")) as video:
        caller = [frame.rgb for frame in video.frames()]
    to_and_fro = [*caller, *caller[-2:0:-1]]
    for number in range(FRAMES):
        picture = np.full((HEIGHT, 2 * WIDTH + GAP, 3), 24, np.uint8)
        shown = Image.fromarray(to_and_fro[number % len(to_and_fro)])
        picture[:, :WIDTH] = np.asarray(shown.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))
        picture[:, WIDTH + GAP :] = _part(portrait, number / FRAMES)
        yield picture


def _part(portrait: Image.Image, share: float) -> Array:
    """A part of the portrait, which wanders."""
    wide = min(portrait.width, portrait.height * WIDTH / HEIGHT) / ZOOM
    high = wide * HEIGHT / WIDTH
    x = (portrait.width - wide) / 2 + PAN * wide * np.sin(2 * np.pi * share)
    y = (portrait.height - high) / 2 * (0.6 + 0.3 * np.sin(4 * np.pi * share))
    shown = portrait.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS, (x, y, x + wide, y + high))
    return np.asarray(shown)


def _settle(page: Page) -> None:
    page.mouse.move(0, 0)
    page.evaluate("() => document.activeElement.blur()")
    page.wait_for_load_state("networkidle")
