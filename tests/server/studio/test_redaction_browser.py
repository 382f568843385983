"""Redaction with the mouse and the keys, on a clip with two people."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from mien.media import read_image
from mien.media.seek import Reel
from mien.redact.audit import audit_image
from mien.redact.audit.document import audit_document
from mien.redact.audit.page import audit_page
from tests.redact.clips import FRAMES, HEIGHT, MAN, WIDTH, WOMAN, place_of
from tests.server.live import Live
from tests.server.studio.browser import (
    check_accessible,
    check_fits,
    open_page,
    take_screenshot,
)
from tests.server.studio.videos import CORNER, Analysed, write_people
from tests.server.studio.visitors import Person
from tests.server.studio.watched import LEAVES_OUT, PLAYED, number_shown

Array = NDArray[Any]

LONG_MS = 180_000


SIDES = """(corner) => {
  const [left, top, side] = corner;
  const video = document.querySelector('#before video');
  const copy = document.querySelector('#beside .shown');
  return [video, copy].map((shown) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const context = canvas.getContext('2d');
    context.drawImage(shown, 0, 0, canvas.width, canvas.height);
    return { pixels: [...context.getImageData(left, top, side, side).data] };
  });
}"""
"""What both sides show in the corner in which frames have their numbers."""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("video")
    return write_people(folder / "two people.mp4", options={"bf": "2"}, sound_s=3.0)


@pytest.fixture
def page(browser: Browser, studio: Live, visitor: Person) -> Iterator[Page]:
    with open_page(browser, studio.url, visitor) as found:
        yield found


def shown(image: Locator) -> Array:
    """(h, w, 3) what a picture of the page shows, at the size of its file."""
    data = image.evaluate(
        """async image => {
            const bytes = new Uint8Array(await (await fetch(image.src)).arrayBuffer());
            return Array.from(bytes);
        }"""
    )
    return read_image(bytes(data)).astype(int)


def at_face(rgb: Array, name: str, frame: int) -> Array:
    """The middle of somebody's face, in a picture of any size."""
    scale = rgb.shape[1] / WIDTH
    x, y = (int(v * scale) for v in place_of(name, frame))
    reach = int(10 * scale)
    return rgb[y - reach : y + reach, x - reach : x + reach]


def to_frame(page: Page, number: int) -> None:
    """Move the slider, and wait until both sides are there."""
    page.locator("#controls .seek").fill(str((number + 0.5) / 25))
    at_frame(page, number)


def at_frame(page: Page, number: int) -> None:
    """Wait until a frame is shown on both sides."""
    expect(page.locator("html")).to_have_attribute("data-frame", str(number))
    expect(page.locator("#after")).to_have_attribute("data-shown", str(number))


def check_beside(page: Page, number: int) -> None:
    """Check that the video and the copy both show a frame: its number is in the corner."""
    expect(page.locator("html")).to_have_attribute("data-frame", str(number))
    expect(page.locator("#beside .shown")).to_have_attribute("data-frame", str(number))
    told = page.evaluate(SIDES, CORNER)
    assert [number_shown(side) for side in told] == [number, number]


def card_of(page: Page, name: str) -> Locator:
    """The card of somebody, found by the box that lies where their face is."""
    to_frame(page, 30)
    x, y = place_of(name, 30)
    before = page.locator("#before video").bounding_box()
    assert before is not None
    scale = before["width"] / WIDTH
    page.mouse.click(before["x"] + x * scale, before["y"] + y * scale)
    selected = page.locator("#selection p").inner_text()
    number = re.match(r"Person (\d+)", selected)
    assert number, selected
    page.mouse.click(before["x"] + x * scale, before["y"] + y * scale)
    return page.locator(f'[data-person="{number[1]}"]')


def draw(page: Page, box: tuple[float, float, float, float]) -> None:
    """Draw a box over the frame before, in the video's pixels."""
    page.get_by_role("button", name="Draw a box").click()
    before = page.locator("#before video").bounding_box()
    assert before is not None
    scale = before["width"] / WIDTH
    x0, y0, x1, y1 = (value * scale for value in box)
    page.mouse.move(before["x"] + x0, before["y"] + y0)
    page.mouse.down()
    page.mouse.move(before["x"] + (x0 + x1) / 2, before["y"] + (y0 + y1) / 2)
    page.mouse.move(before["x"] + x1, before["y"] + y1)
    page.mouse.up()


def told_of(page: Page, what: str) -> str:
    """Something that the page is told of its video."""
    found = page.evaluate(
        """async (what) => {
            const asset = document.querySelector('#head').dataset.asset;
            const told = await (await fetch(`/studio/api/redaction/${asset}`)).json();
            return new Map([
              ['player', told.player.content],
              ['copy', told.copies[0].player.content],
              ['audit', told.copies[0].files.find((file) => file.name.endsWith('_audit.json')).id],
            ]).get(what);
        }""",
        what,
    )
    return str(found)


def unplayable(page: Page, what: str) -> None:
    """Let the browser have something in place of a video."""
    page.route(f"**{told_of(page, what)}", lambda route: route.fulfill(body="no video"))


def test_a_video_from_the_upload_to_the_copy(page: Page, video: Path, tmp_path: Path) -> None:
    page.goto("/studio/redaction")
    expect(page.get_by_role("heading", name="No video yet")).to_be_visible()
    check_accessible(page)
    take_screenshot(page, "redaction-empty")
    page.locator("#video-file").set_input_files(video)
    page.wait_for_url(re.compile("/studio/redaction/[0-9a-f-]{36}$"))
    expect(page.get_by_role("heading", name="two people.mp4")).to_be_visible()
    page.get_by_role("button", name="Look for everyone").click()
    expect(page.locator("#review")).to_be_visible(timeout=LONG_MS)

    # by default everyone is hidden
    expect(page.locator(".person")).to_have_count(2)
    expect(page.locator("#people-note")).to_have_text("Everyone is hidden until you keep them.")
    expect(page.locator(".person button[aria-pressed=true]")).to_have_text(["Hide", "Hide"])
    page.locator("#effect").select_option("black")
    to_frame(page, 30)
    own = Reel(video).frame(Fraction(30, 25)).rgb.astype(int)
    hidden = shown(page.locator("#after"))
    assert at_face(hidden, WOMAN, 30).max() < 20
    assert at_face(hidden, MAN, 30).max() < 20

    # it plays, with its boxes on the very frame
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    at_frame(page, 31)
    page.get_by_role("button", name="Next frame").click()
    at_frame(page, 32)
    page.keyboard.press("Space")  # plays, although a button was clicked
    expect(page.locator("#after-side")).to_have_class(re.compile("stale"))
    seen = page.evaluate(PLAYED, "#before")
    assert len(seen) > 1  # a busy machine leaves frames out
    assert all(frame == round(media_time * 25) for media_time, frame, _ in seen)
    last = FRAMES - 1
    at_frame(page, last)
    expect(page.locator("#after-side")).not_to_have_class(re.compile("stale"))
    assert at_face(shown(page.locator("#after")), WOMAN, last).max() < 20
    to_frame(page, 30)

    # keeping needs an act, and can be undone
    man = card_of(page, MAN)
    man.get_by_role("button", name="Keep").click()
    expect(page.locator("#people-note")).to_have_text("1 of 2 hidden, 1 kept.")
    expect(man.get_by_role("button", name="Keep")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+z")
    expect(page.locator("#people-note")).to_have_text("Everyone is hidden until you keep them.")
    page.keyboard.press("Control+Shift+Z")
    expect(page.locator("#people-note")).to_have_text("1 of 2 hidden, 1 kept.")
    to_frame(page, 31)
    to_frame(page, 30)
    hidden = shown(page.locator("#after"))
    assert np.abs(at_face(hidden, MAN, 30) - at_face(own, MAN, 30)).mean() < 6
    assert at_face(hidden, WOMAN, 30).max() < 20

    # for all at once
    page.get_by_role("button", name="Swap").click()
    expect(man.get_by_role("button", name="Hide")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Keep all").click()
    expect(page.locator("#people-note")).to_have_text("0 of 2 hidden, 2 kept.")
    page.get_by_role("button", name="Hide all").click()
    expect(page.locator("#people-note")).to_have_text("Everyone is hidden until you keep them.")
    man.get_by_role("button", name="Keep").click()
    expect(page.locator("#people-note")).to_have_text("1 of 2 hidden, 1 kept.")

    # a box by hand, followed
    draw(page, (220, 200, 280, 260))
    page.get_by_role("radio", name="Follow what is in it").check()
    page.get_by_role("dialog").get_by_role("button", name="Hide this place").click()
    expect(page.locator("[aria-label^='Drawn box']")).to_have_count(1)
    expect(page.locator("#undo")).to_be_enabled()
    to_frame(page, 10)
    expect(page.locator("[aria-label^='Drawn box']")).to_have_count(1, timeout=30_000)
    to_frame(page, 11)
    hidden = shown(page.locator("#after"))
    scale = hidden.shape[1] / WIDTH
    left, top, right, bottom = (int(v * scale) for v in (225, 205, 275, 255))
    assert hidden[top:bottom, left:right].max() < 20

    check_accessible(page)
    take_screenshot(page, "redaction-review")

    # the copy
    page.get_by_role("button", name="Make the copy").click()
    copy = page.locator("#copies > li[data-state=ready]")
    expect(copy).to_have_count(1, timeout=LONG_MS)
    expect(copy.get_by_text("nobody can be seen who is hidden")).to_be_visible()
    with page.expect_download() as download:
        copy.get_by_role("link", name="Download").click()
    target = tmp_path / "copy.mp4"
    download.value.save_as(target)
    assert download.value.suggested_filename == "two people_redacted.mp4"
    with page.context.expect_page() as opened:
        copy.get_by_role("link", name="Audit").click()
    expect(opened.value.get_by_role("heading", level=1)).to_be_visible()
    opened.value.close()

    # the video and its copy, in step
    copy.get_by_role("button", name="Play beside").click()
    page.locator("#controls .seek").fill(str(40.5 / 25))
    check_beside(page, 40)
    page.keyboard.press("ArrowLeft")
    check_beside(page, 39)
    page.locator("#beside video").evaluate(LEAVES_OUT)
    page.keyboard.press("ArrowLeft")
    check_beside(page, 38)
    page.evaluate("() => { window.leftOut = 1; }")
    page.keyboard.press("ArrowLeft")
    check_beside(page, 37)
    page.keyboard.press("Space")
    seen = page.evaluate(PLAYED, "#before")
    same = [one == other for _, one, other in seen]
    assert sum(same) > len(same) / 3, seen  # a busy machine leaves out frames, one side or other
    check_beside(page, last)
    check_accessible(page, ["light"])
    take_screenshot(page, "redaction-beside")
    expect(page.locator("#copies").get_by_text("Made before")).to_have_count(0)
    man.get_by_role("button", name="Hide").click()
    expect(copy.get_by_text("Made before your last changes.")).to_be_visible()
    page.get_by_label("After").select_option("As chosen now")
    at_frame(page, last)
    assert at_face(shown(page.locator("#after")), MAN, last).max() < 20

    before, after = Reel(video), Reel(target)
    for frame in (2, 36, 71):
        a, b = (reel.frame(Fraction(frame, 25)).rgb.astype(int) for reel in (before, after))
        assert b.shape == (HEIGHT, WIDTH, 3)
        assert at_face(b, WOMAN, frame).max() < 30, "she is hidden"
        assert np.abs(at_face(b, MAN, frame) - at_face(a, MAN, frame)).mean() < 5, "he is kept"
        assert b[205:255, 225:275].max() < 30, "what was drawn is hidden"

    # where the audit says that somebody can be seen, there is a way there
    content = f"**/files/{told_of(page, 'audit')}/content"
    best = {"time": 0.48, "box": [100, 90, 140, 140]}
    run = {"first": 0.4, "end": 1.2, "best": best}
    told = {"passed": False, "residual": {"exposed_face_seconds": 0.8, "runs": [run]}}
    page.route(content, lambda route: route.fulfill(json=told))
    page.reload()
    expect(copy.get_by_text("faces can be seen for 0.8 s")).to_be_visible()
    copy.get_by_role("button", name="0:00.4 to 0:01.2").click()
    at_frame(page, 12)
    expect(page.get_by_label("A face that can be seen in the copy")).to_be_visible()
    check_accessible(page, ["dark"])
    check_fits(page)

    # what a browser cannot play is told
    unplayable(page, "copy")
    copy.get_by_role("button", name="Play beside").click()
    expect(page.get_by_text("This browser cannot play the copy.")).to_be_visible()
    unplayable(page, "player")
    page.reload()
    expect(page.get_by_text("This browser cannot play the video.")).to_be_visible()
    expect(page.get_by_role("button", name="Look anew")).to_be_visible()
    page.get_by_role("button", name="Delete the copy").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#copies > li")).to_have_count(0)


def test_a_box_by_the_keys(browser: Browser, studio: Live, analysed: Analysed) -> None:
    """In a video that was analysed on the page of videos."""
    with open_page(browser, studio.url, analysed.owner) as page:
        page.goto(f"/studio/redaction/{analysed.asset}")
        at_frame(page, 0)
        page.keyboard.press("ArrowRight")
        at_frame(page, 1)
        draw_by_keys(page)
        page.keyboard.press("Control+z")
        expect(page.locator("[aria-label^='Drawn box']")).to_have_count(1)
        page.keyboard.press("Control+z")
        expect(page.locator("[aria-label^='Drawn box']")).to_have_count(0)


def draw_by_keys(page: Page) -> None:
    """Draw a box and delete it."""
    page.get_by_role("button", name="Draw a box").press("Enter")
    for key in ("ArrowLeft", "ArrowDown", "Shift+ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.keyboard.press("ArrowDown")  # those of a dialog are its own, too
    expect(page.get_by_role("radio", name="Stay in this place")).to_be_checked()
    expect(page.locator("html")).to_have_attribute("data-frame", "1")
    page.get_by_role("dialog").get_by_role("button", name="Hide this place").click()
    box = page.locator("[aria-label^='Drawn box']")
    expect(box).to_have_count(1)
    box.press("Enter")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("radio", name="Everywhere").check()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(box).to_have_count(0)
    page.get_by_role("button", name="Draw a box").press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator(".draft")).to_have_count(0)


def test_a_photo(page: Page, video: Path, tmp_path: Path) -> None:
    picture = tmp_path / "two.png"
    Image.fromarray(Reel(video).frame(Fraction(30, 25)).rgb).save(picture)
    page.goto("/studio/redaction")
    page.locator("#photo-file").set_input_files(picture)
    photo = page.get_by_role("region", name="two.png")
    expect(photo).to_have_attribute("data-turn", "1", timeout=30_000)
    photo.get_by_label("Effect").select_option("black med")
    expect(photo).to_have_attribute("data-turn", "2")
    faces = photo.locator("[aria-label*='press to keep']")
    expect(faces).to_have_count(2)
    boxes = [face.bounding_box() for face in faces.all()]
    right = max(range(2), key=lambda n: (boxes[n] or {"x": 0})["x"])
    faces.nth(right).click()
    expect(photo).to_have_attribute("data-turn", "3")
    expect(photo).to_have_attribute("data-audit", "passed", timeout=30_000)
    expect(photo.get_by_text("nobody can be seen who is hidden")).to_be_visible()
    check_accessible(page)
    take_screenshot(page, "redaction-photo")
    with page.expect_download() as download:
        photo.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "two_redacted.png"
    hidden = read_image(Path(download.value.path()).read_bytes()).astype(int)
    own = read_image(picture).astype(int)
    assert at_face(hidden, WOMAN, 30).max() == 0
    np.testing.assert_array_equal(at_face(hidden, MAN, 30), at_face(own, MAN, 30))
    with page.expect_download() as download:
        photo.get_by_role("link", name="JSON").click()
    assert download.value.suggested_filename == "two_audit.json"
    audit = json.loads(Path(download.value.path()).read_bytes())
    assert len(audit["shown_on_purpose"]["runs"]) == 1
    with page.expect_download() as download:
        photo.get_by_role("link", name="Audit").click()
    assert "Passed: no face can be seen" in Path(download.value.path()).read_text("utf-8")

    # what the page says where the copy is none
    nothing = audit_image(read_image(picture), read_image(picture))
    told = {"audit": audit_document(nothing), "page": audit_page(nothing)}
    page.route("**/photo/audit?*", lambda route: route.fulfill(json=told))
    photo.get_by_label("Effect").select_option("solid med")
    expect(photo).to_have_attribute("data-audit", "failed")
    expect(photo.get_by_text("2 faces can be seen")).to_be_visible()
    marks = photo.locator("[aria-label$='press to hide it']")
    expect(marks).to_have_count(2)
    check_accessible(page, ["light"])
    take_screenshot(page, "redaction-photo-seen")
    marks.first.press("Enter")
    expect(photo.locator("[aria-label^='Drawn box']")).to_have_count(1)
    expect(photo.get_by_text("2 hidden, 1 kept.")).to_be_visible()
    (tmp_path / "no.png").write_bytes(io.BytesIO(b"no picture").getvalue())
    page.locator("#photo-file").set_input_files(tmp_path / "no.png")
    expect(page.get_by_role("region", name="no.png").get_by_role("alert")).to_contain_text(
        "no picture that the service reads"
    )
    check_fits(page)
