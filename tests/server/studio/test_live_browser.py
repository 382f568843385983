"""The live page in a browser whose camera shows two people."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect
from websockets.sync.client import connect
from websockets.typing import Origin

from mien.media import open_video
from mien.server.settings import Limits
from mien.storage import open_storage
from tests.server import people
from tests.server.live import Live
from tests.server.studio import pictures
from tests.server.studio.browser import check_accessible, check_fits, open_page, take_screenshot
from tests.server.studio.camera import with_camera
from tests.server.studio.test_photo_browser import boxes_on
from tests.server.studio.visitors import COOKIE, Person

SOCKET = "/studio/api/media/v1/live"
PATIENCE_MS = 60_000
RATE = 8
"""Frames a second of the camera: enough to follow people who sit still, on a busy machine too."""
THREE_SECONDS = re.compile(r"\(0:(0[3-9]|[1-5]\d)\)")
"""Of a recording, at least."""
AGREES = 0.6
"""Intersection over union from which a box is on a face; live looks with a quick detector."""


@pytest.fixture(scope="module")
def shown() -> pictures.Array:
    """What the camera shows: the woman on the left, the man on the right."""
    both = pictures.pixels(people.both())[:, 120:760]
    return np.pad(both, ((40, 40), (0, 0), (0, 0)))


@pytest.fixture(scope="module")
def filmed(
    browser: Browser, shown: pictures.Array, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A browser whose camera shows that, and which lets pages have it."""
    film = pictures.film(tmp_path_factory.mktemp("camera") / "two.y4m", shown, rate=RATE)
    with with_camera(browser, film) as found:
        yield found


def start(page: Page) -> None:
    """Start the camera, and wait for a confirmed face."""
    page.goto("/studio/live")
    page.get_by_role("button", name="Start the camera").click()
    page.locator(".overlay .face[data-id='0']").wait_for(timeout=PATIENCE_MS)


def overlap(a: list[float], b: list[float]) -> float:
    """Intersection over union."""
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    shared = np.clip(high - low, 0, None).prod()
    sizes = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return float(shared / (sizes - shared))


def check_minute(page: Page) -> None:
    """Choose who looks happy, and see it in the chart. On a machine that answers too seldom to
    follow anybody, people get new ids; then they are chosen again."""
    chart, deadline = page.locator("#chart"), time.monotonic() + PATIENCE_MS / 1000
    expect(chart.locator(".scatterlayer .trace")).to_have_count(8, timeout=PATIENCE_MS)
    chart.get_by_text("As a table").click()
    while True:
        page.locator("#people button", has_text="looks happy").first.click(timeout=PATIENCE_MS)
        try:
            happiness = chart.locator("tbody tr").last.locator("td").nth(2)
            return expect(happiness).to_have_text("100 %", timeout=4000)
        except AssertionError:
            assert time.monotonic() < deadline


def test_faces_are_seen_where_they_are(
    filmed: Browser, studio: Live, visitor: Person, shown: pictures.Array
) -> None:
    picture = pictures.file(shown, "PNG")
    told = visitor.api("POST", "/photo", content=picture).json()
    wanted = [np.divide(face["box"], [640, 480] * 2).tolist() for face in told["faces"]]
    with open_page(filmed, studio.url, visitor) as page:
        page.goto("/studio/live")
        check_accessible(page)
        take_screenshot(page, "live-off")
        start(page)
        people_ = page.locator("#people button")
        expect(people_).to_have_count(2, timeout=PATIENCE_MS)
        expect(people_.get_by_text("looks happy")).to_be_visible()
        expect(people_.get_by_text("looks neutral")).to_be_visible()
        faces = page.locator(".overlay .face")
        drawn = boxes_on(page)
        assert len(drawn) == 2
        for box in wanted:
            assert max(overlap(box, each) for each in drawn.values()) > AGREES, (wanted, drawn)
        happy = faces.filter(has_text="looks happy").locator(".box").bounding_box()
        neutral = faces.filter(has_text="looks neutral").locator(".box").bounding_box()
        assert happy is not None
        assert neutral is not None
        assert happy["x"] + happy["width"] < neutral["x"]  # the woman is on the left

        expect(page.locator("#rate")).to_contain_text("a second")
        expect(page.locator("#latency")).to_contain_text("ms")
        check_minute(page)
        check_accessible(page)
        take_screenshot(page, "live")

        page.keyboard.press("Escape")
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_text("Paused. The camera stays on; nothing is sent.")).to_be_visible()
        page.get_by_role("button", name="Go on").click()
        check_fits(page)
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.get_by_role("heading", name="The camera is off")).to_be_visible()
        assert page.locator("#camera").evaluate("video => video.srcObject") is None
        expect(faces).to_have_count(0)
        expect(page.locator("#chart")).to_be_hidden()


def test_a_recording_is_kept_only_when_that_is_asked_for(
    filmed: Browser, studio: Live, visitor: Person, tmp_path: Path
) -> None:
    with open_page(filmed, studio.url, visitor) as page:
        start(page)
        assert visitor.api("GET", "/media/v1/assets").json() == []
        page.get_by_role("button", name="Record").click()
        recording = page.get_by_role("button", name="Stop recording")
        expect(recording).to_contain_text(THREE_SECONDS, timeout=PATIENCE_MS)
        expect(page.locator("#rate")).to_contain_text("a second")  # in the last two
        recording.click()
        card = page.get_by_role("article")
        expect(card).to_contain_text("It is in this page alone until you take it away.")
        assert visitor.api("GET", "/media/v1/assets").json() == []
        kept = {}
        for name in ("Video", "Timeline (JSON)"):
            with page.expect_download() as download:
                card.get_by_role("button", name=name, exact=True).click()
            kept[name] = tmp_path / download.value.suggested_filename
            download.value.save_as(kept[name])
        timeline = json.loads(kept["Timeline (JSON)"].read_text())
        times = [answer["time"] for answer in timeline["answers"]]
        assert times == sorted(times)
        assert all(0 <= time <= timeline["seconds"] for time in times)
        assert timeline["answers"][-1]["faces"]
        with open_video(kept["Video"]) as video:
            frames = list(video.frames())
        assert len(frames) > 3
        assert frames[0].rgb.shape == (480, 640, 3)

        card.get_by_role("button", name="Keep under Video").click()
        expect(card).to_contain_text("is kept.", timeout=PATIENCE_MS)
        (asset,) = visitor.api("GET", "/media/v1/assets").json()
        assert asset["name"] == kept["Video"].name
        check_accessible(page)
        card.get_by_role("button", name="Discard").click()
        expect(card).to_have_count(0)


class Line:
    """Stands between a page and the live socket of the service.

    Attributes:
        conversations: those that there were; each may be closed.
        refuses: the plan has no room: every frame is answered so, and none by the service.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.conversations: list[WebSocketRoute] = []
        self.refuses = False
        page.route_web_socket(f"**{SOCKET}", self._connect)

    def _connect(self, route: WebSocketRoute) -> None:
        self.conversations.append(route)
        server = route.connect_to_server()
        server.on_message(lambda message: route.send(self._answer(message)))

    def _answer(self, message: str | bytes) -> str | bytes:
        told = json.loads(message)
        if self.refuses and "faces" in told:
            error = {"code": "429", "message": "Rate limit is exceeded. Try again in 1 second."}
            return json.dumps({"frame": told["frame"], "error": error, "dropped": 0})
        return message

    def cut(self, **answer: Any) -> None:
        """Break off; a page that asks why is told so by the service, or so if it is said how."""
        if answer:
            refuse: Callable[[Route], None] = lambda route: route.fulfill(**answer)  # noqa: E731
            self.page.route(f"**{SOCKET}", refuse, times=1)
        self.conversations[-1].close()


LATER = {"error": {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 1 second."}}
OFF = "The API 'media' is switched off by the policy of this service."


def test_a_connection_that_ends(filmed: Browser, studio: Live, visitor: Person) -> None:
    """It is made again where that helps: after a break, and when the plan has room. Where the
    policy says no, or the session is over, the camera goes off, and what was recorded is kept."""
    with open_page(filmed, studio.url, visitor) as page:
        line, state = Line(page), page.locator("#state")
        faces = page.locator(".overlay .face")
        known = page.locator(".overlay .face[data-id='0']")
        start(page)
        line.cut()
        expect(state.get_by_text("The connection to the service is lost.")).to_be_visible()
        expect(faces).to_have_count(0)
        known.wait_for(timeout=PATIENCE_MS)
        expect(state).to_be_hidden()
        assert len(line.conversations) == 2

        line.refuses = True
        expect(state).to_contain_text("allows no more pictures just now. Going on in 1 s")
        expect(faces).to_have_count(0)
        line.refuses = False
        faces.first.wait_for(timeout=PATIENCE_MS)
        expect(state).to_be_hidden()
        assert len(line.conversations) == 2

        line.cut(status=429, json=LATER, headers={"Retry-After": "1"})
        expect(state).to_contain_text("allows no more calls just now. Trying again in 1 s.")
        known.wait_for(timeout=PATIENCE_MS)
        expect(state).to_be_hidden()
        assert len(line.conversations) == 3

        line.cut(status=403, json={"error": {"code": "UnsupportedFeature", "message": OFF}})
        expect(page.get_by_role("heading", name="Live has stopped")).to_be_visible()
        expect(page.locator("#cover-text")).to_have_text(OFF)
        check_dark(page)
        expect(page.get_by_role("button", name="Start the camera")).to_be_focused()

        page.keyboard.press("Enter")
        known.wait_for(timeout=PATIENCE_MS)
        page.get_by_role("button", name="Record").click()
        with open_storage(studio.data, keys=studio.keys) as storage:
            assert storage.sessions.end_all(visitor.user_id) == 1
        expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()
        expect(page.locator("#cover-text")).to_contain_text("Your session is over. Take your")
        check_dark(page)
        check_accessible(page, ["light"])
        expect(page.get_by_role("button", name="Start the camera")).to_be_hidden()
        assert len(line.conversations) == 4
        page.get_by_role("article").get_by_role("button", name="Discard").click()
        page.get_by_role("dialog").get_by_role("button", name="Discard").click()
        page.get_by_role("link", name="Log in").click()
        expect(page).to_have_url(re.compile(r"/studio/login\?next=/studio/live$"))


def check_dark(page: Page) -> None:
    """Check that the camera is off, and nobody is shown."""
    assert page.locator("#camera").evaluate("video => video.srcObject") is None
    expect(page.locator(".overlay .face")).to_have_count(0)
    expect(page.locator("#screen")).to_be_hidden()
    expect(page.locator("#state")).to_be_hidden()


def test_a_service_that_is_busy_is_asked_again(
    filmed: Browser, studio: Live, visitor: Person
) -> None:
    url = studio.url.replace("http", "ws", 1) + SOCKET
    cookie = {"Cookie": f"{COOKIE}={visitor.token}"}
    expected = ("WebSocket connection", "status of 503")
    with open_page(filmed, studio.url, visitor, expected=expected) as page:
        with ExitStack() as sockets:
            for _ in range(Limits().live_sockets):
                sockets.enter_context(
                    connect(url, additional_headers=cookie, origin=Origin(studio.url), proxy=None)
                )
            page.goto("/studio/live")
            page.get_by_role("button", name="Start the camera").click()
            busy = page.locator("#state").get_by_text("The service is busy")
            expect(busy).to_be_visible(timeout=PATIENCE_MS)
        page.locator(".overlay .face[data-id='0']").wait_for(timeout=PATIENCE_MS)
        expect(busy).to_be_hidden()


NONE, DENIED = "There is no camera.", "The camera is not allowed."
INSECURE = "This page may not use the camera."


def test_why_there_is_no_camera(
    browser: Browser, studio: Live, visitor: Person, tmp_path: Path
) -> None:
    film = pictures.film(tmp_path / "film.y4m", pictures.pixels(people.nobody()))
    elsewhere = "--host-resolver-rules=MAP faces.test 127.0.0.1"
    distant = studio.url.replace("127.0.0.1", "faces.test")
    # a browser says so of every page over plain http but those of this machine
    expected = ("Cross-Origin-Opener-Policy header has been ignored",)
    with (
        with_camera(browser, None) as without,
        with_camera(browser, film, elsewhere, asks=True) as asking,
    ):
        cases = (
            (studio.url, NONE, without),
            (studio.url, DENIED, asking),
            (distant, INSECURE, asking),
        )
        for url, why, other in cases:
            check_no_camera(other, url, why, visitor, expected)


def check_no_camera(
    other: Browser, url: str, why: str, visitor: Person, expected: Sequence[str]
) -> None:
    """Start the camera in vain."""
    with open_page(other, url, visitor, expected=expected) as page:
        page.goto("/studio/live")
        page.get_by_role("button", name="Start the camera").click()
        expect(page.get_by_role("heading", name=why)).to_be_visible()
        check_accessible(page, ["light"])
        expect(page.get_by_role("button", name="Start the camera")).to_be_visible()
        if why == INSECURE:
            expect(page.locator("#cover-text")).to_contain_text("--tls-cert")
