"""deface, the tool to be compared with: its masks, scored by the same rule, and its speed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bench.redaction.scoring import Hidden
from mien.redact.masks import Masks

SCRIPT = Path(__file__).with_name("peer_deface.py")


def deface(python: str, videos: Sequence[Path], out: Path) -> Iterator[tuple[Hidden, float]]:
    """Run deface on videos: what it hides, and the seconds it takes for each.

    Args:
        python: of an environment with deface, onnx and onnxruntime.
        videos: to redact.
        out: a folder for its videos.

    Raises:
        RuntimeError: it failed.
    """
    command = [python, str(SCRIPT), str(out), *map(str, videos)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{python} could not run deface: {done.stderr.strip().splitlines()[-1]}")
    for video in videos:
        told = json.loads((out / f"{video.stem}_deface.json").read_text(encoding="utf-8"))
        yield _hidden([masks(frame) for frame in told["boxes"]]), float(told["seconds"])


def masks(boxes: list[list[int]]) -> Masks:
    """The ellipses that fill boxes (xyxy)."""
    box = np.array(boxes, float).reshape(-1, 4)
    box = box[(box[:, 2:] > box[:, :2]).all(axis=1)]  # deface may find a face beyond the picture
    centre, half = (box[:, :2] + box[:, 2:]) / 2, (box[:, 2:] - box[:, :2]) / 2
    return Masks(centre, half, np.zeros(len(box)), np.full(len(box), -1))


def _hidden(frames: list[Masks]) -> Hidden:
    """The masks of each frame; none beyond the last, which deface may drop."""
    return lambda k: frames[k] if k < len(frames) else Masks.empty()
