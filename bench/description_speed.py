"""Time the stages of mien.describe: best of some runs, milliseconds a face. "plain chip" is the
embedding without the mirror image.

python -m bench.description_speed [--threads 2] [--faces 1 4 16] [--runs 15] [--cpu]

On a machine that does other work as well, `--threads 1 --cpu` counts the processor's time alone.
"""

from __future__ import annotations

import argparse
import time

import cv2
import numpy as np

from mien.describe.demographics import Demographics
from mien.describe.embedding import Embedding
from mien.describe.gaze import Gaze
from mien.describe.mesh import Mesh
from mien.describe.openness import Openness
from mien.describe.pose import Pose
from mien.describe.quality import Quality
from mien.faces import Faces
from mien.media import read_image
from mien.models import file_of

BOX, EYES = (182, 58, 270, 178), ((203, 102), (247, 105))  # of the astronaut


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--faces", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument(
        "--cpu", action="store_true", help="time of the processor, not of the clock"
    )
    options = parser.parse_args()
    clock = time.process_time if options.cpu else time.perf_counter
    rgb = cv2.resize(read_image(file_of("sample-astronaut")), (1280, 1280))
    stages = {
        stage.__name__: stage.load(threads=options.threads)
        for stage in (Mesh, Pose, Gaze, Openness, Embedding, Demographics, Quality)
    }
    stages["plain chip"] = Embedding.load(threads=options.threads, mirror=False)
    print("ms a face".ljust(14), *(f"{name:>13}" for name in stages))
    for count in options.faces:
        points = np.full((count, 5, 2), np.nan)
        points[:, :2] = EYES
        faces = Faces(np.repeat([BOX], count, axis=0), np.ones(count), points=points)
        faces = faces.scaled(2.5, 2.5)
        cells = []
        for stage in stages.values():
            best = np.inf
            for _ in range(options.runs):
                start = clock()
                described = stage.describe(rgb, faces)
                best = min(best, clock() - start)
            faces = described
            cells.append(f"{best / count * 1000:13.2f}")
        print(f"{count} faces".ljust(14), *cells)


if __name__ == "__main__":
    main()
