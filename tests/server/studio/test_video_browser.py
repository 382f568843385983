"""Videos in a browser: from the upload to the export, and the boxes of the very frame shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from mien.timeline.timeline import Timeline
from tests.clips import read_number
from tests.server.live import Live
from tests.server.studio.browser import (
    check_accessible,
    check_fits,
    open_page,
    take_screenshot,
)
from tests.server.studio.videos import CORNER, Analysed, edit, finished, send, write_people
from tests.server.studio.visitors import Person

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

PLAYED = """async () => {
  const video = document.querySelector('#player video');
  const overlay = document.querySelector('.overlay');
  const seen = [];
  const note = (now, { mediaTime }) => {
    // the player was told of this frame first; its boxes are there when all were told
    queueMicrotask(() => seen.push([mediaTime, Number(overlay.dataset.frame)]));
    if (!video.ended) video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
  await new Promise((resolve) => video.addEventListener('ended', resolve, { once: true }));
  return seen;
}"""


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


def open_video_page(page: Page, asset: str) -> None:
    page.goto(f"/studio/video/{asset}")
    expect(page.locator(".overlay .face").first).to_be_visible(timeout=LONG_MS)


@pytest.fixture
def owned(browser: Browser, studio: Live, analysed: Analysed) -> Iterator[Page]:
    """A page of whom the analysed video belongs to."""
    with open_page(browser, studio.url, analysed.owner) as page:
        yield page


def test_boxes_lie_on_the_very_frame_that_is_shown(owned: Page, analysed: Analysed) -> None:
    timeline = analysed.timeline()
    open_video_page(owned, analysed.asset)
    check_frame(owned, timeline, 0)
    for frame in range(1, 6):
        owned.keyboard.press("ArrowRight")
        check_frame(owned, timeline, frame)
    for frame in (4, 3):
        owned.keyboard.press("ArrowLeft")
        check_frame(owned, timeline, frame)
    owned.keyboard.press("Shift+ArrowRight")  # a second: to 33.5 frames after the beginning of one
    moved = int(owned.locator(".overlay").get_attribute("data-frame") or 0)
    expect(owned.locator(".overlay")).not_to_have_attribute("data-frame", "3")
    moved = int(owned.locator(".overlay").get_attribute("data-frame") or 0)
    assert moved in (32, 33)
    check_frame(owned, timeline, moved)
    box = owned.locator(".lane").first.bounding_box()
    assert box is not None
    owned.mouse.click(box["x"] + box["width"] * (60.5 / 75), box["y"] + box["height"] / 2)
    check_frame(owned, timeline, 60)
    owned.locator("#player .seek").fill("0.5")
    check_frame(owned, timeline, 14)


def test_boxes_keep_up_while_it_plays(owned: Page, analysed: Analysed) -> None:
    timeline = analysed.timeline()
    lead, base = analysed.told["player"]["lead"], float(timeline.video.time_base)
    open_video_page(owned, analysed.asset)
    owned.keyboard.press("k")
    owned.keyboard.press("Space")
    seen = owned.evaluate(PLAYED)
    assert len(seen) > 3
    for media_time, frame in seen:
        assert abs(timeline.pts[frame] * base + lead - media_time) < 0.001


def test_keys_of_the_player(owned: Page, analysed: Analysed) -> None:
    open_video_page(owned, analysed.asset)
    video = owned.locator("#player video")

    def plays() -> bool:
        return bool(video.evaluate("v => !v.paused"))

    video.evaluate("v => { v.loop = true; }")
    owned.keyboard.press("l")
    assert video.evaluate("v => v.playbackRate") == 1
    owned.keyboard.press("l")
    assert video.evaluate("v => v.playbackRate") == 2
    owned.keyboard.press("k")
    assert not plays()
    video.evaluate("v => { v.currentTime = 2; }")
    owned.keyboard.press("j")
    expect(owned.locator("#player .clock")).to_have_text(re.compile(r"^0:01\.[0-4]"))
    owned.keyboard.press("k")
    owned.locator("#player .rate").focus()
    owned.keyboard.press("Space")
    assert not plays(), "keys of a list are its own"


def test_people_are_named_merged_and_split(owned: Page, analysed: Analysed) -> None:
    open_video_page(owned, analysed.asset)
    rows = owned.locator("#people .person")
    expect(rows).to_have_count(2)
    expect(rows.first.locator("img")).to_have_js_property("naturalWidth", 160)
    rows.first.get_by_role("button", name="Rename Person 0").click()
    owned.get_by_label("Name of person 0").fill("<img src=x onerror=alert(1)>")
    owned.keyboard.press("Enter")
    expect(rows.first.locator(".called")).to_have_text("<img src=x onerror=alert(1)>")
    expect(owned.locator(".overlay .face").first).to_have_attribute(
        "aria-label", re.compile(r"<img src=x onerror=alert\(1\)>, ")
    )
    owned.keyboard.press("Control+z")
    expect(rows.first.locator(".called")).to_have_text("Person 0")
    owned.keyboard.press("Control+Shift+z")
    expect(rows.first.locator(".called")).to_have_text("<img src=x onerror=alert(1)>")
    owned.get_by_role("button", name="Undo", exact=True).first.click()
    expect(rows.first.locator(".called")).to_have_text("Person 0")

    split = owned.locator("#split")
    expect(split).to_be_disabled()
    owned.locator("#player .seek").fill("1.5")
    owned.locator('.overlay .face[data-id="1"]').focus()
    owned.keyboard.press("Enter")
    expect(owned.get_by_label("Choose Person 1")).to_be_checked()
    expect(split).to_be_enabled()
    expect(split).to_contain_text("Split at 0:01.46")
    owned.keyboard.press("s")
    expect(rows).to_have_count(3)
    expect(owned.locator(".lane-row")).to_have_count(4)
    owned.get_by_label("Choose Person 2").check()
    merge = owned.locator("#merge")
    expect(merge).to_contain_text("Merge 2")
    merge.click()
    expect(rows).to_have_count(2)
    assert analysed.told["log"]["undo"] is not None
    for count in (3, 2):
        owned.keyboard.press("Control+z")
        expect(rows).to_have_count(count)
    expect(owned.locator("#undo")).to_be_disabled()


def test_two_windows_lose_no_edit(owned: Page, analysed: Analysed) -> None:
    open_video_page(owned, analysed.asset)
    person = analysed.told["people"][1]
    last = analysed.told["log"]["last"]
    name = {"kind": "name", "person": person["anchor"], "name": "Grace"}
    url = f"/media/v1/assets/{analysed.asset}/edits"
    assert analysed.owner.api("POST", url, json={"expected": last, "edits": [name]}).is_success
    owned.get_by_role("button", name="Rename Person 0").click()
    owned.get_by_label("Name of person 0").fill("Ada")
    owned.keyboard.press("Enter")
    expect(owned.locator("#people-trouble")).to_contain_text("in another window")
    expect(owned.locator("#people .called").nth(1)).to_have_text("Grace")
    owned.keyboard.press("Control+z")
    expect(owned.locator("#people .called").nth(1)).to_have_text("Person 1")


def test_the_chart_follows_its_sliders(owned: Page, analysed: Analysed) -> None:
    open_video_page(owned, analysed.asset)
    owned.locator("#chart-card").scroll_into_view_if_needed()
    expect(owned.locator("#chart .plot .main-svg").first).to_be_visible()
    cells = owned.locator("#chart tbody tr")
    expect(cells).to_have_count(5)  # 2.5 s in half seconds
    owned.locator("#interval").fill("250")
    expect(cells).to_have_count(11)  # seven frames each, the whole number nearest to 250 ms
    owned.locator("#window").fill("250")
    owned.locator("#interval").fill("1000")
    expect(owned.locator("#window-told")).to_have_text("1000 ms")
    owned.locator("#of").select_option(label="Person 1")
    expect(cells).to_have_count(3)
    smiles = owned.locator("#chart tbody tr:first-child td").nth(2)
    expect(smiles).to_contain_text(re.compile(r"^(9\d|100) %$"))


def test_pages_are_accessible_and_fit(owned: Page, analysed: Analysed) -> None:
    owned.goto("/studio/video")
    expect(owned.locator("#videos li")).to_have_count(1)
    take_screenshot(owned, "videos")
    check_accessible(owned)
    open_video_page(owned, analysed.asset)
    owned.locator("#chart-card").scroll_into_view_if_needed()
    expect(owned.locator("#chart .plot .main-svg").first).to_be_visible()
    owned.evaluate("window.scrollTo(0, 0)")
    take_screenshot(owned, "video")
    check_accessible(owned)
    check_fits(owned)
    take_screenshot(owned, "video-400")
    owned.goto("/studio/video")
    expect(owned.locator("#videos li")).to_have_count(1)
    check_fits(owned)


def test_what_is_left_is_told_from_the_speed(browser_page: Page) -> None:
    browser_page.goto("/studio/video")
    told = browser_page.evaluate(
        """async () => {
          const css = document.querySelector('link[href$="video.css"]').href;
          const { Eta, leftInWords } = await import(css.replace('video.css', 'job_progress.js'));
          const eta = new Eta();
          const left = [];
          for (const [progress, now] of [[0, 0], [10, 1000], [20, 10000], [30, 20000]]) {
            eta.add(progress, now);
            left.push(eta.left(now));
          }
          eta.add(5, 21000);
          left.push(eta.left(21000));
          return [left, [null, 3, 33, 100, 5400].map(leftInWords)];
        }"""
    )
    left, words = told
    assert left[:2] == [None, None]
    assert left[2] == pytest.approx(40)
    assert left[3] == pytest.approx(70 / 30 * 20)
    assert left[4] is None, "it began anew"
    assert words == [
        "",
        "a few seconds left",
        "about 35 seconds left",
        "about 2 minutes left",
        "about 1.5 hours left",
    ]


# ---------------------------------------------------------------- the whole way


class Line:
    """A line to the service that can be held: the first part of an upload waits on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.held: Route | None = None
        self.offsets: list[str | None] = []
        page.route("**/content", self.handle)

    def wait(self) -> None:
        """Until the first part has come."""
        while self.held is None:
            self.page.wait_for_timeout(20)

    def handle(self, route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
            return
        self.offsets.append(route.request.headers.get("upload-offset"))
        if self.held is None:
            self.held = route
        else:
            route.continue_()


def test_from_the_upload_to_the_export(browser_page: Page, visitor: Person, tmp_path: Path) -> None:
    """A video that browsers cannot play is sent with a pause, analysed, played from its copy,
    changed, exported, and deleted."""
    page = browser_page
    clip = write_people(tmp_path / "two people.avi", 30)
    page.goto("/studio/video")
    expect(page.locator("#none")).to_be_visible()
    line = Line(page)
    page.locator("#files").set_input_files(clip)
    row = page.locator("#videos li")
    line.wait()
    row.get_by_role("button", name="Pause").click()
    expect(row.locator(".bar-told")).to_contain_text("paused")
    row.get_by_role("button", name="Resume").click()
    expect(row.locator(".bar-told")).to_contain_text(
        re.compile("Waiting for its turn|Analysing"), timeout=LONG_MS
    )
    assert line.offsets == ["0", "0"]
    row.get_by_role("link", name="Open").click(timeout=LONG_MS)
    expect(page.locator(".overlay .face").first).to_be_visible(timeout=LONG_MS)
    (video,) = visitor.api("GET", "/video").json()
    timeline = Analysed(visitor, video["asset"], clip).timeline()
    check_frame(page, timeline, 0)
    page.keyboard.press("ArrowRight")
    check_frame(page, timeline, 1)
    page.locator("#player .seek").fill("0.9")
    check_frame(page, timeline, 22)
    page.unroute("**/content")

    page.get_by_role("button", name="Rename Person 1").click()
    page.get_by_label("Name of person 1").fill("Eileen")
    page.keyboard.press("Enter")
    expect(page.locator("#people .called").nth(1)).to_have_text("Eileen")
    with page.expect_download() as download:
        page.locator("#exports").get_by_role("link", name="People").click()
    assert download.value.suggested_filename == "two people_people.csv"
    assert "1,Eileen,1.200" in download.value.path().read_text()
    with page.expect_download() as download:
        page.locator("#exports").get_by_role("link", name="JSON").click()
    assert json.loads(download.value.path().read_text())["width"] == 480
    page.locator("#annotate").click()
    link = page.locator("#copies").get_by_role("link", name="Download")
    with page.expect_download() as download:
        link.click(timeout=LONG_MS)
    assert download.value.suggested_filename == "two people_annotated.mp4"
    page.get_by_role("button", name="Delete video").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#none")).to_be_visible()
    assert visitor.api("GET", "/media/v1/assets").json() == []


def test_an_upload_goes_on_after_the_page_was_loaded_anew(
    browser_page: Page, visitor: Person, tmp_path: Path
) -> None:
    page = browser_page
    clip = write_people(tmp_path / "two.mp4", 30)
    page.goto("/studio/video")
    line = Line(page)
    page.locator("#files").set_input_files(clip)
    line.wait()
    page.get_by_role("button", name="Pause").click()
    (video,) = visitor.api("GET", "/video").json()
    url = f"/media/v1/assets/{video['asset']}/files/{video['file']}/content"
    part = clip.read_bytes()[:1000]
    assert visitor.api("PATCH", url, content=part, headers={"Upload-Offset": "0"}).is_success
    page.reload()
    row = page.locator("#videos li")
    expect(row).to_contain_text("1000 bytes of")
    other = write_people(tmp_path / "other.mp4", 12)
    for file in (other, clip):
        with page.expect_file_chooser() as chooser:
            row.get_by_role("button", name="Go on").click()
        chooser.value.set_files(file)
        if file is other:
            expect(page.locator("#trouble")).to_contain_text("Choose two.mp4")
    expect(row.locator(".bar-told")).to_contain_text(
        re.compile("Waiting for its turn|Analysing"), timeout=LONG_MS
    )
    assert line.offsets[-1] == "1000", "what was there was not sent again"
    row.get_by_role("button", name="Stop").click()
    expect(row).to_contain_text("The analysis was stopped.")
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#none")).to_be_visible()


def test_a_file_that_is_no_video_is_told_where_it_happened(
    browser_page: Page, tmp_path: Path
) -> None:
    wrong = tmp_path / "letter.mp4"
    wrong.write_text("Dear all")
    browser_page.goto("/studio/video")
    browser_page.locator("#files").set_input_files(wrong)
    expect(browser_page.locator("#trouble")).to_contain_text("analysed: letter.mp4 is text")
    expect(browser_page.locator("#videos li")).to_have_count(1)


def test_an_analysis_without_expressions_is_made_again_with_them(
    browser_page: Page, visitor: Person, tmp_path: Path
) -> None:
    """As redaction leaves it, which needs boxes alone; what was changed stays."""
    asset = send(visitor, write_people(tmp_path / "two.mp4", 12))
    task = {
        "processor": "mien Video Analyzer",
        "inputAssets": [asset],
        "configuration": json.dumps({"cautious": True}),
    }
    job = visitor.api("POST", "/media/v1/jobs", json={"name": "look", "tasks": [task]}).json()["id"]
    assert finished(visitor, job) == "Finished"
    (person, *_) = visitor.api("GET", f"/video/{asset}").json()["people"]
    edit(visitor, asset, {"kind": "name", "person": person["anchor"], "name": "Ada"})
    open_video_page(browser_page, asset)
    expect(browser_page.locator("#chart-card")).to_be_hidden()
    expect(browser_page.locator("#again")).to_contain_text("without expressions")
    browser_page.locator("#again-start").click()
    expect(browser_page.locator("#wait")).to_be_visible()
    expect(browser_page.locator("#wait")).to_be_hidden(timeout=LONG_MS)
    expect(browser_page.locator("#chart-card")).to_be_visible()
    expect(browser_page.locator("#people .called").first).to_have_text("Ada")
    expect(browser_page.locator("#again")).to_be_hidden()
