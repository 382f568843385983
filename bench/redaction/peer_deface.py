"""Run deface on videos as its command does, and tell its masks and its time. Its Python runs this:

PYTHON peer_deface.py OUT VIDEO…        OUT/STEM_deface.json for each: boxes by frame, seconds

Nothing of mien is imported. The options are those of its command line when none are given: masks
1.3 times the box, elliptic, blurred, H.264. The time is that of the whole of `video_detect`
(decoding, finding, hiding, encoding), once the network is loaded and has run.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from deface import deface  # type: ignore[import-not-found]
from deface.centerface import CenterFace  # type: ignore[import-not-found]

THRESHOLD, SCALE = 0.2, 1.3  # deface's defaults


def main() -> None:
    """Redact each video into the folder OUT."""
    out, videos = Path(sys.argv[1]), sys.argv[2:]
    network = CenterFace(in_shape=None, backend="auto")
    for video in videos:
        boxes: list[list[list[int]]] = []
        hide = deface.anonymize_frame

        def noted(dets: Any, frame: Any, mask_scale: float, *rest: Any, **options: Any) -> None:
            boxes.append([grown(det[:4], frame.shape) for det in dets])  # noqa: B023
            hide(dets, frame, mask_scale, *rest, **options)  # noqa: B023

        first = next(deface.imageio.get_reader(video).iter_data())
        network(first, threshold=THRESHOLD)
        deface.anonymize_frame = noted
        start = time.perf_counter()
        deface.video_detect(
            ipath=video, opath=str(out / f"{Path(video).stem}_deface.mp4"), centerface=network,
            threshold=THRESHOLD, enable_preview=False, cam=False, nested=False,
            replacewith="blur", mask_scale=SCALE, ellipse=True, draw_scores=False,
            ffmpeg_config={"codec": "libx264"},
        )  # fmt: skip
        seconds = time.perf_counter() - start
        deface.anonymize_frame = hide
        told = json.dumps({"seconds": seconds, "boxes": boxes})
        (out / f"{Path(video).stem}_deface.json").write_text(told, encoding="utf-8")


def grown(box: Any, shape: tuple[int, ...]) -> list[int]:
    """The box that the mask fills, as deface makes it (`anonymize_frame`)."""
    x1, y1, x2, y2 = deface.scale_bb(*np.asarray(box).astype(int), SCALE)
    return [
        int(max(0, x1)), int(max(0, y1)), int(min(shape[1] - 1, x2)), int(min(shape[0] - 1, y2))
    ]  # fmt: skip


if __name__ == "__main__":
    main()
