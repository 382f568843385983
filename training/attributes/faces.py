"""The faces of lfw_attributes: whose they are, and their pixels. Scores are not read here.

The folder given by the user holds ``lfw_attributes/scores.csv``, whose first column is the name of
a picture (``First_Last_0001``), and sheets ``lfw_attributes/000.webp`` … of 16 x 16 faces of
112 x 112 RGB pixels. Face ``k`` of the CSV is sheet ``k // 256``, row ``k % 256 // 16``, column
``k % 16``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.files import data_folder, files_hash

FACE_SIDE = 112
FACES_A_SIDE = 16

FACES_SHA256 = "1b2067807f058f9987a6fb8f4136b4c3d7c0bca7572237978399e44549dee38a"
"""`faces_hash` of the set whose faces are labelled."""

NUMBER_HEIGHT = 16
"""Pixels under each face of a contact sheet, for its number."""


def faces_folder(given: Path | None = None) -> Path:
    """The folder of the faces, in the data folder given or else the one the environment names.

    Raises:
        FileNotFoundError: neither names a folder that holds ``lfw_attributes/scores.csv``.
    """
    return data_folder(given, "lfw_attributes/scores.csv") / "lfw_attributes"


def person_of_each(folder: Path) -> NDArray[np.int64]:
    """(n,) index of the person of each face, among the names of the set in the order of the CSV.

    A person is what comes before the number of the picture in its name.
    """
    with (folder / "scores.csv").open(newline="", encoding="utf-8") as lines:
        names = [row[0].rpartition("_")[0] for row in csv.reader(lines)][1:]
    index = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([index[name] for name in names], np.int64)


@lru_cache(maxsize=8)
def _sheet(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as sheet:
        return np.asarray(sheet.convert("RGB"))


def face_pixels(folder: Path, face: int) -> NDArray[np.uint8]:
    """(112, 112, 3) RGB pixels of one face.

    Raises:
        FileNotFoundError: there is no such face.
    """
    number, within = divmod(face, FACES_A_SIDE**2)
    row, column = divmod(within, FACES_A_SIDE)
    top, left = row * FACE_SIDE, column * FACE_SIDE
    sheet = _sheet(folder / f"{number:03}.webp")
    return sheet[top : top + FACE_SIDE, left : left + FACE_SIDE]


def contact_sheet(folder: Path, faces: Sequence[int], columns: int, side: int) -> Image.Image:
    """Faces in reading order, `side` pixels wide, the number of each under it."""
    rows = -(-len(faces) // columns)
    sheet = Image.new("RGB", (columns * side, rows * (side + NUMBER_HEIGHT)), "white")
    draw = ImageDraw.Draw(sheet)
    for at, face in enumerate(faces):
        left, top = at % columns * side, at // columns * (side + NUMBER_HEIGHT)
        tile = Image.fromarray(face_pixels(folder, face))
        sheet.paste(tile.resize((side, side), Image.Resampling.LANCZOS), (left, top))
        draw.text((left + side // 3, top + side + 1), str(face), fill="black", font_size=13)
    return sheet


def contact_sheets(
    folder: Path, faces: Sequence[int], columns: int, rows: int, side: int
) -> Iterator[Image.Image]:
    """`contact_sheet` after `contact_sheet` of columns x rows faces."""
    a_sheet = columns * rows
    for start in range(0, len(faces), a_sheet):
        yield contact_sheet(folder, faces[start : start + a_sheet], columns, side)


def faces_hash(folder: Path) -> str:
    """SHA-256 over the names and bytes of the set's files, in name order."""
    return files_hash(folder, [*sorted(folder.glob("*.webp")), folder / "scores.csv"])


def check_faces(folder: Path) -> None:
    """Make sure that these are the faces that were labelled: labels go by their numbers.

    Raises:
        ValueError: the files are others.
    """
    if (found := faces_hash(folder)) != FACES_SHA256:
        raise ValueError(
            f"the faces in {folder} are not those that were labelled: hash {found}, "
            f"expected {FACES_SHA256}"
        )
