"""How near the copies of a picture are to it, and two pictures of one person to each other.

python -m bench.gallery.same_picture --media FOLDER

Each picture of the family (FOLDER/Family*.jpg) is encoded, cut, scaled, mirrored and lit anew.
`mien.gallery.advice.SAME_PICTURE` lies between most copies and the nearest two pictures.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bench.description.material import table
from mien.describe.embedding import distance
from mien.gallery.advice import SAME_PICTURE
from mien.server.inference import Wants
from mien.server.metrics import Metrics
from mien.server.settings import Limits
from mien.server.workers import worker_maker

Array = NDArray[Any]
Change = Callable[[Image.Image], Image.Image]

COPIES: dict[str, tuple[Change, int]] = {
    "JPEG, quality 90": (lambda picture: picture, 90),
    "JPEG, quality 50": (lambda picture: picture, 50),
    "JPEG, quality 20": (lambda picture: picture, 20),
    "half as wide": (lambda picture: picture.reduce(2), 90),
    "a third as wide": (lambda picture: picture.reduce(3), 90),
    "5 % of each edge cut off": (lambda picture: _cut(picture), 85),
    "mirrored": (lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 90),
    "a fifth brighter": (lambda picture: picture.point(lambda value: min(255, value * 1.2)), 90),
    "turned by 3°": (lambda picture: picture.rotate(3), 90),
}
HEAD = ("copy", "nearest", "median", "farthest", f"under {SAME_PICTURE}")


def _cut(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    return picture.crop((width // 20, height // 20, width - width // 20, height - height // 20))


def _encoded(picture: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=quality)
    return file.getvalue()


def _row(name: str, apart: Array) -> tuple[str, ...]:
    low, middle, high = np.quantile(apart, (0, 0.5, 1))
    under = f"{np.count_nonzero(apart < SAME_PICTURE)} of {len(apart)}"
    return (name, f"{low:.3f}", f"{middle:.3f}", f"{high:.3f}", under)


def measured(media: Path) -> Iterator[str]:
    """The table, as Markdown."""
    worker = worker_maker(Metrics(), Limits(), 1)()

    def embedding(data: bytes) -> Array:
        found = worker.see(data, Wants(recognition=True)).faces.embedding
        if found is None or len(found) != 1:
            raise SystemExit("a picture does not show one face")
        return np.asarray(found[0])

    files = sorted(media.glob("Family*.jpg"))
    pictures = [Image.open(path) for path in files]
    own = [embedding(path.read_bytes()) for path in files]
    rows = []
    for name, (change, quality) in COPIES.items():
        copies = [embedding(_encoded(change(picture), quality)) for picture in pictures]
        rows.append(_row(name, distance(np.stack(copies), np.stack(own))))
    pairs = [
        distance(own[a], own[b])
        for a, b in itertools.combinations(range(len(files)), 2)
        if files[a].stem[:-1] == files[b].stem[:-1]
    ]
    rows.append(_row("two pictures of one person", np.array(pairs)))
    yield from table(HEAD, rows)


@click.command(help=__doc__)
@click.option("--media", type=click.Path(exists=True, path_type=Path), required=True)
def main(media: Path) -> None:
    """Print the table."""
    for line in measured(media):
        click.echo(line)


if __name__ == "__main__":
    main()
