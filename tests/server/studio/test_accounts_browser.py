from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from tests.server.live import Live
from tests.server.studio.browser import (
    check_accessible,
    check_fits,
    open_page,
    take_screenshot,
)
from tests.server.studio.visitors import PASSWORD, Person


def test_somebody_signs_up_logs_out_and_logs_in_again(browser: Browser, studio: Live) -> None:
    with open_page(browser, studio.url) as page:
        page.goto("/studio/account")
        assert page.url == f"{studio.url}/studio/login?next=%2Fstudio%2Faccount"
        check_accessible(page)
        take_screenshot(page, "login")
        page.get_by_role("link", name="Sign up").click()

        page.get_by_label("Name").fill("root")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password again").fill(PASSWORD)
        page.get_by_role("button", name="Sign up").click()
        assert page.get_by_role("alert").inner_text() == (
            "There is a user root already; take another name."
        )
        assert page.get_by_label("Name").input_value() == "root"
        assert page.get_by_label("Password", exact=True).input_value() == ""
        check_accessible(page)
        take_screenshot(page, "sign-up")

        page.get_by_label("Name").fill("Ada <b>")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password again").fill(PASSWORD)
        page.get_by_role("button", name="Sign up").click()
        page.wait_for_url("**/studio/photo")
        page.get_by_role("link", name="Account").click()
        page.wait_for_url("**/studio/account")
        assert page.get_by_role("main").get_by_text("Ada <b>").is_visible()

        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/studio/login")
        page.goto("/studio/account")
        page.get_by_label("Name").fill("ada <B>")
        page.get_by_label("Password").fill("not the password")
        page.get_by_label("Remember me").check()
        page.get_by_role("button", name="Log in").click()
        assert "not right" in page.get_by_role("alert").inner_text()
        assert page.get_by_label("Name").input_value() == "ada <B>"
        assert page.get_by_label("Remember me").is_checked()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/studio/account")
        check_accessible(page)
        check_fits(page)


def test_the_theme_is_kept(browser: Browser, studio: Live, visitor: Person) -> None:

    with open_page(browser, studio.url, visitor, color_scheme="light") as page:
        page.goto("/studio/account")
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.get_by_role("button", name="Switch to dark").click()
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert dark != light
        page.reload()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
        page.get_by_role("button", name="Switch to light").click()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == light


def test_keys_password_and_the_end_of_an_account(
    browser: Browser, studio: Live, visitor: Person, tmp_path: Path
) -> None:
    with open_page(browser, studio.url, visitor) as page:
        page.goto("/studio/account")
        page.get_by_text("Make a key").click()
        page.get_by_label("Name", exact=True).fill("camera")
        page.get_by_label("Videos and jobs").check()
        check_accessible(page)
        page.get_by_role("button", name="Make the key").click()
        assert len(page.locator("code.secret").inner_text()) == 64
        check_accessible(page)

        page.get_by_role("button", name="Revoke camera").click()
        dialog = page.get_by_role("dialog", name="Revoke the key camera?")
        check_accessible(page)
        dialog.get_by_role("button", name="Cancel").click()
        assert page.get_by_role("button", name="Revoke camera").is_visible()
        page.get_by_role("button", name="Revoke camera").click()
        dialog.get_by_role("button", name="Revoke").click()
        page.wait_for_url("**done=revoked*")
        assert page.get_by_role("button", name="Revoke camera").count() == 0

        page.get_by_label("Password now").fill(PASSWORD)
        page.get_by_label("New password", exact=True).fill("quite another staple")
        page.get_by_label("New password again").fill("quite another staple")
        page.get_by_role("button", name="Change password").click()
        page.wait_for_url("**done=password")
        assert "The password is changed." in page.get_by_role("status").inner_text()
        check_fits(page)

        page.get_by_label("Your password").fill("quite another staple")
        page.get_by_role("button", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        download.value.save_as(tmp_path / "receipt.txt")
        assert (tmp_path / "receipt.txt").read_text() == page.locator("#receipt").text_content()
        check_accessible(page)
        check_fits(page)


def test_an_admin_closes_the_door_and_shows_somebody_out(
    browser: Browser, studio: Live, admin: Person, visitor: Person
) -> None:
    with open_page(browser, studio.url, admin) as page:
        page.goto("/studio/account")
        page.get_by_role("link", name="Users and log").click()
        page.get_by_role("button", name="Close it").click()
        assert page.get_by_role("heading", name="Signing up is closed").is_visible()
        page.get_by_role("button", name="Open it").click()
        page.get_by_role("button", name=f"Disable: {visitor.name}").click()
        assert page.get_by_role("button", name=f"Enable: {visitor.name}").is_visible()
        check_accessible(page)
        check_fits(page)
        page.get_by_role("link", name="Audit log").click()
        assert page.get_by_role("cell", name="user disabled").first.is_visible()
        check_accessible(page)
        check_fits(page)
