"""The models of a worker thread, and the way of a picture through them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.describe.attribute_stage import Attributes
from mien.describe.attributes import AttributeModel
from mien.describe.demographics import Demographics
from mien.describe.embedding import Embedding
from mien.describe.emotion import Emotion, EmotionModel
from mien.describe.fitness import NEEDS, fitness
from mien.describe.mesh import Mesh
from mien.detect import BlazeFace, CenterFace, CoarseFirst, ImageDetector
from mien.detect.cascade import PROFILES
from mien.errors import UnsupportedMediaError, UsageError
from mien.faces import Faces
from mien.media import Limits as MediaLimits
from mien.media import read_image
from mien.models import entry, open_session
from mien.pipeline import STAGES, Stage, stages_for
from mien.pipeline.live import COLUMNS as LIVE_COLUMNS
from mien.pipeline.live import PROFILE as LIVE_PROFILE
from mien.pipeline.live import LiveFaces, LiveModels
from mien.redact.audit import Audit, FrameAuditor, audit_image
from mien.redact.audit.look import MODELS
from mien.server.batching import Cores, SharedSession
from mien.server.inference import Seen, Stream, Wants
from mien.server.metrics import Metrics
from mien.server.settings import Limits
from mien.timecode import Time

Array = NDArray[Any]

JPEG = b"\xff\xd8\xff"
COLUMNS = tuple(dict.fromkeys(column for stage in STAGES for column in stage.fills))
EMBEDDER = "dlib-resnet-batch"
AUDITED_BY = (*(name for name in MODELS if name != "dlib-resnet"), EMBEDDER)
"""What audits of pictures look with here."""

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
        Embedding(together(EMBEDDER)),
        Demographics.load(threads=1),
        Emotion(reading),
        Attributes(AttributeModel(together("attributes"), entry("attributes").labels)),
    )
    images = ImageDetector(network, PROFILES[LIVE_PROFILE])
    live = LiveModels.load(LIVE_COLUMNS, threads=1, images=images, ready=shared)
    reader = CropReader(reading, metrics, held)
    return lambda: ModelWorker(network, shared, reader, live, limits)


def reader_maker(metrics: Metrics, cores: int) -> Callable[[], CropReader]:
    """Load the expression model alone; the maker gives each thread what shares it.

    Raises:
        ModelError: the model cannot be had.
    """
    held = Cores(cores)
    reading = EmotionModel(SharedSession(open_session("emotion", threads=1), held))
    return lambda: CropReader(reading, metrics, held)


ONLY_CROPS = "this service only scores crops; start it without --score-only"


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
        raise UsageError(ONLY_CROPS)

    def audit(self, before: bytes, after: bytes, kept: Array) -> Audit:
        """Raises UsageError: this worker has no detector."""
        raise UsageError(ONLY_CROPS)

    def stream(self, *, emotion: bool) -> Stream:
        """Raises UsageError: this worker has no detector."""
        raise UsageError(ONLY_CROPS)

    def follow(self, stream: Stream, data: bytes, time: Time) -> Seen:
        """Raises UsageError: this worker has no detector."""
        raise UsageError(ONLY_CROPS)


class ModelWorker:
    """Decodes, detects and describes, one picture at a time.

    Args:
        network: shared by all workers.
        shared: stages that all workers use at once; those that cannot be are loaded here.
        reader: reads crops; its metrics and cores are those of this worker too.
        live: shared by all workers, so that any can go on with a stream.
        limits: of a picture and a frame.
    """

    def __init__(
        self,
        network: CenterFace,
        shared: Collection[Stage],
        reader: CropReader,
        live: LiveModels,
        limits: Limits,
    ) -> None:
        self._metrics, self._cores = reader.metrics, reader.cores
        self.scores, self._live = reader.scores, live
        most = max(limits.image_bytes, limits.photo_bytes)  # each API checks its own
        self._limits = MediaLimits(most, limits.image_pixels)
        self._frame_limits = MediaLimits(limits.live_bytes, limits.live_pixels)
        self._stages = stages_for(COLUMNS, threads=1, ready=tuple(shared))
        self._accurate = ImageDetector(network, PROFILES["accurate"])
        balanced = ImageDetector(network, PROFILES["balanced"])
        blaze = BlazeFace.load(threads=1)
        self._coarse = CoarseFirst(balanced, blaze)
        mesh = next(stage for stage in self._stages if isinstance(stage, Mesh))
        embedding = next(stage for stage in shared if isinstance(stage, Embedding))
        self._auditor = FrameAuditor(network, blaze, mesh, embedding, models=AUDITED_BY)

    def see(self, data: bytes, wants: Wants) -> Seen:
        """The faces of a picture.

        Raises:
            MediaError: it is none that can be used.
            GoneError: nobody waits for it any more.
        """
        with self._cores.one():
            wants.check_still()
            return self._seen(data, wants)

    def audit(self, before: bytes, after: bytes, kept: Array) -> Audit:
        """Look in a redacted picture for faces that can be seen.

        Raises:
            MediaError: one of them cannot be used.
            MismatchError: they differ in size.
        """
        with self._cores.one():
            with self._metrics.stage("decode"):
                pictures = [read_image(data, limits=self._limits) for data in (before, after)]
            with self._metrics.stage("audit"):
                files = before, after
                return audit_image(*pictures, kept=kept, files=files, auditor=self._auditor)

    def stream(self, *, emotion: bool) -> Stream:
        """Begin to follow the faces of a stream, with or without their expressions."""
        return LiveFaces(self._live if emotion else replace(self._live, stages=(), columns=()))

    def follow(self, stream: Stream, data: bytes, time: Time) -> Seen:
        """The faces of the next frame. Raises `MediaError` if it is no usable JPEG."""
        if not data.startswith(JPEG):
            raise UnsupportedMediaError("the frame is no JPEG; send each frame as one")
        with self._cores.one():
            with self._metrics.stage("decode"):
                rgb = read_image(data, limits=self._frame_limits)
            with self._metrics.stage("follow"):
                faces = stream.see(rgb, time)
        return Seen(faces, rgb.shape[1], rgb.shape[0], "live")

    def _seen(self, data: bytes, wants: Wants) -> Seen:
        with self._metrics.stage("decode"):
            rgb = read_image(data, limits=self._limits)
        wants.check_still()
        with self._metrics.stage("detect"):
            faces, look = self._find(rgb, wants)
        columns = {*wants.columns, *(NEEDS if wants.recognition else ())}
        for stage in stages_for(columns, ready=self._stages):
            wants.check_still()
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
