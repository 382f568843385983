"""Videos in a browser, from the upload to the export; over lines that break, and of wrong files."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.server.studio.videos import Analysed, edit, finished, send, write_people
from tests.server.studio.visitors import Person
from tests.server.studio.watched import LONG_MS, check_frame, open_video_page


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
