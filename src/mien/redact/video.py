"""A video with its faces hidden: analysed, rendered, and audited.

found = find_faces("clip.mp4")                         # a box wherever somebody may be seen
redact_video("clip.mp4", "clip_redacted.mp4")          # everyone
redact_video("clip.mp4", "clip_redacted.mp4", annotations="clip_annotations.json", ids=[1])
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from mien.engines import Engine
from mien.errors import UsageError
from mien.media import Source, VideoInfo, open_video
from mien.media.encoder import Encoding
from mien.media.remake import REMADE
from mien.media.splicing import splice_video
from mien.pipeline import analyze_video
from mien.redact.audit import Audit, audit_video
from mien.redact.cover import covered
from mien.redact.effects import Effect, Look, Strength, check_safe, hide
from mien.redact.masks import Shape
from mien.redact.plan import MARGIN, Plan, PlanOfAnnotations, PlanOfTimeline
from mien.timecode import Time
from mien.timeline.annotations import Annotations, read_media_analytics
from mien.timeline.timeline import Timeline

Stage = Literal["looking", "hiding", "auditing"]
Progress = Callable[[Stage, float], None]


@dataclass(frozen=True, slots=True)
class Redaction:
    """What was done.

    Attributes:
        output: the redacted video.
        notes: a sentence for each thing of the video that is not as it was.
        audit: what can still be seen; None if it was not asked for.
    """

    output: Path
    notes: tuple[str, ...]
    audit: Audit | None


def redact_video(
    source: Source,
    output: str | PathLike[str],
    *,
    annotations: str | PathLike[str] | Annotations | None = None,
    ids: Collection[int] | None = None,
    keep_ids: Collection[int] | None = None,
    effect: Effect = "blur",
    strength: Strength = "med",
    mask: Shape = "ellipse",
    margin: float = MARGIN,
    feather: float = 0.0,
    unsafe: bool = False,
    paranoid: bool = False,
    encoding: Encoding = REMADE,
    engine: Engine | None = None,
    audit: bool = True,
    limit_s: float = 0.0,
    on_progress: Progress = lambda stage, share: None,
) -> Redaction:
    """Hide faces of a video; everything else of it stays as it was.

    Args:
        source: a path, the bytes of a file, or an open binary file.
        output: ending in .mp4, .m4v, .mov or .mkv.
        annotations: the boxes to hide, a Media Analytics document; without it everyone who is
            found is hidden.
        ids: of the annotations, whom to hide; without them everyone.
        keep_ids: of the annotations, whom to leave visible; all others are hidden.
        effect: "blur", "pixelate", "solid", "black", or "outline", which hides nothing.
        strength: "low", "med" or "high", of blur and pixelate.
        mask: "ellipse" or "box".
        margin: how far a mask reaches beyond the face, in shares of its half sides.
        feather: how far the mask fades out beyond its edge, in shares of its half sides.
        unsafe: allow an effect that can be seen through (`mien.redact.effects.UNSAFE`).
        paranoid: look at every frame in full resolution with two networks.
        encoding: how to compress what was changed.
        engine: where to look and to audit, such as `mien.engines.LocalEngine()`; by default in
            this process. The result is the same.
        audit: whether to look at the output anew for faces that can be seen.
        limit_s: exposed-face-seconds that the audit lets pass.
        on_progress: called with the stage ("looking", "hiding", "auditing") and the share of it
            that is done, 0..1.

    Raises:
        UsageError: an option that makes no sense; ids without annotations; `output` is the source.
        ConfigurationError: the annotations cannot be used: they break their format, are of another
            video, or lack an id.
        InputError, MediaError: as of `mien.analyze_video`.
        OutputError: the output cannot be written. Nothing is left of it then.
        ModelError, EngineError: as of `mien.analyze_video`.
    """
    look = Look(effect, strength, mask, feather)
    check_safe(look, unsafe=unsafe)
    if annotations is None and (ids is not None or keep_ids is not None):
        raise UsageError("ids mean something together with the annotations that they come from")
    if not 0 <= margin <= 1:
        raise UsageError(f"the margin must be a share between 0 and 1, got {margin}")
    if not limit_s >= 0:
        raise UsageError(f"the limit must be 0 or more exposed-face-seconds, got {limit_s}")
    with open_video(source, threads=1) as video:
        info = video.info
    plan: Plan
    if annotations is None:
        timeline = find_faces(
            source, paranoid=paranoid, engine=engine, on_progress=_of("looking", on_progress)
        )
        plan, shown = PlanOfTimeline(timeline, margin), None
    else:
        document, name = _document(annotations)
        plan = PlanOfAnnotations(document, name, info, ids=ids, keep_ids=keep_ids, margin=margin)
        shown = plan.shown
    notes = render(
        source, info, plan, look, output,
        encoding=encoding, on_progress=_of("hiding", on_progress),
    )  # fmt: skip
    found = None
    if audit:
        found = audit_video(
            source,
            output,
            kept=shown,
            limit_s=limit_s,
            settings=settings_of(look, margin, paranoid, encoding, ids, keep_ids),
            engine=engine,
            on_progress=_of("auditing", on_progress),
        )
    return Redaction(Path(output), notes, found)


def find_faces(
    source: Source,
    *,
    paranoid: bool = False,
    engine: Engine | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Timeline:
    """A box for everyone in every frame in which they may be seen; see `mien.redact.cover`.

    Raises:
        As of `mien.analyze_video`. A video that is damaged in the middle is refused as a whole.
    """
    timeline = analyze_video(
        source,
        profile="paranoid" if paranoid else "balanced",
        cautious=True,
        engine=engine,
        on_progress=on_progress,
    )
    return covered(timeline)


def render(
    source: Source,
    info: VideoInfo,
    plan: Plan,
    look: Look,
    output: str | PathLike[str],
    *,
    encoding: Encoding = REMADE,
    on_progress: Callable[[float], None] = lambda share: None,
) -> tuple[str, ...]:
    """Write a video with the masks of a plan on it. Parts without any are copied as they are, where
    they can be (`mien.media.splicing`).

    Returns:
        A sentence for each thing that is not as it was.

    Raises:
        As of `redact_video`.
    """
    length = info.duration.exact if info.duration is not None else None
    asked, written = _Extent(), _Extent()

    def is_hidden(time: Time, duration: int) -> bool:
        asked.add(time, duration)
        return len(plan.masks(time, duration)) > 0

    with splice_video(source, output, is_hidden, encoding=encoding) as copy:
        for frame in copy.frames():
            masks, native = plan.masks(frame.time, frame.duration), frame.native()
            if len(masks):
                hide(native.planes, native.width, native.height, masks, look)
            copy.write(native, frame.time, frame.duration)
            written.add(frame.time, frame.duration)
            if length:
                on_progress(min(1.0, float(frame.time.exact / length)))
        whole = max(asked, written, key=lambda extent: extent.frames)
        plan.check(whole.frames, whole.end)
    return copy.notes


@dataclass(slots=True)
class _Extent:
    """How many frames there were, and when the last one ended, in seconds."""

    frames: int = 0
    end: Fraction = Fraction(0)

    def add(self, time: Time, duration: int) -> None:
        self.frames += 1
        self.end = time.exact + duration * time.time_base


def settings_of(
    look: Look,
    margin: float,
    paranoid: bool,
    encoding: Encoding | None = None,
    ids: Collection[int] | None = None,
    keep_ids: Collection[int] | None = None,
) -> dict[str, Any]:
    """The settings of a redaction, for its documents; a photo has no encoding and no ids."""
    settings = {
        "effect": look.effect,
        "strength": look.strength,
        "mask": look.shape,
        "margin": margin,
        "feather": look.feather,
        "paranoid": paranoid,
    }
    if encoding is None:
        return settings
    return settings | {
        "ids": None if ids is None else sorted(ids),
        "keepIds": None if keep_ids is None else sorted(keep_ids),
        "codec": encoding.codec,
        "crf": encoding.crf,
        "preset": encoding.preset,
    }


def _document(annotations: str | PathLike[str] | Annotations) -> tuple[Annotations, str]:
    if isinstance(annotations, Annotations):
        return annotations, "the annotations"
    return read_media_analytics(annotations), str(annotations)


def _of(stage: Stage, on_progress: Progress) -> Callable[[float], None]:
    return lambda share: on_progress(stage, share)
