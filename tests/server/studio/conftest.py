"""What the studio's tests stand on: a service of their own, visitors, and a browser.

Playwright holds an event loop in this thread while it is open, so tests of this folder do not use
asyncio; the browser is closed when the last test of the folder is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page

from mien.storage import open_storage
from mien.storage.users import Role
from tests.server.live import Live, serving
from tests.server.studio.browser import chromium, open_page
from tests.server.studio.videos import Analysed, analyse, send, write_people
from tests.server.studio.visitors import PASSWORD, Person, person


@pytest.fixture(scope="package")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A service with all its models, one for this folder. Its first user, an admin, is "root"."""
    with serving(tmp_path_factory.mktemp("studio")) as live:
        with open_storage(live.data, keys=live.keys) as storage:
            storage.users.add("root", PASSWORD, role=Role.ADMIN)
        yield live


@pytest.fixture
def people(studio: Live) -> Iterator[Callable[..., Person]]:
    """Makes new users who are logged in: people(), people(role=Role.ADMIN), people(account=ID)."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(person(studio, **options))


@pytest.fixture
def visitor(people: Callable[..., Person]) -> Person:
    """A new user who is logged in."""
    return people()


@pytest.fixture
def admin(people: Callable[..., Person]) -> Person:
    """A new admin who is logged in."""
    return people(role=Role.ADMIN)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser, one for this folder."""
    with chromium() as found:
        yield found


@pytest.fixture
def browser_page(browser: Browser, studio: Live, visitor: Person) -> Iterator[Page]:
    """A page of the visitor, 1280 px wide; see `open_page` for what fails a test. Paths begin with
    /studio."""
    with open_page(browser, studio.url, visitor) as page:
        yield page


@pytest.fixture(scope="package")
def analysed(studio: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analysed]:
    """A video with two people, analysed once for this folder; who changes it changes it back.

    It is at 29.97 frames a second, with frames that rest on later ones, and with sound.
    """
    clip = write_people(
        tmp_path_factory.mktemp("video") / "two.mp4",
        rate="30000/1001",
        options={"bf": "2"},
        sound_s=2.5,
    )
    with person(studio) as owner:
        asset = send(owner, clip)
        analyse(owner, asset)
        yield Analysed(owner, asset, clip)
