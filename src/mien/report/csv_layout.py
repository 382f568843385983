"""Which cell of a line is what: the header of a table, understood and checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from mien.faces import EMOTIONS
from mien.report.table import BOX_CELLS, FACE_CELLS, FRAME_CELLS, VALENCE, VIDEO_CELLS
from mien.timeline.fragments import Refusal, shown

SHARE = (0.0, 1.0)
DEGREES = (-360.0, 360.0)
PIXELS = (-float(1 << 20), float(1 << 20))
LIMITS: dict[str, tuple[float, float]] = {
    "score": SHARE,
    "points": PIXELS,
    "pose_deg": DEGREES,
    "gaze_deg": DEGREES,
    "openness": SHARE,
    "age": (0.0, 200.0),
    "gender": SHARE,
    "emotion": SHARE,
    "agreement": SHARE,
    "quality": SHARE,
    "attributes": SHARE,
    "measured": SHARE,
}
"""Of the cells of each column of `Faces`."""

REQUIRED = (*FRAME_CELLS[1:], *BOX_CELLS, *VIDEO_CELLS)
KNOWN = (*REQUIRED, "seconds", "id", *(c for cells in FACE_CELLS.values() for c in cells), VALENCE)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the cells of each thing stand in a line, and between which limits they lie."""

    header: tuple[str, ...]
    columns: tuple[str, ...]  # of Faces: those that are there beside box and id
    limits: tuple[tuple[float, float], ...]  # of each cell; those of whole numbers are not used

    def places(self, *names: str) -> list[int]:
        """Where the cells of these names stand."""
        return [self.header.index(name) for name in names]

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self.header


def layout_of(header: Sequence[str]) -> Layout:
    """Understand a header.

    Raises:
        Refusal: a column is unknown, there twice or missing.
    """
    for name, times in Counter(header).items():
        if name not in KNOWN:
            near = get_close_matches(name, KNOWN, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise Refusal(f"there is no column {shown(name)}{hint}")
        if times > 1:
            raise Refusal(f"the column {name} is there {times} times")
    for name in REQUIRED:
        if name not in header:
            hint = "; a photo's table has no times" if name in FRAME_CELLS else ""
            raise Refusal(f"it has no column {name}{hint}")
    for cells in FACE_CELLS.values():
        missing = [name for name in cells if name not in header]
        if 0 < len(missing) < len(cells):
            here = next(name for name in cells if name in header)
            raise Refusal(f"it has a column {here} and none {missing[0]}")
    if VALENCE in header and EMOTIONS[0] not in header:
        raise Refusal(f"it has a column {VALENCE}, and not the expressions it follows from")
    columns = tuple(name for name, cells in FACE_CELLS.items() if cells[0] in header)
    limit = {cell: LIMITS[name] for name in columns for cell in FACE_CELLS[name]}
    limit |= {"x": PIXELS, "y": PIXELS, "width": (0.0, PIXELS[1]), "height": (0.0, PIXELS[1])}
    limit |= {VALENCE: (-1.0, 1.0)}
    anything = (-float("inf"), float("inf"))
    return Layout(tuple(header), columns, tuple(limit.get(name, anything) for name in header))
