"""The training data on the disk: its folder, its sheets of faces, and a hash of what was read."""

from __future__ import annotations

import argparse
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

DATA_VARIABLE = "MIEN_TRAINING_DATA"


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the data folder."""
    parser.add_argument("--data", type=Path, help=f"data folder, else ${DATA_VARIABLE}")


def data_folder(given: Path | None, holds: str) -> Path:
    """The folder of training data: the one given, else the one the environment names.

    Raises:
        FileNotFoundError: neither names a folder that holds this file.
    """
    folder = given or Path(os.environ.get(DATA_VARIABLE, "data"))
    if not (folder / holds).is_file():
        raise FileNotFoundError(
            f"no {holds} in {folder}: give the folder with --data or in {DATA_VARIABLE}"
        )
    return folder


def cut_sheet(path: Path, mode: str, side: int, across: int) -> NDArray[np.uint8]:
    """The faces of one sheet in reading order, (m, side, side), or (m, side, side, 3) in colour.

    Args:
        mode: of Pillow, ``"L"`` or ``"RGB"``.
        side: of a face, in pixels.
        across: how many faces are side by side.
    """
    with Image.open(path) as sheet:
        pixels = np.asarray(sheet.convert(mode))
    rows, channels = pixels.shape[0] // side, pixels.shape[2:]
    tiles = pixels[: rows * side, : across * side]
    tiles = tiles.reshape(rows, side, across, side, *channels).swapaxes(1, 2)
    return np.ascontiguousarray(tiles.reshape(-1, side, side, *channels))


def files_hash(folder: Path, paths: Iterable[Path]) -> str:
    """SHA-256 over the names, as seen from the folder, and the bytes of files, in this order."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
