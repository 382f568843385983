"""How large an input may be. Checked from its header, before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what is opened. Whatever is over one raises `MediaTooLargeError`.

    The defaults let through a phone's photo of 108 megapixels and a frame of 8192 × 4320, and hold
    the memory for one decoded picture below half a gigabyte.
    """

    image_bytes: int = 256 * 2**20
    """The size of a photo's file."""

    image_pixels: int = 110_000_000
    """Width × height of a photo."""

    video_pixels: int = 8192 * 4352
    """Width × height of a video's frame, as coded (encoders round up to whole blocks)."""
