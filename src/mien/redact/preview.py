"""One frame as it will be hidden, before anything is rendered: by the code that renders it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.media import Frame
from mien.redact.effects import Look, hide
from mien.redact.plan import Plan

Array = NDArray[Any]


def preview(frame: Frame, plan: Plan, look: Look) -> Array:
    """(height, width, 3) uint8: the frame with the masks of a plan. `frame` itself stays as it is.

    It is what is given to the encoder, whose loss it does not show.

    Raises:
        MismatchError: the plan is of another video.
    """
    masks = plan.masks(frame.time, frame.duration)
    if not len(masks):
        return frame.rgb
    native = frame.native()
    kept = [np.array(plane.samples) for plane in native.planes]
    try:
        hide(native.planes, native.width, native.height, masks, look)
        return frame.painted(native)
    finally:
        for plane, samples in zip(native.planes, kept, strict=True):
            plane.samples[...] = samples
