"""What was found in one frame of a live source, as JSON: a line of `mien live --json`, a message of
the service.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mien.faces import EMOTIONS, Faces
from mien.pipeline.live import LiveAnswer

Entry = dict[str, Any]


def live_document(answer: LiveAnswer) -> Entry:
    """The document of a frame. A value that is not known of a face is left out; `reason` says why
    it has no expression."""
    return {
        "frame": answer.frame,
        "time": round(answer.time.seconds, 6),
        "width": answer.size_wh[0],
        "height": answer.size_wh[1],
        "latencyMs": round(1000 * answer.latency_s, 1),
        "dropped": answer.dropped,
        "faces": [_face(answer.faces, row) for row in range(len(answer.faces))],
    }


def _face(faces: Faces, row: int) -> Entry:
    left, top, right, bottom = (float(edge) for edge in faces.box_xyxy[row])
    rectangle = {"left": left, "top": top, "width": right - left, "height": bottom - top}
    entry: Entry = {
        "id": _number(faces, row),
        "rectangle": {name: round(value, 1) for name, value in rectangle.items()},
        "score": round(float(faces.score[row]), 3),
    }
    if faces.emotion is None:
        return entry
    if np.isfinite(faces.emotion[row]).all():
        shares = zip(EMOTIONS, faces.emotion[row], strict=True)
        entry["emotion"] = {name: round(float(share), 3) for name, share in shares}
        if faces.agreement is not None and np.isfinite(faces.agreement[row]):
            entry["agreement"] = round(float(faces.agreement[row]), 3)
    else:
        entry["reason"] = _reason(faces, row)
    if faces.measured is not None:
        entry["measured"] = bool(faces.measured[row])
    return entry


def _number(faces: Faces, row: int) -> int | None:
    """The id of a face; None as long as it is not confirmed."""
    number = -1 if faces.track_id is None else int(faces.track_id[row])
    return None if number < 0 else number


def _reason(faces: Faces, row: int) -> str:
    """Why a face has no expression."""
    reasons = [p.reason for p in faces.problems if (p.row, p.column) == (row, "emotion")]
    return "; ".join(reasons)


def live_words(faces: Faces) -> str:
    """The faces in a few words: "2 faces: 0 happiness 0.91, 1 -". A face that is not confirmed has
    "?" for its id, one without an expression "-"; the number is `agreement`."""
    if not len(faces):
        return "no face"
    told = [_words(faces, row) for row in range(len(faces))]
    return f"{len(told)} face{'s' if len(told) > 1 else ''}: {', '.join(told)}"


def _words(faces: Faces, row: int) -> str:
    number = _number(faces, row)
    name = "?" if number is None else str(number)
    if faces.emotion is None or not np.isfinite(faces.emotion[row]).all():
        return f"{name} -"
    top = EMOTIONS[int(faces.emotion[row].argmax())]
    if faces.agreement is None:
        return f"{name} {top}"
    return f"{name} {top} {faces.agreement[row]:.2f}"
