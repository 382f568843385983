"""The modules that all pages stand on, each tried on a page of the studio."""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, WebSocketRoute

from tests.server import people
from tests.server.studio.browser import check_accessible, take_screenshot
from tests.server.studio.visitors import Person


@pytest.fixture
def page(browser_page: Page) -> Page:
    """A page with `module(NAME)` in its scripts."""
    browser_page.goto("/studio/account")
    browser_page.evaluate(
        """() => {
          const sheet = document.querySelector("link[rel=stylesheet]").href;
          window.module = (name) => import(new URL(name, sheet).href);
        }"""
    )
    return browser_page


def run(page: Page, script: str, value: Any = None) -> Any:
    """The value of an async function's body, in which `value` is what was handed over."""
    return page.evaluate(f"async (value) => {{ {script} }}", value)


def test_times_and_sizes_are_written_for_people(page: Page) -> None:
    times = [[0, 0], [59.99, 0], [61.26, 1], [3725.4, 0], [3599.96, 1], [-1, 0]]
    told = run(
        page,
        """const { formatTime } = await module("dom.js");
        return value.map(([seconds, digits]) => formatTime(seconds, digits));""",
        times,
    )
    assert told == ["0:00", "0:59", "1:01.2", "1:02:05", "59:59.9", "0:00"]
    sizes = [0, 1023, 1024, 1536, 10 * 2**20, 3 * 2**40]
    told = run(
        page,
        'const { formatBytes } = await module("dom.js"); return value.map(formatBytes);',
        sizes,
    )
    assert told == ["0 bytes", "1023 bytes", "1.0 KB", "1.5 KB", "10 MB", "3.0 TB"]


def test_elements_are_made_of_texts_and_never_of_markup(page: Page) -> None:
    made = run(
        page,
        """const { h } = await module("dom.js");
        const text = "<img src=x onerror=alert(1)>";
        const element = h("p", { title: text, class: "a", hidden: false, dataset: { id: 7 } },
          text, null, [h("b", {}, 1)]);
        document.querySelector("main").append(element);
        return [element.title, element.className, element.dataset.id, element.hidden,
          element.textContent, [...element.children].map((child) => child.tagName)];""",
    )
    markup = "<img src=x onerror=alert(1)>"
    assert made == [markup, "a", "7", False, f"{markup}1", ["B"]]


def test_keys_are_taken_unless_somebody_types(page: Page) -> None:
    run(
        page,
        """const { onKeys, h } = await module("dom.js");
        window.pressed = [];
        const note = (name) => () => { pressed.push(name); };
        window.stop = onKeys({ Space: note("space"), k: note("k"), ArrowLeft: note("left"),
          "Shift+ArrowLeft": note("far left"), "Ctrl+z": note("undo"),
          "Ctrl+Shift+z": note("redo") });
        document.querySelector("main").append(h("input", { id: "typing" }));""",
    )
    for key in ("Space", "k", "ArrowLeft", "Shift+ArrowLeft", "Control+z", "Control+Shift+z", "x"):
        page.keyboard.press(key)
    page.locator("#typing").press("k")
    page.get_by_role("button", name="Switch to").press("Space")
    assert page.evaluate("pressed") == ["space", "k", "left", "far left", "undo", "redo"]
    page.evaluate("stop()")
    page.locator("body").press("k")
    assert len(page.evaluate("pressed")) == 6


def test_calls_show_the_token_and_errors_are_sentences(page: Page, visitor: Person) -> None:
    made = run(
        page,
        """const http = await module("http.js");
        const asset = await http.sendJson("POST", "/studio/api/media/v1/assets", { name: "<b>" });
        const url = `/studio/api/media/v1/assets/${asset.id}`;
        const read = await http.getJson(url);
        const gone = await http.sendJson("DELETE", url);
        const error = await http.getJson(url).catch((error) => error);
        return [asset.name, read.id === asset.id, gone, error.name, error.status, error.code,
          error.message.replace(asset.id, "ID")];""",
    )
    assert made == [
        "<b>",
        True,
        None,
        "ApiError",
        404,
        "AssetNotFound",
        "There is no asset ID.",
    ]


def test_who_is_logged_out_meanwhile_is_led_back_after_logging_in(
    page: Page, visitor: Person
) -> None:
    visitor.send("/studio/logout")
    run(
        page,
        'const http = await module("http.js"); http.getJson("/studio/api/media/v1/assets")'
        ".catch(() => null);",
    )
    page.wait_for_url("**/studio/login?next=%2Fstudio%2Faccount")


def test_an_upload_goes_in_parts_and_on_after_a_pause_and_a_new_page(
    page: Page, visitor: Person
) -> None:
    size = 20 * 2**20
    make_file = f"""
      const {{ Upload }} = await module("upload.js");
      const bytes = new Uint8Array({size}).map((_, index) => index % 251);
      const file = new File([bytes], "a.mp4", {{ lastModified: 1 }});
      const upload = new Upload(file);
      const states = [];
      upload.addEventListener("state", (event) => states.push(event.detail.state));
    """
    stopped = run(
        page,
        make_file
        + """upload.addEventListener("progress", (event) => {
          if (event.detail.sent >= 8 * 2 ** 20 && upload.state === "sending") upload.pause();
        });
        const error = await upload.start().catch((error) => error);
        return [error.name, states, upload.sent < file.size];""",
    )
    assert stopped == ["AbortError", ["sending", "paused"], True]
    page.reload()
    page.evaluate(
        """() => {
          const sheet = document.querySelector("link[rel=stylesheet]").href;
          window.module = (name) => import(new URL(name, sheet).href);
        }"""
    )
    done = run(
        page,
        make_file
        + """let first = null;
        upload.addEventListener("progress", (event) => (first ??= event.detail.sent));
        const { assetId, fileId } = await upload.start();
        return [states, first, assetId, fileId, localStorage.getItem("mien-uploads")];""",
    )
    assert done[0] == ["sending", "done"]
    assert done[1] >= 8 * 2**20
    assert done[4] == "{}"
    (asset,) = visitor.api("GET", "/media/v1/assets").json()
    assert [each["id"] for each in asset["files"]] == [done[3]]
    content = visitor.api("GET", f"/media/v1/assets/{done[2]}/files/{done[3]}/content").content
    assert content == bytes(index % 251 for index in range(251)) * (size // 251) + bytes(
        range(size % 251)
    )


def test_what_is_cancelled_is_deleted(page: Page, visitor: Person) -> None:
    states = run(
        page,
        """const { Upload } = await module("upload.js");
        const upload = new Upload(new File([new Uint8Array(9 * 2 ** 20)], "b.mp4"));
        const stop = new Promise((resolve) => upload.addEventListener("progress", resolve));
        const started = upload.start().catch((error) => error.name);
        await stop;
        await upload.cancel();
        return [await started, upload.state];""",
    )
    assert states == ["AbortError", "cancelled"]
    assert visitor.api("GET", "/media/v1/assets").json() == []


def test_boxes_lie_where_the_faces_are_and_are_picked_by_mouse_and_keys(page: Page) -> None:
    picture = "data:image/jpeg;base64," + base64.b64encode(people.woman()).decode()
    found = run(
        page,
        """const { h } = await module("dom.js");
        const { Overlay } = await module("overlay.js");
        const image = h("img", { src: value, alt: "", width: "240" });
        document.querySelector("main").append(h("div", {}, image));
        await image.decode();
        const overlay = new Overlay(image);
        window.picked = [];
        overlay.addEventListener("pick", (event) => picked.push(event.detail.id));
        const face = (id, box) => ({ id, box, label: String(id), title: `Face ${id}` });
        overlay.setFaces([
          { ...face(1, [180, 80, 300, 240]), points: [[200, 120]], selected: true },
          { ...face(2, [0, 0, 40, 40]), colour: "var(--person-1)" }]);
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        const place = (element) => { const { x, y, width, height } =
          element.getBoundingClientRect(); return [x, y, width, height]; };
        const [left, top] = place(image);
        const box = place(document.querySelector(".face[data-id='1'] .box"));
        return [box[0] - left, box[1] - top, box[2], box[3]];""",
        picture,
    )
    assert found == pytest.approx([90, 40, 60, 80], abs=2.5)  # the stroke lies around it
    page.get_by_role("button", name="Face 1").click()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    assert page.evaluate("picked") == [1, 2, 2]
    take_screenshot(page, "overlay")
    check_accessible(page)


def test_charts_are_drawn_under_the_policy_and_have_tables(page: Page) -> None:
    run(
        page,
        """const { h } = await module("dom.js");
        const charts = await module("charts.js");
        const [one, two] = [h("div", { id: "bars" }), h("div", { id: "lines" })];
        document.querySelector("main").append(one, two);
        const labels = ["neutral", "happiness"];
        const colours = labels.map((name) => `--emotion-${name}`);
        await charts.bars(one, { title: "Expressions of face 1", labels, values: [0.25, 0.75],
          colours });
        const series = labels.map((name, index) => ({ name, colour: colours[index],
          values: [0.5, index, NaN] }));
        window.clicked = [];
        await charts.lines(two, { title: "Over time", x: [0, 0.5, 1], series,
          onClick: (x) => clicked.push(x) });""",
    )
    bars, lines = page.locator("#bars"), page.locator("#lines")
    assert bars.get_by_text("75 %").first.is_visible()
    fill = "document.querySelectorAll('#bars .point path')[1].style.fill"
    assert page.evaluate(fill) == "rgb(185, 133, 0)"
    bars.get_by_text("As a table").click()
    assert bars.get_by_role("cell").all_inner_texts() == ["neutral", "25 %", "happiness", "75 %"]
    box = lines.locator(".plot").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 60)
    assert page.evaluate("clicked") == [0.5]
    take_screenshot(page, "charts")
    ink = "getComputedStyle(document.querySelector('#bars .ytick text')).fill"
    before = page.evaluate(ink)
    page.get_by_role("button", name="Switch to").click()
    page.wait_for_function(f"{ink} !== '{before}'")
    check_accessible(page)


def test_a_question_is_answered_once(page: Page) -> None:
    run(
        page,
        """const { ask } = await module("dialog.js");
        window.answers = [];
        for (const title of ["First?", "Second?", "Third?"])
          ask({ title, body: "It cannot be taken back.", confirm: "Delete", danger: true })
            .then((answer) => answers.push([title, answer]));""",
    )
    page.get_by_role("dialog", name="Third?").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog", name="Second?").get_by_role("button", name="Cancel").click()
    check_accessible(page)
    page.keyboard.press("Escape")
    page.wait_for_function("answers.length === 3")
    answers = [["Third?", True], ["Second?", False], ["First?", False]]
    assert page.evaluate("answers") == answers
    assert page.locator("dialog").count() == 0


def test_a_note_can_be_taken_back(page: Page) -> None:
    run(
        page,
        """const { toast } = await module("dialog.js");
        window.undone = 0;
        toast({ text: "The box was deleted.", action: "Undo", onAction: () => (undone += 1) });
        toast({ text: "Gone soon.", seconds: 0.05 });""",
    )
    page.locator(".toast", has_text="Gone soon.").wait_for(state="detached")
    take_screenshot(page, "toast")
    page.get_by_role("button", name="Undo").click()
    assert page.evaluate("undone") == 1
    assert page.locator(".toast").count() == 0


def test_live_frames_are_sent_as_seldom_as_the_plan_asks(page: Page) -> None:
    """Of a service that refuses the eleventh frame for a second."""

    def answer(route: WebSocketRoute) -> None:
        numbers = itertools.count()

        def hear(message: str | bytes) -> None:
            told: dict[str, Any] = {"frame": next(numbers), "faces": [], "latencyMs": 1}
            if told["frame"] == 10:
                message = "Rate limit is exceeded. Try again in 1 second."
                told["error"] = {"code": "429", "message": message}
            route.send(json.dumps(told))

        route.on_message(hear)

    page.route_web_socket("**/api/media/v1/live", answer)
    told = run(
        page,
        """const { LiveSocket } = await module("live_socket.js");
        const socket = new LiveSocket("/studio/api/media/v1/live");
        const [sent, answers, troubles] = [[], [], []];
        socket.addEventListener("answer", ({ detail }) => answers.push(detail.answer.frame));
        socket.addEventListener("trouble", ({ detail }) => troubles.push(detail));
        socket.open();
        while (answers.length < 13) {
          if (socket.ready && !socket.sent.size) {
            sent.push(performance.now());
            socket.send("a frame", { close: () => {} });
          }
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        socket.close();
        return { sent, answers, troubles };""",
    )
    assert told["answers"] == [*range(10), *range(11, 14)]
    (trouble,) = told["troubles"]
    assert trouble["rests"]
    assert "Going on in 1 s, more slowly." in trouble["text"]
    gaps = np.diff(told["sent"])
    assert gaps[10] >= 1000  # of the one that was refused and the next
    spacing = (told["sent"][10] - told["sent"][0] + 1000) / 10
    assert (gaps[11:] >= spacing).all()
    assert np.median(gaps[:10]) < spacing  # before, without a rest
