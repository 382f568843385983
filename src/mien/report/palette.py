"""A colour for every id: the same in every frame and every run, and far from its neighbours'."""

from __future__ import annotations

from functools import cache

Colour = tuple[int, int, int]

BASIC: tuple[Colour, ...] = (
    (66, 170, 255),  # blue
    (255, 148, 36),  # orange
    (62, 206, 98),  # green
    (255, 92, 168),  # pink
    (255, 222, 56),  # yellow
    (160, 116, 255),  # violet
    (24, 208, 204),  # turquoise
    (246, 74, 66),  # red
    (178, 228, 46),  # lime
    (44, 78, 226),  # deep blue
    (226, 104, 240),  # magenta
    (0, 148, 118),  # teal
)
"""sRGB, in the order in which ids get them. Bright, and none near the colour of skin."""

NOBODY: Colour = (190, 190, 190)
"""Of a face without a confirmed id."""

EXPRESSIONS: dict[str, Colour] = {
    "neutral": (133, 129, 122),
    "happiness": (185, 133, 0),
    "surprise": (199, 107, 30),
    "sadness": (63, 127, 214),
    "anger": (217, 72, 59),
    "disgust": (95, 143, 45),
    "fear": (154, 99, 216),
    "contempt": (15, 143, 134),
}
"""sRGB of the eight expressions in charts; each has a contrast of at least 3 to white and to the
studio's dark surface."""

DARK: Colour = (16, 18, 22)
LIGHT: Colour = (255, 255, 255)


@cache
def colour_of(name: int) -> Colour:
    """sRGB 0..255 of an id 0, 1, 2 …: twelve colours, then the same lighter, then darker, and then
    from the beginning; `NOBODY` for -1."""
    if name < 0:
        return NOBODY
    basic = BASIC[name % len(BASIC)]
    toward, share = ((DARK, 0.0), (LIGHT, 0.5), (DARK, 0.4))[name // len(BASIC) % 3]
    r, g, b = (round(a + (t - a) * share) for a, t in zip(basic, toward, strict=True))
    return r, g, b


@cache
def ink_on(colour: Colour) -> Colour:
    """Dark or light letters, whichever can be read better on this colour."""
    return max((DARK, LIGHT), key=lambda ink: contrast(ink, colour))


def contrast(a: Colour, b: Colour) -> float:
    """The contrast ratio of two colours, 1..21 (WCAG 2.2, relative luminance)."""
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Colour) -> float:
    r, g, b = (_linear(value / 255) for value in colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _linear(share: float) -> float:
    """Linear light of an sRGB value (IEC 61966-2-1)."""
    return float(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)
