"""People in a browser: a group made, filled with advice, trained, tried and deleted."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.server import people
from tests.server.studio.browser import check_accessible, check_fits, take_screenshot
from tests.server.studio.visitors import Person

NAME = "Crew <script>alert(1)</script>"
BUSY = {"error": {"statusCode": 429, "message": "Rate limit is exceeded."}}
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pictures of the woman, of the man, of both, of nobody; and what is no picture."""
    folder = tmp_path_factory.mktemp("people")
    made = {
        "anna.jpg": people.woman(),
        "anna-mirrored.jpg": people.woman(1),
        "both.jpg": people.both(),
        "bert.jpg": people.man(),
        "bert-later.jpg": people.man(2),
        "nobody.jpg": people.nobody(),
        "broken.jpg": people.woman()[:2000],
    }
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in made}


def shot(page: Page, name: str) -> Locator:
    """What is shown of a picture that was chosen."""
    return page.locator(".shot").filter(has=page.get_by_text(name, exact=True))


def left_of(box: Locator) -> float:
    place = box.bounding_box()
    assert place is not None
    return place["x"]


def train(page: Page) -> None:
    page.get_by_role("button", name="Train").click()
    expect(page.locator("#training")).to_contain_text("Everybody is found")


def saved(page: Page) -> dict[str, object]:
    """The receipt of a dialog, saved; the dialog is closed."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the receipt").click()
    found: dict[str, object] = json.loads(Path(download.value.path()).read_text())
    page.get_by_role("button", name="Done").click()
    return found


def make_group(page: Page, name: str) -> None:
    page.goto("/studio/people")
    page.get_by_role("button", name="New group").first.click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def add_person(page: Page, name: str, pictures: list[Path]) -> None:
    page.get_by_role("button", name="Add a person").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.locator("#new-files").set_input_files(pictures)


def test_a_group_from_its_making_to_its_end(
    browser_page: Page, files: dict[str, Path], visitor: Person
) -> None:
    page = browser_page
    page.goto("/studio/people")
    expect(page.get_by_role("heading", name="Nobody is known yet")).to_be_visible()
    check_accessible(page)
    make_group(page, NAME)
    expect(page.locator("#training")).to_have_text("Add somebody first.")

    # Anna, from three pictures, and one of Bert: he and copies of a picture are told before
    # anything is kept; on one picture she must be pointed out
    four = ("anna", "bert", "anna-mirrored", "both")
    add_person(page, "Anna", [files[f"{name}.jpg"] for name in four])
    keep = page.locator(".adding .row button.primary")
    stranger, copy = shot(page, "bert.jpg"), shot(page, "anna-mirrored.jpg")
    expect(copy).to_contain_text("This picture is among these already: anna.jpg.")
    expect(stranger).to_contain_text("It does not look like the other faces of this person.")
    expect(keep).to_have_text("Keep 1 face")
    group = shot(page, "both.jpg")
    expect(group).to_contain_text("2 faces: choose the one that is meant.")
    boxes = group.locator("svg .face")
    expect(boxes).to_have_count(2)
    left = min((boxes.nth(row) for row in range(2)), key=left_of)
    left.focus()
    page.keyboard.press("Enter")
    expect(group).to_contain_text("This picture is among these already: anna")
    expect(shot(page, "anna.jpg")).to_contain_text("It shows well.")
    expect(keep).to_have_text("Keep 1 face")
    expect(stranger.get_by_role("checkbox")).not_to_be_checked()
    for each in (copy, group):
        each.get_by_label("Keep it all the same").check()
    expect(keep).to_have_text("Keep 3 faces")
    check_accessible(page)
    take_screenshot(page, "people-adding")

    # the service refuses: that is said at each picture, nobody is left behind, and it can be tried
    # again
    page.route("**/persistedfaces?*", lambda route: route.fulfill(status=429, json=BUSY))
    keep.click()
    expect(page.get_by_role("alert").get_by_text("Rate limit is exceeded.")).to_have_count(3)
    expect(keep).to_be_enabled()
    persons = visitor.api("GET", f"/face/v1.0/{page.url.split('/people/')[1]}/persons").json()
    assert persons == []
    page.unroute("**/persistedfaces?*")
    keep.click()
    expect(page.locator("#members > li")).to_have_count(1)
    expect(page.locator("#members")).to_contain_text("3 faces")
    expect(page.locator(".toast")).to_contain_text("Kept 3 faces of Anna.")
    train(page)

    # Bert: a picture of Anna is advised against, one of nobody and a broken one are said so
    names = ("anna", "bert", "bert-later", "nobody", "broken")
    add_person(page, "Bert", [files[f"{name}.jpg"] for name in names])
    expect(shot(page, "anna.jpg")).to_contain_text("This picture is here already, as one of Anna.")
    expect(shot(page, "anna.jpg").get_by_role("checkbox")).not_to_be_checked()
    expect(shot(page, "nobody.jpg")).to_contain_text("No face was found on this picture.")
    expect(shot(page, "broken.jpg").get_by_role("alert")).to_be_visible()
    expect(shot(page, "bert.jpg").get_by_role("checkbox")).to_be_checked()
    keep.click()
    expect(page.locator("#members > li")).to_have_count(2)
    page.get_by_role("button", name="Close").first.click()
    expect(page.locator("#training")).to_contain_text("Train again")
    train(page)
    assert visitor.api("GET", "/people").json()[0]["people"] == 2

    # both are named on a picture
    page.locator("#try-file").set_input_files(files["both.jpg"])
    expect(page.locator("#found svg .face")).to_have_count(2)
    expect(page.locator("#found .answers > li")).to_have_count(2)
    for name in ("Anna", "Bert"):
        expect(page.locator("#found .answers").get_by_text(name, exact=True)).to_be_visible()
    expect(page.locator("#found")).to_contain_text("pairs of different people")
    check_accessible(page)
    take_screenshot(page, "people-one")

    # what is known of Anna's faces; one of them goes, and its key stays with her
    faces = page.locator("#members details", has=page.get_by_label("3 faces of Anna"))
    faces.locator("summary").press("Enter")
    expect(faces.locator("li")).to_have_count(3)
    row = faces.locator("li", has=page.get_by_text("anna-mirrored", exact=True))
    expect(row).to_contain_text(re.compile(r"Added on \w+ \d+, \d{4}, .*, quality 0\.\d\d"))
    check_accessible(page)
    row.get_by_role("button", name="Delete anna-mirrored").press("Enter")
    question = page.get_by_role("dialog", name="Delete this face of Anna?")
    expect(question).to_contain_text("“anna-mirrored”, added on")
    expect(question).to_contain_text("this cannot be undone")
    question.get_by_role("button", name="Cancel").click()
    expect(faces.locator("li")).to_have_count(3)
    row.get_by_role("button", name="Delete anna-mirrored").click()
    question.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Gone: 1 face; no key destroyed.")
    expect(page.get_by_role("dialog")).to_contain_text("still has the face until then")
    receipt = saved(page)
    assert (receipt["what"], receipt["faces"], receipt["keys"]) == ("face", 1, 0)
    expect(page.get_by_label("2 faces of Anna")).to_be_visible()
    expect(page.locator("#members details[open] li")).to_have_count(2)
    expect(page.locator("#members details[open] button:focus")).to_have_count(1)

    # Bert goes, with a receipt; nobody is found on his picture any more
    page.get_by_role("button", name="Delete Bert").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    receipt = saved(page)
    assert (receipt["what"], receipt["persons"], receipt["keys"]) == ("person", 1, 1)
    expect(page.locator("#members > li")).to_have_count(1)
    page.locator("#try-file").set_input_files(files["bert.jpg"])
    expect(page.locator("#found")).to_contain_text("No one of this group")

    page.get_by_role("button", name="Rename Anna").click()
    page.get_by_label("Name", exact=True).fill("Anna B.")
    page.get_by_role("button", name="Rename", exact=True).last.click()
    expect(page.locator("#members")).to_contain_text("Anna B.")
    check_fits(page)

    page.get_by_role("button", name="Delete this group").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    assert saved(page)["what"] == "collection"
    expect(page.get_by_role("heading", name="Nobody is known yet")).to_be_visible()
    assert visitor.api("GET", "/people").json() == []


def test_a_list_and_the_end_of_everything(
    browser_page: Page, files: dict[str, Path], visitor: Person
) -> None:
    page = browser_page
    page.goto("/studio/people")
    page.get_by_role("button", name="New list").click()
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text("A name is needed.")
    page.get_by_label("Name").fill("Faces")
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("button", name="Add faces").click()
    page.route("**/advice/together", lambda route: route.fulfill(status=429, json=BUSY))
    page.locator("#new-files").set_input_files([files["anna.jpg"], files["anna.jpg"]])
    doubt = page.get_by_role("alert").get_by_text("could not be compared with each other. Rate")
    expect(doubt).to_be_visible()
    page.unroute("**/advice/together")
    # the faces were forgotten meanwhile: they are looked at again
    gone = {"error": {"code": "FaceNotFound", "message": "Face is not found."}}
    page.route("**/advice/together", lambda route: route.fulfill(status=404, json=gone), times=1)
    with page.expect_request("**/advice?*"):
        page.get_by_role("button", name="Compare again").click()
    twice = page.locator(".shot").nth(1)
    expect(twice).to_contain_text("This picture is among these already: anna.jpg.")
    expect(doubt).to_be_hidden()
    page.get_by_label("Note").first.fill("at work")
    page.get_by_role("button", name="Keep 1 face").click()
    expect(page.locator("#members")).to_contain_text("at work")
    page.locator("#try-file").set_input_files(files["anna-mirrored.jpg"])
    expect(page.locator("#found .answers")).to_contain_text("at work")
    page.locator("#try-file").set_input_files(files["bert.jpg"])
    expect(page.locator("#found")).to_contain_text("No face of this list")
    page.locator("#try-file").set_input_files(files["nobody.jpg"])
    expect(page.locator("#found")).to_contain_text("No face was found on this picture.")

    # one that a program has made, with another of the API's recognition models
    visitor.api("PUT", "/face/v1.0/largefacelists/made", json={"name": "Made elsewhere"})
    page.goto("/studio/people/largefacelists/made")
    page.locator("#try-file").set_input_files(files["anna.jpg"])
    expect(page.locator("#try-trouble")).to_contain_text("Train it first")
    page.get_by_role("button", name="Add faces").click()
    page.locator("#new-files").set_input_files(files["anna.jpg"])
    page.get_by_role("button", name="Keep 1 face").click()
    expect(page.locator("#members > li")).to_have_count(1)
    train(page)
    page.locator("#try-file").set_input_files(files["anna-mirrored.jpg"])
    expect(page.locator("#found .answers")).to_contain_text("anna")
    page.goto("/studio/people")
    expect(page.locator("#all li")).to_have_count(2)
    check_accessible(page)
    check_fits(page)
    take_screenshot(page, "people")
    page.get_by_role("button", name="Delete everything").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete everything").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the receipts").click()
    assert len(json.loads(Path(download.value.path()).read_text())) == 2
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("heading", name="Nobody is known yet")).to_be_visible()
    assert visitor.api("GET", "/people").json() == []
