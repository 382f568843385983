"""Makes dlib_resnet.json: embeddings of a few chips as dlib itself gives them.

Run once, in a virtual environment with dlib (20.0.1), NumPy and Pillow, from the root:

    python -m tests.golden.dlib_resnet dlib_face_recognition_resnet_model_v1.dat astronaut.png
"""

import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Chip = NDArray[np.uint8]


def synthetic_chips() -> dict[str, Chip]:
    """Chips of (150, 150, 3) from formulas, so that no generator's stream matters."""
    y, x = np.mgrid[0:150, 0:150]
    far = np.hypot(x - 75, y - 75)
    planes = {
        "ramps": (x * 255 // 149, y * 255 // 149, (x + y) * 255 // 298),
        "rings": (far * 3 % 256, far * 5 % 256, far * 7 % 256),
        "hash": (x * y * 7 % 251, (x * 31 + y * 17) % 253, (x * x + 3 * y * y) % 247),
        "black": (0 * x, 0 * x, 0 * x),
        "red": (0 * x + 255, 0 * x, 0 * x),
    }
    return {name: np.stack(parts, axis=-1).astype(np.uint8) for name, parts in planes.items()}


def astronaut_chip(rgb: Chip) -> Chip:
    """The face of the astronaut sample, cut without scaling."""
    return np.ascontiguousarray(rgb[40:190, 150:300])


def main() -> None:
    import dlib  # type: ignore[import-not-found]
    from PIL import Image

    network = dlib.face_recognition_model_v1(sys.argv[1])
    chips = synthetic_chips()
    chips["astronaut"] = astronaut_chip(np.asarray(Image.open(sys.argv[2]).convert("RGB")))
    goldens = {name: list(network.compute_face_descriptor(chip)) for name, chip in chips.items()}
    text = json.dumps({"dlib": dlib.__version__, "embeddings": goldens}, indent=1)
    Path(__file__).with_suffix(".json").write_text(text + "\n")


if __name__ == "__main__":
    main()
