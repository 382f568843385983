"""Fetch dlib's file, which the network starts from, and print where it lies.

python -m training.emotion.dlib_file runs

The package's own store keeps the network converted to ONNX; training reads the original.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from mien.models import entry
from mien.models.archive import read_member
from mien.models.catalogue import Member
from mien.models.fetch import download


def fetch(folder: Path) -> Path:
    """The file in `folder`, downloaded unless it is there; its hash is checked where it is read."""
    source = entry("dlib-resnet").source
    assert isinstance(source, Member)
    path = folder / Path(source.path).name
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder) as work:
            part = Path(work) / path.name
            with part.open("wb") as file:
                file.writelines(read_member(download(source.archive, Path(work)), source.path))
            part.replace(path)
    return path


if __name__ == "__main__":
    print(fetch(Path(sys.argv[1])))
