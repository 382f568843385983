"""Draws faces and what is known of them on a picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.describe.landmarks import landmarks27
from mien.faces import EMOTIONS, Faces
from mien.media.lettering import capitals
from mien.report.canvas import Canvas, Layer
from mien.report.captions import Caption
from mien.report.palette import DARK, LIGHT, Colour, colour_of, ink_on
from mien.report.style import Place, Style
from mien.timecode import Time

Array = NDArray[Any]

OPACITY = 0.62
"""Of the dark plates."""

QUIET: Colour = (172, 176, 184)
"""Of what is not the strongest."""

GROOVE: Colour = (104, 108, 116)
"""Of the part of a bar that is empty."""

SMALLEST_DOTS = 8.0
"""Landmarks are drawn on faces at least so many times as wide as the font is high."""


def draw(
    rgb: Array,
    faces: Faces,
    captions: Sequence[Caption],
    style: Style,
    *,
    names: Sequence[int],
    guessed: Sequence[bool],
    time: Time | None = None,
) -> None:
    """Draw on a picture (H, W, 3) uint8, in place.

    Args:
        rgb: the picture.
        faces: its faces. One whose `emotion` is NaN shows none.
        captions: of each face.
        style: made for the size of the picture.
        names: what picks the colour of each face.
        guessed: whether the box of each face was not seen there but put there; it is dashed then.
        time: written in the lower left corner.
    """
    canvas = Canvas(rgb)
    far_to_near = np.argsort(np.prod(faces.size_wh, axis=1), kind="stable").tolist()
    colours = [colour_of(name) for name in names]
    for row in far_to_near:  # first of all, so that they lie under all boxes
        _draw_emotions(canvas, faces, row, captions[row].place, colours[row], style)
    for row in far_to_near:
        _draw_box(canvas, faces, row, colours[row], guessed[row], style)
    for row in far_to_near:
        _draw_tag(canvas, faces.box_xyxy[row], captions[row].tag, colours[row], style)
    if time is not None:
        _draw_time(canvas, str(time), style)


def _draw_box(
    canvas: Canvas, faces: Faces, row: int, colour: Colour, guessed: bool, style: Style
) -> None:
    x1, y1, x2, y2 = faces.box_xyxy[row].astype(float).tolist()
    dash = 0.75 * style.font if guessed else None
    canvas.outline((x1, y1, x2, y2), colour, style.stroke, 0.6 * style.font, dash)
    if faces.mesh is not None and x2 - x1 >= SMALLEST_DOTS * style.font:
        places = np.array([*landmarks27(faces.mesh[row]).values()])
        canvas.dots(places, LIGHT, style.stroke * 0.6)


def _draw_tag(canvas: Canvas, box: Array, text: str, colour: Colour, style: Style) -> None:
    if text:
        rect = style.tag(box, text)
        canvas.plate(rect, colour, 1.0, style.pad)
        canvas.text(rect[0] + style.pad, rect[1] + style.pad, text, style.font, ink_on(colour))


def _draw_emotions(
    canvas: Canvas, faces: Faces, row: int, place: Place, colour: Colour, style: Style
) -> None:
    if faces.emotion is None or place is Place.NOWHERE:
        return
    if not np.isfinite(shares := faces.emotion[row]).all():
        return
    box = faces.box_xyxy[row]
    rect = style.emotions(box, place)
    strongest = int(np.argmax(shares))
    shown = [strongest] if place is Place.BELOW else range(len(EMOTIONS))
    names = () if place is Place.BELOW else EMOTIONS
    canvas.lay(rect[0], rect[1], _ground(style, names))
    x, y = rect[0] + style.pad, rect[1] + style.pad
    for emotion in shown:
        loud = emotion == strongest
        if loud:
            canvas.text(x, y, EMOTIONS[emotion], style.small, LIGHT)
        left, top, width, height = _bar(style, x, y)
        if length := round(float(shares[emotion]) * width):
            bar = (left, top, left + length, top + height)
            canvas.plate(bar, colour if loud else QUIET, 1.0, height // 2)
        y += style.row


@lru_cache(maxsize=8)
def _ground(style: Style, names: tuple[str, ...]) -> Layer:
    """The panel with these names and empty bars; without names, the line of one bar."""

    def drawing(canvas: Canvas) -> None:
        canvas.plate((0, 0, canvas.width, canvas.height), DARK, OPACITY, style.pad)
        for row, name in enumerate(names or ("",)):
            top = style.pad + row * style.row
            x, y, width, height = _bar(style, style.pad, top)
            canvas.plate((x, y, x + width, y + height), GROOVE, 0.8, height // 2)
            if name:
                canvas.text(style.pad, top, name, style.small, QUIET)

    return Layer.of(*(style.panel_wh if names else style.line_wh), drawing)


def _bar(style: Style, x: int, y: int) -> tuple[int, int, int, int]:
    """Left, top, width and height of a full bar beside small text that begins at (x, y)."""
    width, height = style.bar_wh
    top, bottom = capitals(style.small)
    return x + style.words + style.pad, y + (bottom - top - height) // 2, width, height


def _draw_time(canvas: Canvas, text: str, style: Style) -> None:
    """In the lower left corner."""
    margin = style.font // 2
    x, y = margin, canvas.height - margin - style.tag_height
    canvas.plate((x, y, x + style.tag_width(text), y + style.tag_height), DARK, OPACITY, style.pad)
    canvas.text(x + style.pad, y + style.pad, text, style.font, LIGHT)
