"""What the page of a redaction is told, as JSON. Times of edits are exact: ticks and their base."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.faces import Faces
from mien.jobs import Job, Queue, State, Task
from mien.redact.doubt import REASONS, Doubt
from mien.redact.drawings import Laid
from mien.redact.effects import EFFECTS, SHAPES, STRENGTHS, UNSAFE
from mien.server.studio.library import Clip, Library, Step
from mien.server.studio.player import file_answer, video_answer
from mien.server.studio.redaction.review import Review, View
from mien.timeline.edits import Drawing, Edit, history_of, time_document
from mien.timeline.timeline import Timeline

Array = NDArray[Any]
Json = dict[str, Any]

REDACTED = "_redacted.mp4"
MOST_DOUBTS = 300
"""That are told; the most doubtful ones."""


def clip_answer(clip: Clip) -> Json:
    """A video in the list."""
    return {
        "asset": clip.asset.id,
        "name": clip.file.name,
        "size": clip.file.size,
        "created": clip.asset.created.isoformat(),
        "analysis": analysis_answer(clip),
        "copies": len(clip.hidden),
    }


def analysis_answer(clip: Clip) -> Json:
    """How far the look at a video is."""
    if clip.look is not None:
        return {"state": "ready"}
    if not clip.looks:
        return {"state": "none"}
    newest = clip.looks[0]
    found = newest.task.state is State.Finished  # its job still makes the copy for browsers
    return {"state": "running" if found else _state(newest.task), **_progress(newest)}


def copies_answer(clip: Clip, queue: Queue, library: Library) -> list[Json]:
    """The redacted copies of a video, the newest first.

    `number` is that of the last edit they go by; `player` is None where there is nothing to play.
    """
    return [_copy(step, queue, library) for step in clip.hidden]


def _copy(step: Step, queue: Queue, library: Library) -> Json:
    done = step.task.state is State.Finished
    files = library.files(step.task.output) if done else ()
    video = next((file for file in files if file.name.endswith(REDACTED)), None)
    return {
        **_progress(step),
        "state": _state(step.task),
        "created": step.job.created.isoformat(),
        "asset": step.task.output if done else None,
        "log": step.task.inputs[-1],
        "number": library.last_edit(step),
        "files": [{"id": file.id, "name": file.name, "size": file.size} for file in files],
        "player": None if video is None else file_answer(queue, video),
    }


def job_answer(job: Job) -> Json:
    """A job that was submitted."""
    return {"job": job.id}


def review_answer(review: Review, view: View, edits: Sequence[Edit]) -> Json:
    """A review: facts, people, what was drawn, how it is hidden, doubts."""
    timeline, history = review.timeline, history_of(edits)
    return {
        "video": {**video_answer(timeline), "cuts": timeline.cuts.tolist()},
        "number": view.number,
        "history": {"undo": history.undo, "redo": history.redo},
        "people": people_answer(view),
        "drawings": [_drawing(review, view, each) for each in view.edited.boxes],
        "look": {
            "effect": view.look.effect,
            "strength": view.look.strength,
            "mask": view.look.shape,
            "margin": view.margin,
            "feather": view.look.feather,
        },
        "doubts": [_doubt(review, view, doubt) for doubt in view.doubts[:MOST_DOUBTS]],
        "doubtsInAll": len(view.doubts),
        "remarks": [
            {"edit": each.edit, "reason": each.reason, "done": done}
            for done, some in ((False, view.edited.unplaced), (True, view.edited.notes))
            for each in some
        ],
        "choices": {
            "effects": EFFECTS,
            "strengths": STRENGTHS,
            "masks": SHAPES,
            "unsafe": sorted(UNSAFE),
        },
    }


def people_answer(view: View) -> list[Json]:
    """Everyone, who is longest in view first."""
    edited, timeline = view.edited, view.edited.timeline
    spans = timeline.spans * float(timeline.video.time_base)
    told = []
    for id, rows in timeline.tracks().items():
        frames = timeline.frame[rows]
        row = view.best.get(id, int(rows[0]))
        told.append(
            {
                "id": id,
                "name": edited.names.get(id, ""),
                "choice": edited.choices.get(id, "hide"),
                "chosen": id in edited.choices,
                "seconds": float(spans[frames].sum()),
                "firstFrame": int(frames[0]),
                "lastFrame": int(frames[-1]),
                "bestFrame": int(timeline.frame[row]),
                "anchor": {
                    "time": time_document(timeline.time(int(timeline.frame[row]))),
                    "box": timeline.faces.box_xyxy[row].tolist(),
                },
            }
        )
    return sorted(told, key=lambda each: (-each["seconds"], each["id"]))


def frames_answer(review: Review, view: View, first: int, count: int) -> Json:
    """Some frames: their times in ticks, and the boxes in each.

    `seen` is false of a box that lies where a face is thought to be. `face` is the box of the face
    itself, by which edits name it: None where nothing was seen, and of what was drawn.
    """
    timeline = review.timeline
    last = max(first, min(first + count, timeline.frame_count))
    boxes: list[list[Json]] = [[] for _ in range(first, last)]
    faces = _faces(view.edited.timeline, first, last)
    for choice, part in (("hide", view.chosen.hidden), ("keep", view.chosen.kept)):
        for frame, id, box, seen in _rows(part, first, last):
            laid = view.chosen.drawn.get(id)
            own = faces.get((frame, id), ()) if laid is None and seen else ()
            boxes[frame - first].append(
                {
                    "person": None if laid is not None or id < 0 else id,
                    "drawing": None if laid is None else laid.drawing.edit,
                    "choice": choice,
                    "seen": seen,
                    "box": box,
                    "face": min(own, key=partial(_away, box), default=None),
                }
            )
    return {"first": first, "pts": timeline.pts[first:last].tolist(), "faces": boxes}


def _rows(part: Timeline, first: int, last: int) -> Iterator[tuple[int, int, list[float], bool]]:
    """Frame, id, box, and whether it was seen, of each row of some frames."""
    rows = part.rows(first, last)
    boxes = np.round(part.faces.box_xyxy[rows].astype(np.float64), 2)
    seen = np.isfinite(part.faces.score[rows])
    columns = part.frame[rows], _ids(part.faces)[rows], boxes, seen
    return zip(*(column.tolist() for column in columns), strict=True)


def _faces(found: Timeline, first: int, last: int) -> dict[tuple[int, int], list[list[float]]]:
    """The boxes that were found, by frame and id."""
    faces: dict[tuple[int, int], list[list[float]]] = {}
    for frame, id, box, _ in _rows(found, first, last):
        faces.setdefault((frame, id), []).append(box)
    return faces


def _away(box: Sequence[float], other: Sequence[float]) -> float:
    return sum(abs(a - b) for a, b in zip(box, other, strict=True))


def _ids(faces: Faces) -> Array:
    return np.full(len(faces), -1) if faces.track_id is None else faces.track_id


def _drawing(review: Review, view: View, drawing: Drawing) -> Json:
    laid: Laid | None = next((each for each in view.drawn if each.drawing is drawing), None)
    there = laid is not None and len(laid.frame)
    return {
        "edit": drawing.edit,
        "person": drawing.person,
        "keys": [
            {
                "frame": review.timeline.frame_at(key.time.exact),
                "box": [*key.box],
                "tracked": key.tracked,
            }
            for key in drawing.keys
        ],
        "following": view.following(drawing.edit),
        "failed": view.failed.get(drawing.edit),
        "firstFrame": int(laid.frame[0]) if laid is not None and there else None,
        "lastFrame": int(laid.frame[-1]) if laid is not None and there else None,
    }


def _doubt(review: Review, view: View, doubt: Doubt) -> Json:
    return {
        "reason": doubt.reason,
        "text": REASONS[doubt.reason],
        "weight": doubt.weight,
        "firstFrame": review.timeline.frame_at(doubt.start.exact),
        "lastFrame": review.timeline.frame_at(doubt.stop.exact) - 1,
        "frame": review.timeline.frame_at(doubt.time.exact),
        "seconds": doubt.time.seconds,
        "time": time_document(doubt.time),
        "box": [*doubt.box],
        "person": doubt.person,
        "other": doubt.other,
        "drawing": doubt.drawing,
        "checked": doubt.is_checked(view.edited.checked),
    }


def _progress(step: Step) -> Json:
    errors: Sequence[str] = [error.message for error in step.task.errors]
    return {"job": step.job.id, "progress": step.task.progress, "errors": errors}


def _state(task: Task) -> str:
    words: Mapping[State, str] = {
        State.Finished: "ready",
        State.Error: "failed",
        State.Canceled: "canceled",
        State.Canceling: "canceled",
        State.Queued: "waiting",
        State.Scheduled: "waiting",
    }
    return words.get(task.state, "running")
