"""The photo page in a browser: pictures in, what is told of each face, two compared, files out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import Browser, FilePayload, Page, expect

from mien.faces import EMOTIONS
from mien.server.settings import Limits
from tests.server import people
from tests.server.live import Live
from tests.server.studio import pictures
from tests.server.studio.browser import (
    check_accessible,
    check_fits,
    open_page,
    take_screenshot,
)
from tests.server.studio.camera import with_camera
from tests.server.studio.visitors import Person

HOSTILE = '<img src=x onerror="alert(1)">.jpg'


def payload(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


def add(page: Page, *files: FilePayload) -> None:
    """Choose files, and wait until each is done or failed."""
    count = page.locator(".thumb").count() + len(files)
    page.locator("#files").set_input_files(list(files))
    expect(page.locator(".thumb")).to_have_count(count)
    expect(page.locator(".strip progress:visible")).to_have_count(0, timeout=60_000)


def boxes_on(page: Page) -> dict[str, list[float]]:
    """Where the box of each face is drawn on the screen, in shares of the picture's place there:
    left, top, right, bottom."""
    found: dict[str, list[float]] = page.evaluate(
        """() => {
            const media = document.querySelector("#frame img, #screen").getBoundingClientRect();
            const share = (box) => [
                (box.left - media.left) / media.width,
                (box.top - media.top) / media.height,
                (box.right - media.left) / media.width,
                (box.bottom - media.top) / media.height,
            ];
            const faces = [...document.querySelectorAll(".overlay .face")];
            const place = (face) => share(face.querySelector(".box").getBoundingClientRect());
            return Object.fromEntries(faces.map((face) => [face.dataset.id, place(face)]));
        }"""
    )
    return found


def test_pictures_and_their_faces(browser_page: Page, visitor: Person) -> None:
    page = browser_page
    page.goto("/studio/photo")
    check_accessible(page)
    take_screenshot(page, "photo-empty")
    add(
        page,
        payload("both.jpg", people.both()),
        payload(HOSTILE, people.woman()),
        payload("notes.jpg", b"no picture at all"),
        payload("nobody.jpg", people.nobody()),
        payload("empty.jpg", b""),
    )
    says = page.locator(".thumb .says")
    expect(says).to_have_text(["2 faces", "1 face", "not possible", "no faces", "not possible"])
    expect(page.get_by_role("heading", name="Face 1 looks neutral")).to_be_visible()
    answer = visitor.api("POST", "/photo", content=people.both()).json()
    for number, face in enumerate(answer["faces"]):
        wanted = np.divide(face["box"], [answer["width"], answer["height"]] * 2)
        assert np.abs(np.subtract(boxes_on(page)[str(number)], wanted)).max() < 0.01

    page.locator(".overlay .face").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Face 2 looks happy")).to_be_visible()
    assert page.evaluate("document.activeElement.dataset.id") == "1"
    bars = page.locator(".bars")
    expect(bars.get_by_role("img", name="Expression")).to_be_visible()
    expect(bars.locator(".barlayer .point")).to_have_count(8)
    page.get_by_text("As a table").click()
    expect(bars.locator("tbody tr").nth(1)).to_have_text("happiness100\u00a0%")
    expect(page.locator("#face")).to_contain_text("Of ten people who see this face, about")
    for term in ("Gender", "Smile", "Hair", "Blur", "Exposure", "Noise", "For recognition"):
        expect(page.get_by_role("term").get_by_text(term, exact=True)).to_be_visible()
    check_accessible(page)
    take_screenshot(page, "photo")

    page.locator(".thumb").nth(2).click()
    expect(page.get_by_role("alert")).to_contain_text("no picture that the service reads")
    page.locator(".thumb").nth(4).click()
    expect(page.get_by_role("alert")).to_contain_text("The file is empty.")
    page.locator(".thumb").nth(3).click()
    expect(page.get_by_role("heading", name="No face found")).to_be_visible()
    page.locator(".thumb").nth(1).click()
    expect(page.locator("#caption")).to_contain_text(HOSTILE)
    page.get_by_role("button", name=f"Remove {HOSTILE}").click()
    expect(page.locator(".thumb")).to_have_count(4)
    check_fits(page)


def test_two_faces_are_compared(browser_page: Page) -> None:
    page = browser_page
    page.goto("/studio/photo")
    add(page, payload("both.jpg", people.both()), payload("woman.jpg", people.woman(1)))
    page.get_by_role("group", name="Choose a face").get_by_role("button").nth(1).click()
    page.get_by_role("button", name="Add to comparison").click()
    page.locator(".thumb").nth(1).click()
    page.get_by_role("button", name="Add to comparison").click()
    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text("Likely the same person")
    expect(verdict).to_contain_text("Of 100,000 pairs of different people")
    check_accessible(page)
    take_screenshot(page, "photo-compare")
    page.locator(".slot").nth(1).get_by_role("button", name="Take out").click()
    expect(verdict).to_be_empty()
    page.locator(".thumb").nth(0).click()
    page.locator(".overlay .face[data-id='0']").click()
    page.get_by_role("button", name="Add to comparison").click()
    expect(verdict).to_contain_text("Likely different people")


def test_landmarks_and_downloads(browser_page: Page, tmp_path: Path) -> None:
    page = browser_page
    page.goto("/studio/photo")
    add(page, payload("the woman.jpg", people.woman()))
    dots = page.locator(".overlay circle")
    page.get_by_label("Landmarks").select_option("27 points")
    expect(dots).to_have_count(27)
    page.get_by_label("Landmarks").select_option("mesh of 478 points")
    expect(dots).to_have_count(478)
    page.get_by_label("Landmarks").select_option("none")
    expect(dots).to_have_count(0)
    files = {}
    for name in ("JSON", "CSV", "Annotated picture"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        files[download.value.suggested_filename] = tmp_path / name
        download.value.save_as(tmp_path / name)
    assert [*files] == ["the woman.json", "the woman.csv", "the woman_faces.jpg"]
    document = json.loads(files["the woman.json"].read_text())
    assert (document["source"], len(document["faces"])) == ("the woman.jpg", 1)
    assert files["the woman.csv"].read_text().startswith("x,y,width,height,score,")
    drawn = pictures.pixels(files["the woman_faces.jpg"].read_bytes())
    assert drawn.shape == (480, 480, 3)


def test_what_is_turned_or_not_shown_by_browsers(browser_page: Page) -> None:
    page, upright = browser_page, pictures.pixels(people.woman())
    page.goto("/studio/photo")
    files = {
        "turned.jpg": pictures.turned("JPEG"),
        "turned.png": pictures.turned("PNG"),
        "still.tiff": pictures.file(upright, "TIFF"),
    }
    add(page, *(payload(name, data) for name, data in files.items()))
    small = cv2.resize(upright, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(float)
    boxes = []
    for thumb in page.locator(".thumb").all():
        thumb.click()
        boxes.append(boxes_on(page)["0"])
        seen = page.locator("#frame img").evaluate(PIXELS, SIDE)
        rgb = np.array(seen, np.uint8).reshape(SIDE, SIDE, 4)[..., :3]
        assert np.abs(rgb - small).mean() < 12
        assert np.abs(rgb[:, ::-1] - small).mean() > 30
    assert np.ptp(boxes, axis=0).max() < 0.02


SIDE = 48
PIXELS = """(image, side) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    const pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(image, 0, 0, side, side);
    return [...pen.getImageData(0, 0, side, side).data];
}"""


def test_drop_and_paste(browser_page: Page) -> None:
    page = browser_page
    page.goto("/studio/photo")
    page.evaluate(
        """([bytes, large]) => {
            const type = "image/jpeg";
            const file = new File([new Uint8Array(bytes)], "dropped.jpg", {type});
            const data = new DataTransfer();
            data.items.add(file);
            const options = {bubbles: true, cancelable: true};
            const pasted = new ClipboardEvent("paste", {...options, clipboardData: data});
            document.body.dispatchEvent(pasted);
            const more = new DataTransfer();
            more.items.add(file);
            more.items.add(new File([new ArrayBuffer(large)], "large.jpg", {type}));
            document.body.dispatchEvent(new DragEvent("drop", {...options, dataTransfer: more}));
        }""",
        [[*people.woman()], Limits().photo_bytes + 1],
    )
    says = page.locator(".thumb .says")
    expect(says).to_have_text(["1 face", "1 face", "not possible"], timeout=60_000)
    page.locator(".thumb").nth(2).click()
    expect(page.get_by_role("alert")).to_contain_text("the service takes 32 MB. Save the picture")


def test_a_picture_is_taken_with_the_camera(
    browser: Browser, studio: Live, visitor: Person, tmp_path: Path
) -> None:
    film = pictures.film(tmp_path / "camera.y4m", pictures.pixels(people.woman()))
    with with_camera(browser, film) as other, open_page(other, studio.url, visitor) as page:
        page.goto("/studio/photo")
        page.get_by_role("button", name="Use the camera").click()
        take = page.get_by_role("button", name="Take it")
        expect(take).to_be_enabled()
        check_accessible(page)
        take.click()
        expect(page.get_by_role("heading", name="Face 1 looks happy")).to_be_visible(timeout=60_000)
        assert page.locator("#finder").evaluate("video => video.srcObject") is None


PLAIN: dict[str, Any] = {
    "faceRectangle": {"left": 0, "top": 0, "width": 100, "height": 120},
    "faceAttributes": {},
}


def shares(**known: float) -> dict[str, float]:
    """All eight expressions; those that are not named are 0."""
    return {name: known.get(name, 0.0) for name in EMOTIONS}


WORDS: list[tuple[dict[str, Any], list[str]]] = [
    (PLAIN, []),
    (
        PLAIN | {"problems": {"emotion": "the face is turned away by 52 degrees"}},
        ["No expression is told: the face is turned away by 52 degrees."],
    ),
    (
        PLAIN | {"problems": {"emotion": "the face is covered: its mouth"}},
        ["No expression is told: the face is covered: its mouth."],
    ),
    (
        PLAIN | {"agreement": 0.45, "faceAttributes": {"emotion": shares(fear=0.5, surprise=0.45)}},
        [
            "People would not agree about this expression.",
            "It may as well be surprise (45\u00a0%).",
        ],
    ),
    (PLAIN | {"agreement": 0.9, "faceAttributes": {"emotion": shares(anger=0.9)}}, []),
    (
        PLAIN | {"problems": dict.fromkeys(["smile", "facialHair"], "something covers the mouth")},
        [
            "Something covers the mouth: not told, or not all of it, is smile and facial hair.",
        ],
    ),
    (
        {
            "faceRectangle": {"left": 0, "top": 0, "width": 30, "height": 40},
            "faceAttributes": {
                "blur": {"blurLevel": "High", "value": 0.9},
                "exposure": {"exposureLevel": "UnderExposure", "value": 0.1},
                "noise": {"noiseLevel": "Medium", "value": 0.5},
                "headPose": {"yaw": -31.2, "pitch": 4.0, "roll": 0.0},
            },
        },
        [
            "The face is very blurred.",
            "The face is too dark.",
            "The picture of the face is grainy.",
            "The face is turned by 31°, so that less of it shows.",
            "The face is small (30 × 40 pixels).",
        ],
    ),
]


def test_why_it_may_be_wrong(browser_page: Page) -> None:
    browser_page.goto("/studio/photo")
    told = browser_page.evaluate(
        """async faces => {
            const sheet = document.querySelector('link[href$="studio.css"]').href;
            const words = await import(sheet.replace("studio.css", "words.js"));
            return faces.map((face) => words.doubtsOf(face));
        }""",
        [face for face, _ in WORDS],
    )
    assert told == [sentences for _, sentences in WORDS]
