"""What the pages of videos are told, as JSON. Times of edits are exact: ticks and their base."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.faces import EMOTIONS
from mien.server.studio.library import ANNOTATOR, Clip, Library, Stage
from mien.server.studio.player import content_url, video_answer
from mien.server.studio.video.seen import Seen
from mien.timeline.edits import Edit, history_of, time_document
from mien.timeline.overview import Lanes, Windows
from mien.timeline.timeline import Timeline

Array = NDArray[Any]
Json = dict[str, Any]


def clip_answer(clip: Clip) -> Json:
    """A video in the list."""
    told: Json = {
        "asset": clip.asset.id,
        "file": clip.file.id,
        "name": clip.file.name,
        "size": clip.file.size,
        "received": clip.file.received,
        "created": clip.asset.created.isoformat(),
        "stage": clip.stage,
    }
    if clip.work is not None:
        job = clip.work.job
        told |= {"job": job.id, "progress": round(job.progress, 1)}
        told["started"] = None if job.started is None else job.started.isoformat()
        told["errors"] = [e.message for task in job.tasks for e in task.errors]
    return told


def analysis_answer(asset: str, seen: Seen, edits: Sequence[Edit]) -> Json:
    """An analysis after its edits: facts, people, the state of the log."""
    timeline, history = seen.timeline, history_of(edits)
    remarks = (
        ("unplaced", seen.edited.unplaced),
        ("notes", seen.edited.notes),
    )
    return {
        "video": video_answer(timeline),
        "people": people_answer(asset, seen),
        "log": {"last": seen.number, "undo": history.undo, "redo": history.redo},
        "emotion": timeline.faces.emotion is not None,
        **{
            name: [{"edit": each.edit, "reason": each.reason} for each in some]
            for name, some in remarks
        },
    }


def people_answer(asset: str, seen: Seen) -> list[Json]:
    """Everybody, who is longest in view first."""
    told = []
    for id, presence in seen.presences.items():
        row = seen.best[id]
        frame = int(seen.timeline.frame[row])
        told.append(
            {
                "id": id,
                "name": seen.edited.names.get(id, ""),
                "seconds": presence.shown.seconds,
                "frames": presence.frames,
                "first": presence.first.seconds,
                "last": presence.last.seconds,
                "picture": f"/studio/api/video/{asset}/faces/{row}?of={face_name(seen, row)}",
                "anchor": {
                    "time": time_document(seen.timeline.time(frame)),
                    "box": seen.timeline.faces.box_xyxy[row].tolist(),
                },
            }
        )
    return sorted(told, key=lambda each: (-each["seconds"], each["id"]))


def face_name(seen: Seen, row: int) -> str:
    """Names the picture of a face by its frame and place in it, whichever analysis it is of."""
    box = "_".join(f"{side:.0f}" for side in seen.timeline.faces.box_xyxy[row])
    return f"{seen.timeline.frame[row]}.{box}".replace("-", "m").replace("_", "-")


def frames_answer(timeline: Timeline, first: int, count: int) -> Json:
    """The faces of some frames: of each [id, left, top, right, bottom, place of the strongest
    expression or null, its share or null]."""
    last = min(first + count, timeline.frame_count)
    rows = timeline.rows(first, last)
    ids = timeline.faces.track_id
    faces: list[list[list[Any]]] = [[] for _ in range(first, last)]
    if ids is not None:
        shown = np.flatnonzero(ids[rows] >= 0) + rows.start
        boxes = np.round(timeline.faces.box_xyxy[shown].astype(np.float64), 2).tolist()
        for row, box, looks in zip(shown.tolist(), boxes, _looks(timeline, shown), strict=True):
            faces[int(timeline.frame[row]) - first].append([int(ids[row]), *box, *looks])
    return {"first": first, "pts": timeline.pts[first:last].tolist(), "faces": faces}


def _looks(timeline: Timeline, rows: Array) -> list[list[Any]]:
    """Of each row the strongest expression and its share."""
    emotion = timeline.faces.emotion
    if emotion is None:
        return [[None, None]] * len(rows)
    scores = emotion[rows]
    top = np.nan_to_num(scores).argmax(axis=1)
    share = np.round(scores[np.arange(len(rows)), top].astype(np.float64), 3)
    unread = ~np.isfinite(scores).all(axis=1)
    told = [[place, value] for place, value in zip(top.tolist(), share.tolist(), strict=True)]
    for row in np.flatnonzero(unread):
        told[row] = [None, None]
    return told


def lanes_answer(timeline: Timeline, lanes: Lanes) -> Json:
    """Everybody over equal slices of the video, and the room, which is all together; see
    `mien.timeline.overview.Lanes`."""
    strength = np.round(lanes.strength.astype(np.float64), 2)
    return {
        "room": {"top": lanes.top[-1].tolist(), "strength": strength[-1].tolist()},
        "seconds": timeline.duration.seconds,
        "slices": lanes.top.shape[1],
        "emotions": EMOTIONS,
        "lanes": [
            {"id": int(id), "top": top.tolist(), "strength": strong.tolist()}
            for id, top, strong in zip(lanes.ids, lanes.top[:-1], strength[:-1], strict=True)
        ],
    }


def windows_answer(seconds: Array, windows: Windows) -> Json:
    """Windows of time: the seconds at their middles, the mean scores and shares."""
    return {
        "seconds": np.round(seconds, 4).tolist(),
        "emotions": EMOTIONS,
        "mean": np.round(windows.mean, 4).tolist(),
        "distribution": np.round(windows.distribution, 4).tolist(),
        "faces": np.round(windows.faces, 3).tolist(),
    }


def copies_answer(clip: Clip, library: Library) -> list[Json]:
    """The annotated copies of a video, the newest first."""
    told = []
    for step in clip.steps:
        if step.task.processor == ANNOTATOR:
            file = library.file(step, "_annotated.mp4")
            errors = [error.message for error in step.task.errors]
            one: Json = {"job": step.job.id, "stage": _stage(step.job.state.name), "errors": errors}
            one["created"] = step.job.created.isoformat()
            if file is not None:
                one["content"] = content_url(file)
                one |= {"name": file.name, "size": file.size}
            told.append(one)
    return told


def _stage(word: str) -> Stage:
    known = {
        "Finished": Stage.READY,
        "Error": Stage.FAILED,
        "Canceled": Stage.CANCELED,
        "Canceling": Stage.CANCELED,
        "Queued": Stage.WAITING,
        "Scheduled": Stage.WAITING,
    }
    return known.get(word, Stage.RUNNING)
