"""What an area needs to show itself."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page

from mien.report.palette import BASIC, EXPRESSIONS
from mien.storage import open_storage
from tests.server.live import Live
from tests.server.studio.browser import open_page
from tests.server.studio.visitors import Person, person

Array = NDArray[Any]

THEMES = ("light", "dark")
FOLDER = Path(__file__).resolve().parent.parent / "images" / "studio"
WIDTH, HEIGHT = 1280, 800
MOST_BYTES = 200_000
COLOURS = (256, 128, 64)


@dataclass
class Stage:
    """A page in one of the themes, and who is logged in.

    Attributes:
        page: of a browser 1280 px wide, in which the visitor is logged in.
        stranger: another, in which nobody is.
    """

    live: Live
    visitor: Person
    page: Page
    stranger: Page
    theme: str
    kept: list[Path] = field(default_factory=list)

    def keep(self, name: str, *, page: Page | None = None, height: int = HEIGHT) -> None:
        """Keep what a page shows as docs/images/studio/NAME-THEME.png, of at most 200 KB."""
        shown = page or self.page
        shown.set_viewport_size({"width": WIDTH, "height": height})
        shown.wait_for_load_state("networkidle")
        data = shown.screenshot(animations="disabled", caret="hide")
        path = FOLDER / f"{name}-{self.theme}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_small(data))
        self.kept.append(path)


@contextmanager
def staged(browser: Browser, live: Live, theme: str) -> Iterator[Stage]:
    """A stage with a new user called ada, who is removed at the end."""
    options: dict[str, Any] = {"color_scheme": theme, "locale": "en-GB", "timezone_id": "UTC"}
    with (
        person(live, name="ada") as visitor,
        open_page(browser, live.url, visitor, **options) as page,
        open_page(browser, live.url, **options) as stranger,
    ):
        yield Stage(live, visitor, page, stranger, theme)
    with open_storage(live.data, keys=live.keys) as storage:
        storage.users.remove(visitor.user_id)


def _small(data: bytes) -> bytes:
    """A picture in as many colours as fit into the bytes."""
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    for colours in COLOURS:
        kept = io.BytesIO()
        _painted(picture, _palette(picture, colours)).save(kept, "PNG", optimize=True)
        if kept.tell() <= MOST_BYTES:
            return kept.getvalue()
    raise AssertionError(f"the screenshot has more than {MOST_BYTES} bytes; show less")


def _palette(picture: Image.Image, colours: int) -> Array:
    """(colours, 3) those that a picture needs most, and those of expressions and people, which mean
    something however few pixels have them."""
    meant = np.array([*EXPRESSIONS.values(), *BASIC])
    found = picture.quantize(colours - len(meant), dither=Image.Dither.NONE).getpalette()
    return np.concatenate([np.reshape(found or [], (-1, 3))[: colours - len(meant)], meant])


def _painted(picture: Image.Image, palette: Array) -> Image.Image:
    """The picture in the nearest of these colours. Pillow's own way is not exact, which tints what
    is all but black."""
    packed = np.asarray(picture, np.int32) @ (1 << 16, 1 << 8, 1)
    found, where = np.unique(packed, return_inverse=True)
    rgb = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1)
    nearest = [((palette - each) ** 2).sum(axis=1).argmin() for each in rgb]
    painted = Image.fromarray(np.array(nearest, np.uint8)[where.reshape(packed.shape)], "P")
    painted.putpalette(palette.astype(np.uint8).tobytes())
    return painted
