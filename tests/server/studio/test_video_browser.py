"""A video in a browser: the boxes of the very frame that is shown, people, changes, charts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.server.live import Live
from tests.server.studio.browser import (
    check_accessible,
    check_fits,
    open_page,
    take_screenshot,
)
from tests.server.studio.videos import Analysed
from tests.server.studio.watched import LEAVES_OUT, PLAYED, check_frame, open_video_page


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
    seen = owned.evaluate(PLAYED, "#player")
    assert len(seen) > 1  # a busy machine leaves frames out
    for media_time, frame, _ in seen:
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


def test_a_frame_that_the_browser_does_not_tell_of(owned: Page, analysed: Analysed) -> None:
    open_video_page(owned, analysed.asset)
    video, overlay = owned.locator("#player video"), owned.locator(".overlay")
    expect(overlay).to_have_attribute("data-frame", "0")
    video.evaluate(LEAVES_OUT)
    owned.keyboard.press("ArrowRight")
    expect(overlay).to_have_attribute("data-frame", "1")
    for number in (2, 3):
        owned.evaluate("() => { window.leftOut = 1; }")
        owned.keyboard.press("ArrowRight")
        expect(overlay).to_have_attribute("data-frame", str(number))
    owned.evaluate("() => { window.leftOut = 1; }")
    owned.locator("#player .seek").fill("1.01")
    expect(overlay).to_have_attribute("data-frame", "30")  # at 29.97 frames a second


def test_people_are_named(owned: Page, analysed: Analysed) -> None:
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


def test_people_are_split_and_merged(owned: Page, analysed: Analysed) -> None:
    open_video_page(owned, analysed.asset)
    rows = owned.locator("#people .person")
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
