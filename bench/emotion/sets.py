"""The folders of five expression sets, as their publishers lay them out, read as one list.

Nothing is fetched: each set has terms of its own and is to be had from its publisher.

CK+ (Lucey et al. 2010)
    `…/S005/001/S005_001_00000011.png`, and `S005_001_00000011_emotion.txt` in a tree of its own:
    1 anger, 2 contempt, 3 disgust, 4 fear, 5 happiness, 6 sadness, 7 surprise. The last picture of
    a sequence has its label, the first is neutral; sequences without a label are left out.
JAFFE (Lyons et al. 1998)
    `…/KA.AN1.39.tiff`: AN, DI, FE, HA, NE, SA, SU. No contempt.
RAVDESS (Livingstone and Russo 2018)
    `…/Actor_01/02-01-03-01-02-01-01.mp4`, the third number: 01 neutral, 03 happiness, 04 sadness,
    05 anger, 06 fear, 07 disgust, 08 surprise. No contempt; 02, calm, is none of the eight and is
    left out, and so are sound alone and one of two clips that show the same with and without sound.
RaFD (Langner et al. 2010)
    `…/Rafd090_01_Caucasian_female_angry_frontal.jpg`, the word before the gaze. Heads turned away,
    every angle but 090, are left out.
AffectNet (Mollahosseini et al. 2017), its validation part
    `validation.csv` and `Manually_Annotated_Images/12/abc.jpg`, or `…/images/5.jpg` and
    `…/annotations/5_exp.npy`: 0 neutral, 1 happiness, 2 sadness, 3 surprise, 4 fear, 5 disgust,
    6 anger, 7 contempt. 8 none, 9 uncertain and 10 no face are left out.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mien.errors import CorruptMediaError, InputNotFoundError, UnsupportedMediaError
from mien.faces import EMOTIONS

Box = tuple[float, float, float, float]

CK_PLUS = dict(
    enumerate(("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise"), 1)
)
JAFFE = {
    "AN": "anger",
    "DI": "disgust",
    "FE": "fear",
    "HA": "happiness",
    "NE": "neutral",
    "SA": "sadness",
    "SU": "surprise",
}
RAVDESS = {
    "01": "neutral",
    "03": "happiness",
    "04": "sadness",
    "05": "anger",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}
RAFD = {
    "angry": "anger",
    "contemptuous": "contempt",
    "disgusted": "disgust",
    "fearful": "fear",
    "happy": "happiness",
    "neutral": "neutral",
    "sad": "sadness",
    "surprised": "surprise",
}
AFFECTNET = dict(
    enumerate(
        ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
    )
)
AFFECTNET_OTHERS = {8: "none of the eight", 9: "uncertain", 10: "no face"}

_CK_LABEL = re.compile(r"(S\d+)_(\d+)_(\d+)_emotion\.txt")
_CK_PICTURE = re.compile(r"(S\d+)_(\d+)_(\d+)\.(png|tiff?)", re.IGNORECASE)
_JAFFE = re.compile(r"[A-Z]{2}\.([A-Z]{2})\d+\.\d+\.(tiff?|png|jpg)", re.IGNORECASE)
_RAVDESS = re.compile(r"(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)\.mp4", re.IGNORECASE)
_RAFD = re.compile(r"Rafd(\d{3})_\d+_.+_([a-z]+)_(frontal|left|right)\.(jpg|png)", re.IGNORECASE)
_AFFECTNET = re.compile(r"(\d+)_exp\.npy")


@dataclass(frozen=True, slots=True)
class Item:
    """One picture or clip and its expression.

    Attributes:
        path: the file.
        label: place of the expression in `EMOTIONS`.
        box_xyxy: of the face in pixels, where the set gives it.
    """

    path: Path
    label: int
    box_xyxy: Box | None = None

    @property
    def is_clip(self) -> bool:
        """Whether it is a video."""
        return self.path.suffix.lower() == ".mp4"


@dataclass(slots=True)
class Listing:
    """What a set's folder holds: the items in order of their paths, and what was left out."""

    items: list[Item] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, path: Path, name: str, box_xyxy: Box | None = None) -> None:
        """Add a file and the name of its expression."""
        self.items.append(Item(path, EMOTIONS.index(name), box_xyxy))


def read_set(name: str, folder: Path) -> Listing:
    """List a set's folder.

    Args:
        name: one of `READERS`.
        folder: the folder that was unpacked, or one above it.

    Raises:
        InputNotFoundError: there is no such folder.
        UnsupportedMediaError: nothing in it lies as the set's publisher lays it out.
        CorruptMediaError: a label cannot be read.
    """
    if not folder.is_dir():
        raise InputNotFoundError(f"there is no folder {folder}")
    listing = READERS[name](folder)
    if not listing.items:
        raise UnsupportedMediaError(
            f"nothing in {folder} lies as {name} is laid out; see the head of bench/emotion/sets.py"
        )
    listing.items.sort(key=lambda item: item.path)
    return listing


def read_ck_plus(folder: Path) -> Listing:
    """The last picture of each labelled sequence, and its first as neutral."""
    sequences: dict[tuple[str, str], list[Path]] = {}
    for path, found in _matching(folder, _CK_PICTURE):
        sequences.setdefault((found[1], found[2]), []).append(path)
    listing = Listing()
    labelled = set()
    for path, found in _matching(folder, _CK_LABEL):
        pictures = sorted(sequences.get((found[1], found[2]), ()), key=lambda file: file.stem)
        if not pictures:
            listing.left_out["a label without pictures"] += 1
            continue
        labelled.add((found[1], found[2]))
        listing.add(pictures[-1], _ck_plus_label(path))
        if len(pictures) > 1:
            listing.add(pictures[0], "neutral")
    listing.left_out["a sequence without a label"] += len(sequences.keys() - labelled)
    return listing


def read_jaffe(folder: Path) -> Listing:
    """Every picture; its name holds the expression."""
    listing = Listing()
    for path, found in _matching(folder, _JAFFE):
        if (code := found[1].upper()) in JAFFE:
            listing.add(path, JAFFE[code])
        else:
            listing.left_out[f"the unknown code {code}"] += 1
    return listing


def read_ravdess(folder: Path) -> Listing:
    """Every clip; that without sound where both are there, which show the same."""
    chosen: dict[tuple[str, ...], tuple[str, Path]] = {}
    listing = Listing()
    for path, found in _matching(folder, _RAVDESS):
        modality, *rest = found.groups()
        if modality == "03":
            listing.left_out["sound alone"] += 1
            continue
        before = chosen.get(tuple(rest))
        if before is not None:
            listing.left_out["the same recording twice"] += 1
        if before is None or modality > before[0]:
            chosen[tuple(rest)] = (modality, path)
    for (_, code, *_), (_, path) in chosen.items():
        if code in RAVDESS:
            listing.add(path, RAVDESS[code])
        else:
            listing.left_out["calm" if code == "02" else f"the unknown code {code}"] += 1
    return listing


def read_rafd(folder: Path) -> Listing:
    """Every picture of a head that faces the camera."""
    listing = Listing()
    for path, found in _matching(folder, _RAFD):
        angle, word = found[1], found[2].lower()
        if angle != "090":
            listing.left_out["a head turned away"] += 1
        elif word in RAFD:
            listing.add(path, RAFD[word])
        else:
            listing.left_out[f"the unknown word {word}"] += 1
    return listing


def read_affectnet(folder: Path) -> Listing:
    """The validation part of either release."""
    tables = sorted(folder.rglob("validation.csv"))
    if tables:
        return _affectnet_table(tables[0])
    listing = Listing()
    for path, found in _matching(folder, _AFFECTNET):
        pictures = [*(path.parent.parent / "images").glob(f"{found[1]}.*")]
        if pictures:
            _add_affectnet(listing, pictures[0], _affectnet_code(path), None)
        else:
            listing.left_out["a label without a picture"] += 1
    return listing


READERS: dict[str, Callable[[Path], Listing]] = {
    "ck+": read_ck_plus,
    "jaffe": read_jaffe,
    "ravdess": read_ravdess,
    "rafd": read_rafd,
    "affectnet": read_affectnet,
}


def _matching(folder: Path, name: re.Pattern[str]) -> Iterator[tuple[Path, re.Match[str]]]:
    """The files below a folder whose whole name fits, in order of their paths."""
    for path in sorted(folder.rglob("*")):
        found = name.fullmatch(path.name)
        if found and path.is_file():
            yield path, found


def _ck_plus_label(path: Path) -> str:
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    try:
        return CK_PLUS[int(float(text))]
    except (ValueError, KeyError, OverflowError) as error:
        raise CorruptMediaError(f"{path} holds {text[:20]!r}, not a number of 1 to 7") from error


def _affectnet_table(table: Path) -> Listing:
    """The first release: a table of boxes and labels, the pictures in folders beside it."""
    listing = Listing()
    roots = [table.parent, *sorted(path for path in table.parent.iterdir() if path.is_dir())]
    with table.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            try:
                name, code = row["subDirectory_filePath"], int(row["expression"])
                x, y, width, height = (
                    float(row[f"face_{side}"]) for side in ("x", "y", "width", "height")
                )
            except (KeyError, TypeError, ValueError) as error:
                raise CorruptMediaError(f"{table} is no table of AffectNet: {error}") from error
            path = next((root / name for root in roots if (root / name).is_file()), None)
            if path is None:
                listing.left_out["a label without a picture"] += 1
            else:
                _add_affectnet(listing, path, code, (x, y, x + width, y + height))
    return listing


def _affectnet_code(path: Path) -> int:
    try:
        return int(np.load(path, allow_pickle=False).item())
    except (ValueError, EOFError, OSError) as error:
        raise CorruptMediaError(f"{path} does not hold the number of an expression") from error


def _add_affectnet(listing: Listing, path: Path, code: int, box: Box | None) -> None:
    if code in AFFECTNET:
        listing.add(path, AFFECTNET[code], box)
    else:
        listing.left_out[AFFECTNET_OTHERS.get(code, f"the unknown code {code}")] += 1
