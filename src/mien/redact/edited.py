"""A video redacted as somebody chose: hidden and kept people, boxes drawn, moved and deleted.

timeline = read_timeline("clip_timeline.npz")       # analysed with cautious=True
redact_edited("clip.mp4", "clip_redacted.mp4", timeline, edits)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
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
from mien.redact.effects import EFFECTS, SHAPES, STRENGTHS, Look, check_safe
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
    look: Look | None = None,
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
        look: how to hide; by default as the log says, else blurred.
        margin: likewise, in shares of the half sides of a face.
        unsafe, encoding, engine, audit, limit_s: as of `redact_video`.
        on_progress: as of `redact_video`; "looking" is for following what was drawn.

    Raises:
        UsageError: an effect that can be seen through, an edit that names a later one.
        MismatchError: the timeline is of another video.
        InputError, MediaError, OutputError, ModelError, EngineError: as of `redact_video`.
    """
    edited = replay(timeline, edits)
    look = look or look_of(edited.effect)
    margin = margin_of(edited.effect) if margin is None else margin
    check_safe(look, unsafe=unsafe)
    if not 0 <= margin <= 1:
        raise UsageError(f"the margin must be a share between 0 and 1, got {margin}")
    with open_video(source, threads=1) as video:
        info = video.info
    if (info.width, info.height) != (timeline.video.width, timeline.video.height):
        raise MismatchError("the analysis is of another video: it has pictures of another size")
    chosen = chosen_of(edited, following(source, edited, partial(on_progress, "looking")))
    plan = PlanOfChoices(chosen, look.shape, margin)
    notes = render(
        source, info, plan, look, output,
        encoding=encoding, on_progress=partial(on_progress, "hiding"),
    )  # fmt: skip
    found = None
    if audit:
        told = settings_of(look, margin, False, encoding) | {"edits": len(edits)}
        found = audit_video(
            source, output, kept=plan.shown, limit_s=limit_s, settings=told, engine=engine,
            on_progress=partial(on_progress, "auditing"),
        )  # fmt: skip
    lost = tuple(f"the edit {each.edit} was not done: {each.reason}" for each in edited.unplaced)
    return Redaction(Path(output), (*lost, *notes), found)


def following(
    source: Source, edited: Edited, on_progress: Callable[[float], None] = lambda share: None
) -> Callable[[Key], Followed]:
    """A function that follows the drawn boxes of an edited video, and tells the share of all of
    them that is done."""
    asked = sum(key.tracked for drawing in edited.boxes for key in drawing.keys)
    reel: Reel | None = None
    done = 0

    def follow(key: Key) -> Followed:
        nonlocal reel, done
        reel = Reel(source) if reel is None else reel
        begun = done
        followed = follow_box(
            reel, key.time.exact, key.box,
            on_progress=lambda share: on_progress((begun + share) / max(asked, 1)),
        )  # fmt: skip
        done += 1
        return followed

    return follow


def look_of(effect: SetEffect | None, **other: Any) -> Look:
    """How the log says to hide, with what is named here laid over it; blurred where it does not.

    Raises:
        UsageError: a name or number that cannot be.
    """
    given = effect or SetEffect("blur")
    kinds = {"effect": EFFECTS, "strength": STRENGTHS, "shape": SHAPES}
    values: dict[str, Any] = {
        "effect": given.effect,
        "strength": given.strength,
        "shape": given.mask,
        "feather": given.feather,
    }
    known = {name: value for name, value in other.items() if value is not None}
    for name in known.keys() - kinds.keys() - {"feather"}:
        raise UsageError(f"a look has no {name}")
    return replace(Look(), **{**values, **known})


def margin_of(effect: SetEffect | None) -> float:
    """How far masks reach beyond a face, as the log says."""
    return MARGIN if effect is None else effect.margin
