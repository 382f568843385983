"""The models of a worker thread, and the way of a picture through them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from numpy.typing import NDArray

from mien.describe.attribute_stage import Attributes
from mien.describe.attributes import AttributeModel
from mien.describe.demographics import Demographics
from mien.describe.embedding import Embedding
from mien.describe.emotion import Emotion, EmotionModel
from mien.describe.fitness import NEEDS, fitness
from mien.detect import BlazeFace, CenterFace, CoarseFirst, ImageDetector
from mien.detect.cascade import PROFILES
from mien.faces import Faces
from mien.media import Limits as MediaLimits
from mien.media import read_image
from mien.models import entry, open_session
from mien.pipeline import STAGES, Stage, stages_for
from mien.server.batching import Cores, SharedSession
from mien.server.inference import Seen, Wants
from mien.server.metrics import Metrics
from mien.server.settings import Limits

Rgb = NDArray[Any]

COLUMNS = tuple(dict.fromkeys(column for stage in STAGES for column in stage.fills))


THREADS_A_CORE = 4
"""Pictures at work for each core: that many faces, at least, may share a run."""


def worker_maker(metrics: Metrics, limits: Limits, cores: int) -> Callable[[], ModelWorker]:
    """Load what threads can share; the maker gives each thread the rest.

    Sessions run on the thread that calls them (one thread each), and so many threads compute at a
    time as there are cores: all are in use, and none waits for another.

    Raises:
        ModelError: a model cannot be had.
    """
    network = CenterFace.load(threads=1)
    held = Cores(cores)

    def together(name: str) -> SharedSession:
        return SharedSession(open_session(name, threads=1), held)

    shared: tuple[Stage, ...] = (
        Embedding(together("dlib-resnet-batch")),
        Demographics.load(threads=1),
        Emotion(EmotionModel(together("emotion"))),
        Attributes(AttributeModel(together("attributes"), entry("attributes").labels)),
    )
    most = MediaLimits(image_bytes=limits.image_bytes, image_pixels=limits.image_pixels)
    return lambda: ModelWorker(network, shared, metrics, most, held)


class ModelWorker:
    """Decodes, detects and describes, one picture at a time.

    Args:
        network: shared by all workers.
        shared: stages that all workers use at once; those that cannot be are loaded here.
        metrics: told how long each stage took.
        limits: of a picture.
        cores: one of them is held while there is work to do.
    """

    def __init__(
        self,
        network: CenterFace,
        shared: Collection[Stage],
        metrics: Metrics,
        limits: MediaLimits,
        cores: Cores,
    ) -> None:
        self._metrics, self._limits, self._cores = metrics, limits, cores
        self._stages = stages_for(COLUMNS, threads=1, ready=tuple(shared))
        self._accurate = ImageDetector(network, PROFILES["accurate"])
        balanced = ImageDetector(network, PROFILES["balanced"])
        self._coarse = CoarseFirst(balanced, BlazeFace.load(threads=1))

    def see(self, data: bytes, wants: Wants) -> Seen:
        """The faces of a picture. Raises `MediaError` if it is none that can be used."""
        with self._cores.one():
            return self._seen(data, wants)

    def _seen(self, data: bytes, wants: Wants) -> Seen:
        with self._metrics.stage("decode"):
            rgb = read_image(data, limits=self._limits)
        with self._metrics.stage("detect"):
            faces, look = self._find(rgb, wants)
        columns = {*wants.columns, *(NEEDS if wants.recognition else ())}
        for stage in stages_for(columns, ready=self._stages):
            with self._metrics.stage(type(stage).__name__.lower()):
                faces = stage.describe(rgb, faces)
        fit = fitness(faces) if wants.recognition else None
        return Seen(faces, rgb.shape[1], rgb.shape[0], look, fit)

    def _find(self, rgb: Rgb, wants: Wants) -> tuple[Faces, str]:
        if wants.accurate:
            return self._accurate.detect(rgb), "accurate"
        seen = self._coarse.look(rgb)
        return seen.faces, "coarse" if seen.doubt is None else "full"
