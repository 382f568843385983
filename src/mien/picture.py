"""What every stage asks of the picture it is given."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import UsageError


def check_rgb(rgb: NDArray[Any]) -> None:
    """Check that this is a picture.

    Raises:
        UsageError: it is not an (H, W, 3) uint8 array with at least one pixel.
    """
    if not isinstance(rgb, np.ndarray) or rgb.dtype != np.uint8:
        kind = rgb.dtype if isinstance(rgb, np.ndarray) else type(rgb).__name__
        raise UsageError(f"a picture must be an array of uint8, not {kind}")
    if rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        raise UsageError(f"a picture must have the shape (H, W, 3), not {rgb.shape}")
