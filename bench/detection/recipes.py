"""What the composites are made of: real heads, faceless backgrounds, and a seed each.

Committed before any detector ran on them. A recipe is never changed to please a detector.
"""

from __future__ import annotations

from dataclasses import dataclass

HD, FULL_HD, VGA, TALL = (1280, 720), (1920, 1080), (640, 480), (480, 640)

HEADS = (
    ("hopper", 0),
    ("astronaut", 0),
    ("obama", 0),
    ("biden", 0),
    ("guido", 0),
    ("maher", 0),
    ("giunchedi", 0),
    ("teacup-man", 0),
    ("hillside-man", 0),
    ("pair-grey", 1),
    ("five-friends", 0),
    ("five-friends", 1),
    ("five-friends", 3),
    ("five-friends", 4),
    ("sofa-family", 1),
    ("sofa-family", 2),
    ("sofa-family", 3),
    ("three-children", 0),
    ("three-children", 2),
    ("collage", 2),
    ("collage", 5),
    ("collage", 6),
    ("collage", 7),
    ("collage", 8),
    ("collage", 9),
    ("collage", 12),
    ("moods", 0),
    ("moods", 5),
    ("moods", 8),
    ("moods", 10),
    ("moods", 15),
    ("face-noface-31", 0),
)
"""Heads that stand clear of the picture's edge and of each other: the picture, and which face."""

TEXTURES = ("brick", "grass", "gravel", "ihc", "moon")
"""Backgrounds that are tiled in mirror image; all others are scaled to cover."""


@dataclass(frozen=True)
class Scatter:
    """Heads strewn over a background without overlap.

    Attributes:
        size_wh: of the composite, in pixels.
        face_px: least and largest size of a face, the geometric mean of its box's sides; sizes
            between are drawn evenly on a logarithmic scale.
        tilt_deg: heads are rotated by up to this, either way.
        gain: least and largest factor on the brightness of a head.
        blur: standard deviation of a Gaussian over each head, as a share of its size.
        gamma: of the whole composite; above 1 darkens it.
        quality: of the JPEG that the composite is passed through.
        at_border: a tenth to a fifth of each box lies beyond an edge.
    """

    name: str
    seed: int
    background: str
    count: int
    face_px: tuple[float, float]
    size_wh: tuple[int, int] = FULL_HD
    tilt_deg: float = 20
    gain: tuple[float, float] = (0.75, 1.15)
    blur: float = 0
    gamma: float = 1
    quality: int = 92
    at_border: bool = False


@dataclass(frozen=True)
class Closeup:
    """A real picture cut out and scaled so that a face fills it.

    Attributes:
        head: the picture, and which face.
        share: height of the face's box by the height of the composite.
        within: edges of the part of the picture that may be shown, xyxy; beyond it the edge pixels
            repeat.
    """

    name: str
    seed: int
    head: tuple[str, int]
    share: float
    size_wh: tuple[int, int] = VGA
    tilt_deg: float = 8
    quality: int = 92
    within: tuple[int, int, int, int] | None = None


@dataclass(frozen=True)
class Wall:
    """Whole real pictures side by side, each scaled until its middle face has one size.

    So heads keep their necks, hair and surroundings. Pictures are drawn at random, and again in
    mirror image, until the wall is full; none is enlarged, and none has a cut face.

    Attributes:
        face_px: median size of the faces of each picture.
    """

    name: str
    seed: int
    face_px: float
    size_wh: tuple[int, int] = FULL_HD
    quality: int = 92


WALLS = (
    Wall("wall-24", 60, 26),
    Wall("wall-36", 61, 40),
    Wall("wall-36-hd", 62, 40, HD),
    Wall("wall-48", 63, 48),
    Wall("wall-48-vga", 64, 48, VGA),
    Wall("wall-80", 65, 80),
    Wall("wall-120-jpeg", 66, 120, quality=40),
)

SCATTERS = (
    Scatter("crowd-100", 1, "pagoda", 100, (24, 60)),
    Scatter("crowd-100-meadow", 2, "meadow", 100, (36, 80)),
    Scatter("crowd-60-hd", 3, "motorcycle", 60, (24, 48), HD),
    Scatter("crowd-64-gravel", 4, "gravel", 64, (36, 64)),
    Scatter("tiny-24", 5, "tower", 30, (24, 26)),
    Scatter("tiny-24-grass", 6, "grass", 30, (24, 30)),
    Scatter("tiny-24-shore", 7, "shore", 20, (24, 26), tilt_deg=0),
    Scatter("small-36", 8, "rocket", 30, (36, 40)),
    Scatter("small-36-brick", 9, "brick", 30, (36, 40)),
    Scatter("small-36-page", 10, "page", 30, (36, 44)),
    Scatter("small-36-hd", 11, "coffee", 20, (36, 48), HD),
    Scatter("small-36-vga", 12, "dahlia", 10, (36, 48), VGA),
    Scatter("mixed", 13, "pagoda", 14, (24, 300)),
    Scatter("mixed-ihc", 14, "ihc", 14, (36, 300)),
    Scatter("mixed-mountains", 15, "mountains", 14, (36, 400)),
    Scatter("mixed-hd", 16, "motorcycle", 10, (30, 250), HD),
    Scatter("mixed-hd-meadow", 17, "meadow", 10, (36, 250), HD),
    Scatter("mixed-vga", 18, "jeep", 6, (30, 160), VGA),
    Scatter("mixed-vga-tower", 19, "tower", 6, (36, 160), VGA),
    Scatter("large", 20, "shore", 4, (300, 480)),
    Scatter("large-hd", 21, "retina", 3, (180, 260), HD),
    Scatter("dark", 22, "motorcycle", 14, (40, 240), gamma=2.2),
    Scatter("bright", 23, "hubble", 14, (40, 240), gain=(1.2, 1.5), gamma=0.7),
    Scatter("blurred", 24, "pagoda", 14, (48, 240), blur=0.03),
    Scatter("jpeg-30", 25, "coffee", 14, (36, 240), quality=30),
    Scatter("jpeg-20-hd", 26, "jeep", 10, (48, 200), HD, quality=20),
    Scatter("border", 27, "rocket", 14, (48, 240), at_border=True, tilt_deg=10),
    Scatter("border-hd", 28, "dahlia", 10, (48, 240), HD, at_border=True, tilt_deg=10),
    Scatter("border-vga", 29, "brick", 8, (40, 120), VGA, at_border=True, tilt_deg=10),
    Scatter("upright", 30, "twigs", 20, (36, 200), tilt_deg=0),
)

CLOSEUPS = (
    Closeup("fills-60", 40, ("obama", 0), 0.6),
    Closeup("fills-60-full-hd", 41, ("maher", 0), 0.6, FULL_HD),
    Closeup("fills-70", 42, ("obama-speech", 0), 0.7),
    Closeup("fills-70-tall", 43, ("biden", 0), 0.7, TALL),
    Closeup("fills-75-hd", 44, ("portrait-man", 0), 0.75, HD),
    Closeup("fills-80", 45, ("henner", 0), 0.8),
    Closeup("fills-80-full-hd", 46, ("woman-moods-265", 0), 0.8, FULL_HD),
    Closeup("fills-85", 47, ("collage", 0), 0.85, within=(712, 0, 1404, 694)),
    Closeup("fills-85-tall", 48, ("hillside-man", 0), 0.85, TALL),
    Closeup("fills-90", 49, ("guido", 0), 0.9),
    Closeup("fills-90-hd", 50, ("collage", 11), 0.9, HD, within=(2112, 1402, 2804, 2094)),
    Closeup("fills-90-full-hd", 51, ("obama", 0), 0.9, FULL_HD, 0),
    Closeup("fills-95", 52, ("giunchedi", 0), 0.95, tilt_deg=4),
    Closeup("fills-95-tall", 53, ("stasm-girl", 0), 0.95, TALL, 0),
    Closeup("fills-100", 54, ("face-noface-10", 0), 1.0, tilt_deg=0),
    Closeup("fills-100-full-hd", 55, ("biden", 0), 1.0, FULL_HD, 0),
)
