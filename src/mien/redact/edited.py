"""A video redacted as somebody chose: hidden and kept people, boxes drawn, moved and deleted.

timeline = read_timeline("clip_timeline.npz")       # analysed with cautious=True
redact_edited("clip.mp4", "clip_redacted.mp4", timeline, edits)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from mien.engines import Engine
from mien.errors import MismatchError, UsageError
from mien.media import Source, open_video
from mien.media.encoder import Encoding
from mien.media.remake import REMADE
from mien.media.seek import Reel
from mien.pipeline.drawn import Followed, follow_box
from mien.redact.audit import audit_video
from mien.redact.choices import PlanOfChoices, chosen_of
from mien.redact.drawings import in_one_frame
from mien.redact.effects import Look, check_safe
from mien.redact.plan import MARGIN
from mien.redact.video import Redaction, Stage, render, settings_of
from mien.timeline.edits import Edit, Edited, Key, SetEffect, replay
from mien.timeline.timeline import Timeline

Stages = Callable[[Stage, float], None]


def redact_edited(
    source: Source,
    output: str | PathLike[str],
    timeline: Timeline,
    edits: Sequence[Edit] = (),
    *,
    look: Callable[[SetEffect | None], Look] | None = None,
    margin: float | None = None,
    unsafe: bool = False,
    encoding: Encoding = REMADE,
    engine: Engine | None = None,
    audit: bool = True,
    limit_s: float = 0.0,
    on_progress: Stages = lambda stage, share: None,
) -> Redaction:
    """Hide everyone in a video but those who were chosen to be kept; see `mien.redact.choices`.

    Args:
        source: the video.
        output: ending in .mp4, .m4v, .mov or .mkv.
        timeline: an analysis of it, with `cautious=True` and ids.
        edits: the log, in order.
        look: how to hide, given what the log says; by default that, and blurred where it says
            nothing.
        margin: how far masks reach beyond a face, in shares of its half sides; by default as the
            log says.
        unsafe, encoding, engine, audit, limit_s: as of `redact_video`.
        on_progress: as of `redact_video`; "looking" is for following what was drawn.

    Raises:
        UsageError: an effect that can be seen through, an edit that names a later one.
        MismatchError: the timeline is of another video.
        InputError, MediaError, OutputError, ModelError, EngineError: as of `redact_video`.
    """
    edited = replay(timeline, edits)
    chosen_look = (look or look_of)(edited.effect)
    margin = margin_of(edited.effect) if margin is None else margin
    check_safe(chosen_look, unsafe=unsafe)
    if not 0 <= margin <= 1:
        raise UsageError(f"the margin must be a share between 0 and 1, got {margin}")
    with open_video(source, threads=1) as video:
        info = video.info
    if (info.width, info.height) != (timeline.video.width, timeline.video.height):
        raise MismatchError("the analysis is of another video: it has pictures of another size")
    notes = [f"the edit {each.edit} was not done: {each.reason}" for each in edited.unplaced]
    follow = following(source, edited, notes.append, partial(on_progress, "looking"))
    chosen = chosen_of(edited, follow)
    plan = PlanOfChoices(chosen, chosen_look.shape, margin)
    told = render(
        source, info, plan, chosen_look, output,
        encoding=encoding, on_progress=partial(on_progress, "hiding"),
    )  # fmt: skip
    found = None
    if audit:
        settings = settings_of(chosen_look, margin, False, encoding) | {"edits": len(edits)}
        found = audit_video(
            source, output, kept=plan.shown, limit_s=limit_s, settings=settings, engine=engine,
            on_progress=partial(on_progress, "auditing"),
        )  # fmt: skip
    return Redaction(Path(output), (*notes, *told), found)


def following(
    source: Source,
    edited: Edited,
    tell: Callable[[str], None],
    on_progress: Callable[[float], None],
) -> Callable[[Key], Followed]:
    """A function that follows the drawn boxes of an edited video. One that cannot be followed is
    hidden where it was drawn, and that is told.

    Args:
        source: the video.
        edited: what came of the edits.
        tell: is given a sentence.
        on_progress: is given the share of all boxes that is done.
    """
    asked = sum(key.tracked for drawing in edited.boxes for key in drawing.keys)
    reel: Reel | None = None
    done = 0

    def follow(key: Key) -> Followed:
        nonlocal reel, done
        reel = Reel(source) if reel is None else reel
        begun, done = done, done + 1
        try:
            return follow_box(
                reel, key.time.exact, key.box,
                on_progress=lambda share: on_progress((begun + share) / asked),
            )  # fmt: skip
        except UsageError as error:
            tell(f"a drawn box is hidden in one frame only, at {key.time}: {error}")
            return in_one_frame(key, edited.timeline)

    return follow


def look_of(said: SetEffect | None, /, **other: Any) -> Look:
    """How the log says to hide, with what is named here, and not None, laid over it; blurred where
    nothing is said.

    Raises:
        UsageError: a name or number that cannot be.
    """
    given: dict[str, Any] = {}
    if said is not None:
        given = {name: getattr(said, name) for name in ("effect", "strength", "feather")}
        given["shape"] = said.mask
    return Look(**given | {name: value for name, value in other.items() if value is not None})


def margin_of(effect: SetEffect | None) -> float:
    """How far masks reach beyond a face, as the log says."""
    return MARGIN if effect is None else effect.margin
