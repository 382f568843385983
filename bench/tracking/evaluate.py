"""Track the generated videos and print IDF1, MOTA and identity switches by scenario.

python -m bench.tracking.evaluate                      # simulated detections and embeddings
python -m bench.tracking.evaluate --detector frames    # pixels, CenterFace, the dlib network
python -m bench.tracking.evaluate --detector frames --chips plain   # without the mirror images
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from bench.detection.corpus import pictures, read
from bench.tracking.identities import people
from bench.tracking.render import Painted, Painter, small
from bench.tracking.scenarios import SCENARIOS, SEEDS
from bench.tracking.scene import Scene
from bench.tracking.scoring import METRICS, Tracks, accumulate, table
from bench.tracking.simulate import Simulator, without_embedding
from mien.describe.embedding import Embedding
from mien.describe.mesh import Mesh
from mien.detect.centerface import CenterFace
from mien.detect.video import EVERY
from mien.faces import Faces
from mien.pipeline.segment import Part, SegmentAnalyzer
from mien.pipeline.video import Assembly
from mien.timeline.timeline import VideoFacts
from mien.track.cuts import CutDetector
from mien.track.tracker import OnlineTracker

Array = NDArray[Any]
Embed = Callable[[Faces], Faces]
View = tuple[Faces, Embed, bool]  # what the tracker is given of a frame
Views = Callable[[Scene, OnlineTracker], Iterator[View]]

BACKGROUNDS = ("mountains", "coffee", "brick", "motorcycle", "meadow", "rocket")
"""Labelled pictures without a face."""

LOW_SCORE = 0.2
"""Detections from here up are given to the tracker, which makes use of unsure ones."""


COUNTS = ("switches", "fragments")


@dataclass
class Cost:
    """What following took."""

    frames: int = 0
    embedded: int = 0
    track_s: float = 0.0


class Stopwatch:
    """The embedding stage, with its time and the faces it was given taken down."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self.seconds = 0.0
        self.faces = 0

    def __call__(self, some: Faces) -> Faces:
        """The faces with embeddings."""
        start = time.perf_counter()
        described = self._embed(some)
        self.seconds += time.perf_counter() - start
        self.faces += len(some)
        return described


def simulated(scene: Scene, tracker: OnlineTracker) -> Iterator[View]:
    """Detections and embeddings made from the truth, and the true cuts."""
    simulator = Simulator(scene)
    for k in range(scene.frames):
        full = simulator.faces(k)

        def embed(some: Faces, full: Faces = full) -> Faces:
            where = (some.box_xyxy[:, None] == full.box_xyxy[None]).all(axis=2).argmax(axis=1)
            return full[where]

        yield without_embedding(full), embed, k in scene.cuts


class Real:
    """Painted frames through CenterFace, unsure detections included, the cut detector and the
    embedding network.

    Args:
        mirror: embed the mirror image of each chip as well.
    """

    def __init__(self, *, mirror: bool = True) -> None:
        self.stages = Mesh.load(), Embedding.load(mirror=mirror)
        self.backgrounds = backgrounds()

    def __call__(self, scene: Scene, tracker: OnlineTracker) -> Iterator[View]:
        """The frames of a scene."""
        painter, cuts = Painter(scene, people(), self.backgrounds), CutDetector()
        network = CenterFace.load()
        for k in range(scene.frames):
            rgb = painter.frame(k)
            faces = network.detect(rgb, score=LOW_SCORE)

            def embed(some: Faces, rgb: Array = rgb) -> Faces:
                for stage in self.stages:
                    some = stage.describe(rgb, some)
                return some

            yield faces, embed, cuts.update(small(rgb, *CutDetector.SIZE_WH))


def backgrounds() -> list[Array]:
    """The pictures behind the people."""
    labelled = {picture.name: picture for picture in pictures()}
    return [read(labelled[name]) for name in BACKGROUNDS]


class Analysis:
    """The whole of video analysis: segments, whole frames now and then, both ways in time, joining.

    Args:
        profile: of detection.
        segment: frames of a segment; 0: a scene is one.
    """

    def __init__(self, profile: str, segment: int) -> None:
        self.analyzer = SegmentAnalyzer("", profile=profile)
        self.segment = segment
        self.backgrounds = backgrounds()

    def __call__(self, scene: Scene, *, reid: bool) -> Tracks:
        """Follow the faces of a scene."""
        painter = Painter(scene, people(), self.backgrounds)
        first = painter.frame(0)
        facts = VideoFacts(first.shape[1], first.shape[0], 1 / scene.time(1).exact,
                           scene.time(1).time_base)  # fmt: skip
        step = self.segment or scene.frames
        with closing(Assembly((), reid, lambda share: None)) as assembly:
            for start in range(0, scene.frames, step):
                shown = range(start, min(start + step, scene.frames))
                frames = (Painted(painter.frame(k), scene.time(k)) for k in shown)
                part = Part(facts, None)
                assembly.begin(part)
                assembly.extend(self.analyzer.rows(frames, part))
                assembly.end(part)
            timeline = assembly.timeline()
        found = [timeline.at(k) for k in range(scene.frames)]
        return Tracks(scene, found, {number: number for number in timeline.tracks()})


def follow(scene: Scene, views: Views, *, reid: bool = True, cost: Cost | None = None) -> Tracks:
    """Run the tracker over a scene."""
    tracker, frames = OnlineTracker(reid=reid), []
    cost = cost or Cost()
    for k, (faces, embed, cut) in enumerate(views(scene, tracker)):
        watch = Stopwatch(embed)
        start = time.perf_counter()
        frames.append(tracker.update(faces, time=scene.time(k), embed=watch, cut=cut))
        cost.track_s += time.perf_counter() - start - watch.seconds
        cost.embedded += watch.faces
        cost.frames += 1
    return Tracks(scene, frames, tracker.finish())


def evaluate(
    views: Views | Analysis,
    scenarios: Sequence[str],
    seeds: Sequence[int],
    *,
    reid: bool = True,
) -> tuple[dict[str, dict[str, float]], dict[str, Cost]]:
    """Metrics by scenario, over its seeds, and "OVERALL"; and what each scenario took."""
    accounts, costs = {}, {}
    for name in scenarios:
        costs[name] = Cost()
        for seed in seeds:
            scene = SCENARIOS[name](seed)
            if isinstance(views, Analysis):
                tracks = views(scene, reid=reid)
            else:
                tracks = follow(scene, views, reid=reid, cost=costs[name])
            accounts[f"{name}/{seed}"] = accumulate(tracks, reid=reid)
    single = table(accounts)
    by_scenario = {
        name: table({key: a for key, a in accounts.items() if key.startswith(f"{name}/")})[
            "OVERALL"
        ]
        for name in scenarios
    }
    return {**by_scenario, "OVERALL": single["OVERALL"]}, costs


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--detector", choices=["simulated", "frames", "video"], default="simulated")
    parser.add_argument("--scenario", choices=list(SCENARIOS), action="append")
    parser.add_argument("--seed", type=int, action="append", help=f"by default {SEEDS}")
    parser.add_argument("--reid", choices=["on", "off"], default="on")
    parser.add_argument(
        "--chips", choices=["mirrored", "plain"], default="mirrored", help="what is embedded"
    )
    parser.add_argument("--profile", choices=[*EVERY], default="balanced", help="of the video")
    parser.add_argument("--segment", type=int, default=0, help="frames of a segment of the video")
    options = parser.parse_args()
    views: Views | Analysis = simulated
    if options.detector == "frames":
        views = Real(mirror=options.chips == "mirrored")
    elif options.detector == "video":
        views = Analysis(options.profile, options.segment)
    rows, costs = evaluate(
        views,
        options.scenario or list(SCENARIOS),
        options.seed or SEEDS,
        reid=options.reid == "on",
    )
    print(f"{'scenario':12}", *(f"{name:>9}" for name in METRICS.values()), "  embedded  ms/frame")
    for name, row in rows.items():
        figures = (
            f"{value:9.0f}" if heading in COUNTS else f"{value:9.3f}"
            for heading, value in row.items()
        )
        cost = costs.get(name)
        spent = ""
        if cost and cost.frames:
            spent = f"{cost.embedded:10} {cost.track_s / cost.frames * 1000:9.2f}"
        print(f"{name:12}", *figures, spent)


if __name__ == "__main__":
    main()
