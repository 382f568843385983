"""What a browser shows of a video: the frame, the number in it, the boxes over it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from mien.timeline.timeline import Timeline
from tests.clips import read_number
from tests.server.studio.videos import CORNER

LONG_MS = 120_000
expect.set_options(timeout=30_000)  # a machine may have more to do than this

SHOWN = """(corner) => {
  const [left, top, side] = corner;
  const video = document.querySelector('#player video');
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  const overlay = document.querySelector('.overlay');
  const boxes = [...overlay.querySelectorAll('.face')].map((face) => {
    const box = face.querySelector('.box');
    const [x, y, w, h] = ['x', 'y', 'width', 'height'].map((n) => Number(box.getAttribute(n)));
    return [Number(face.dataset.id), x, y, x + w, y + h];
  });
  return {
    frame: Number(overlay.dataset.frame),
    pts: Number(overlay.dataset.pts),
    pixels: [...context.getImageData(left, top, side, side).data],
    boxes,
  };
}"""
"""The number and boxes that the page shows, and what the player shows in the corner."""


def number_shown(told: dict[str, Any]) -> int:
    """The number in the corner of the picture that is shown."""
    side = CORNER[2]
    pixels = np.array(told["pixels"], np.uint8).reshape(side, side, 4)
    return read_number(pixels[..., :3])


def check_frame(page: Page, timeline: Timeline, frame: int) -> None:
    """Check that a frame is shown, and its boxes: the rows of the timeline of that very frame."""
    expect(page.locator(".overlay")).to_have_attribute("data-frame", str(frame))
    told = page.evaluate(SHOWN, CORNER)
    assert number_shown(told) == frame
    assert told["pts"] == timeline.pts[frame]
    faces = timeline.at(frame)
    assert faces.track_id is not None
    wanted = {
        int(id): box
        for id, box in zip(faces.track_id.tolist(), faces.box_xyxy.tolist(), strict=True)
        if id >= 0
    }
    assert {box[0] for box in told["boxes"]} == wanted.keys()
    for id, *box in told["boxes"]:
        assert box == pytest.approx(wanted[id], abs=0.01)


PLAYED = """async (shown) => {
  const video = document.querySelector(`${shown} video`);
  const overlay = document.querySelector(`${shown} .overlay`);
  const copy = document.querySelector('#beside .shown');
  const seen = [];
  const note = (now, { mediaTime }) => {
    // the player was told of this frame first; its boxes are there when all were told
    queueMicrotask(() => {
      const numbers = [overlay, copy].map((each) => Number(each?.dataset.frame));
      seen.push([mediaTime, ...numbers]);
    });
    if (!video.ended) video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
  await new Promise((resolve) => video.addEventListener('ended', resolve, { once: true }));
  return seen;
}"""
"""Of each frame until the video's end: its time, the number that is shown of it, and that of the
copy beside it."""


def open_video_page(page: Page, asset: str) -> None:
    page.goto(f"/studio/video/{asset}")
    expect(page.locator(".overlay .face").first).to_be_visible(timeout=LONG_MS)


LEAVES_OUT = """video => {
    const ask = video.requestVideoFrameCallback.bind(video);
    window.leftOut = 0;
    video.requestVideoFrameCallback = (told) => ask((now, frame) => {
        if (window.leftOut-- > 0) video.requestVideoFrameCallback(told);
        else told(now, frame);
    });
}"""
"""A browser that does not tell of so many frames: Chromium does so when jumps follow closely."""
