"""People: a group that is trained, advice on pictures to be added, and a picture that is tried."""

from __future__ import annotations

from playwright.sync_api import FilePayload, Page, expect

from docs.studio.stage import Stage
from tests.server import people

PATIENCE_MS = 120_000
GROUP = "/face/v1.0/persongroups/second-floor"
OCTETS = {"Content-Type": "application/octet-stream"}


def show(stage: Stage) -> None:
    """The groups and lists; one group, tried; the same, with pictures that are being added."""
    _fill(stage)
    page = stage.page
    page.goto("/studio/people")
    expect(page.locator("#all li")).to_have_count(2)
    stage.keep("people", height=640)
    page.goto("/studio/people/persongroups/second-floor")
    _choose(page, "#try-file", {"two people.jpg": people.both()})
    expect(page.locator("#found .answers > li")).to_have_count(2, timeout=PATIENCE_MS)
    page.get_by_label("2 faces of Anna Berg").click()
    expect(page.locator(".faces li")).to_have_count(2)
    page.evaluate("() => document.activeElement.blur()")
    stage.keep("people-group", height=1200)
    page.get_by_label("2 faces of Anna Berg").click()
    page.get_by_role("button", name="Add a person").click()
    page.get_by_label("Name", exact=True).fill("Carla")
    chosen = {"two people.jpg": people.both(), "portrait.jpg": people.woman(2)}
    _choose(page, "#new-files", {**chosen, "in the car.jpg": people.man(3)})
    unlike = page.locator(".shot .serious").get_by_text("These faces do not look like one person.")
    expect(unlike).to_have_count(2, timeout=PATIENCE_MS)
    expect(page.locator(".shot svg .face")).to_have_count(4, timeout=PATIENCE_MS)
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    stage.keep("people-adding", height=1260)


def _fill(stage: Stage) -> None:
    """Two people in a group, and a list."""
    api = stage.visitor.api
    api("PUT", GROUP, json={"name": "Second floor"})
    women = {"on the pass": people.woman(), "mirrored": people.woman(1)}
    men = {f"in the car {number + 1}": people.man(number) for number in range(3)}
    for name, pictures in (("Anna Berg", women), ("Bert Cole", men)):
        made = api("POST", f"{GROUP}/persons", json={"name": name})
        path = f"{GROUP}/persons/{made.json()['personId']}/persistedfaces"
        for note, picture in pictures.items():
            api("POST", path, params={"userData": note}, content=picture, headers=OCTETS)
    api("POST", f"{GROUP}/train")
    api("PUT", "/face/v1.0/facelists/may", json={"name": "Visitors in May"})


def _choose(page: Page, field: str, pictures: dict[str, bytes]) -> None:
    payloads: list[FilePayload] = [
        {"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in pictures.items()
    ]
    page.locator(field).set_input_files(payloads)
