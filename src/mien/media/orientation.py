"""The eight ways a stored picture can be turned and mirrored to be displayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Orientation:
    """Swap the axes if `transpose`, then mirror along x and along y: from stored to displayed."""

    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @classmethod
    def from_exif(cls, value: Any) -> Orientation:
        """From tag 0x0112 of Exif 2.32, 4.6.4.A; anything but 1 to 8 counts as 1, upright."""
        return _EXIF.get(value, cls()) if isinstance(value, int) else cls()

    @classmethod
    def from_matrix(cls, matrix: Sequence[int]) -> Orientation:
        """From the nine numbers of a display matrix (ISO/IEC 14496-12, 6.2.2).

        Only quarter turns and mirrors are told apart: another angle counts as the nearest of them.
        """
        a, b, _, c, d = matrix[:5]  # x' = a x + c y, y' = b x + d y
        if abs(b) + abs(c) > abs(a) + abs(d):
            return cls(True, c < 0, b < 0)
        return cls(False, a < 0, d < 0)

    @property
    def mirrored(self) -> bool:
        """Whether the displayed picture is a mirror image of the stored one."""
        return (self.transpose + self.flip_x + self.flip_y) % 2 == 1

    @property
    def rotation(self) -> int:
        """Degrees clockwise, 0, 90, 180 or 270, to turn the stored picture; then comes the mirror,
        left to right, if `mirrored`."""
        right = self.flip_x != self.mirrored
        return (90 if right else 270) if self.transpose else (180 if right else 0)

    def size_wh(self, width: int, height: int) -> tuple[int, int]:
        """The displayed width and height of a stored picture, and the other way round."""
        return (height, width) if self.transpose else (width, height)

    def view(self, samples: NDArray[Any]) -> NDArray[Any]:
        """The displayed picture of a stored one, (height, width, …), as a view of its memory."""
        if self.transpose:
            samples = samples.swapaxes(0, 1)
        return samples[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1]

    def apply(self, picture: Picture) -> Picture:
        """The displayed picture of a stored one, (height, width, 3), contiguous in memory."""
        if self == Orientation():
            return np.ascontiguousarray(picture)
        import cv2  # here, because most pictures are upright and it is slow to import

        if self.transpose:
            picture = cv2.transpose(picture)  # type: ignore[assignment]
        if self.flip_x or self.flip_y:
            code = -1 if self.flip_x and self.flip_y else int(self.flip_x)
            picture = cv2.flip(picture, code)  # type: ignore[assignment]
        return np.ascontiguousarray(picture)


_EXIF = {
    2: Orientation(flip_x=True),
    3: Orientation(flip_x=True, flip_y=True),
    4: Orientation(flip_y=True),
    5: Orientation(transpose=True),
    6: Orientation(transpose=True, flip_x=True),
    7: Orientation(transpose=True, flip_x=True, flip_y=True),
    8: Orientation(transpose=True, flip_y=True),
}
