"""What every evaluation of an exported model does: open it, time it, compress, write down."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from training.files import add_data


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every evaluation has."""
    add_data(parser)
    parser.add_argument("--model", type=Path, required=True, help="the exported ONNX file")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")


def open_model(path: Path, threads: int = 2) -> onnxruntime.InferenceSession:
    """A session of an exported model on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def compressed(images: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """The same faces, gray (n, h, w) or RGB (n, h, w, 3), after JPEG at this quality."""
    faces = []
    for face in images:
        stream = io.BytesIO()
        Image.fromarray(face).save(stream, "JPEG", quality=quality)
        faces.append(np.asarray(Image.open(stream)))
    return np.stack(faces)


def speeds_ms(
    session: onnxruntime.InferenceSession,
    face: tuple[int, int, int],
    batches: Sequence[int],
    rounds: int,
) -> dict[str, float]:
    """Milliseconds a face (channels, height, width) in batches of these sizes."""
    return {
        str(batch): speed_ms(session, np.full((batch, *face), 120, np.float32), rounds)
        for batch in batches
    }


def speed_ms(
    session: onnxruntime.InferenceSession, faces: NDArray[np.float32], rounds: int
) -> float:
    """Milliseconds a face, of faces that are scored together: the least of many rounds.

    Other programs on the machine only ever add to it.
    """
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        session.run(["scores"], {"image": faces})
        times.append(time.perf_counter() - started)
    return float(1000 * min(times) / len(faces))


def write_figures(report: dict[str, Any], model: Path, out: Path | None) -> None:
    """Print figures as JSON, with the hash and size of the model, and write them if asked to."""
    content = model.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    text = json.dumps(report | {"model_sha256": sha256, "bytes": len(content)}, indent=1)
    if out:
        out.write_text(text + "\n", encoding="utf-8")
    print(text)
