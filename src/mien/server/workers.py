"""The models of a worker thread, and the way of a picture through them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.describe.attribute_stage import Attributes
from mien.describe.attributes import AttributeModel
from mien.describe.demographics import Demographics
from mien.describe.embedding import Embedding
from mien.describe.emotion import Emotion, EmotionModel
from mien.describe.fitness import NEEDS, fitness
from mien.detect import BlazeFace, CenterFace, CoarseFirst, ImageDetector
from mien.detect.cascade import PROFILES
from mien.errors import UsageError
from mien.faces import Faces
from mien.media import Limits as MediaLimits
from mien.media import read_image
from mien.models import entry, open_session
from mien.pipeline import STAGES, Stage, stages_for
from mien.server.batching import Cores, SharedSession
from mien.server.inference import Seen, Wants
from mien.server.metrics import Metrics
from mien.server.settings import Limits

Array = NDArray[Any]

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

    reading = EmotionModel(together("emotion"))
    shared: tuple[Stage, ...] = (
        Embedding(together("dlib-resnet-batch")),
        Demographics.load(threads=1),
        Emotion(reading),
        Attributes(AttributeModel(together("attributes"), entry("attributes").labels)),
    )
    most = MediaLimits(image_bytes=limits.image_bytes, image_pixels=limits.image_pixels)
    return lambda: ModelWorker(network, shared, CropReader(reading, metrics, held), most)


def reader_maker(metrics: Metrics, cores: int) -> Callable[[], CropReader]:
    """Load the expression model alone; the maker gives each thread what shares it.

    Raises:
        ModelError: the model cannot be had.
    """
    held = Cores(cores)
    reading = EmotionModel(SharedSession(open_session("emotion", threads=1), held))
    return lambda: CropReader(reading, metrics, held)


class CropReader:
    """Reads the expressions of tight crops, and looks at no pictures.

    Args:
        model: its session may be shared by all workers.
        metrics: told how long each stage took.
        cores: one of them is held while there is work to do.
    """

    def __init__(self, model: EmotionModel, metrics: Metrics, cores: Cores) -> None:
        self._model, self.metrics, self.cores = model, metrics, cores

    def scores(self, crops: Array) -> Array:
        """(n, 8) expressions of gray crops (n, H, W) of uint8."""
        with self.cores.one(), self.metrics.stage("emotion"):
            return self._model.scores(crops)

    def see(self, data: bytes, wants: Wants) -> Seen:
        """Raises UsageError: this worker has no detector."""
        raise UsageError("this service only scores crops; start it without --score-only")


class ModelWorker:
    """Decodes, detects and describes, one picture at a time.

    Args:
        network: shared by all workers.
        shared: stages that all workers use at once; those that cannot be are loaded here.
        reader: reads crops; its metrics and cores are those of this worker too.
        limits: of a picture.
    """

    def __init__(
        self,
        network: CenterFace,
        shared: Collection[Stage],
        reader: CropReader,
        limits: MediaLimits,
    ) -> None:
        self._metrics, self._cores = reader.metrics, reader.cores
        self._limits, self.scores = limits, reader.scores
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
                if isinstance(stage, Emotion) and wants.boxes is not None:
                    faces = stage.in_boxes(rgb, faces)
                else:
                    faces = stage.describe(rgb, faces)
        fit = fitness(faces) if wants.recognition else None
        return Seen(faces, rgb.shape[1], rgb.shape[0], look, fit)

    def _find(self, rgb: Array, wants: Wants) -> tuple[Faces, str]:
        if wants.boxes is not None:
            boxes = np.array(wants.boxes, np.float32).reshape(-1, 4)
            return Faces(boxes, np.full(len(boxes), np.nan)), "given"
        if wants.accurate:
            return self._accurate.detect(rgb), "accurate"
        seen = self._coarse.look(rgb)
        return seen.faces, "coarse" if seen.doubt is None else "full"
