"""How often mien names an expression as a labelled set does.

    python -m bench.emotion.evaluate ck+ /sets/CK+
    python -m bench.emotion.evaluate fer+ /data --json fer+.json

The sets are the user's own: CK+, JAFFE, RAVDESS, RaFD and AffectNet, in the layout of their
publishers (`bench.emotion.sets` says how labels map to the eight), and the validation part of FER+
as `training.emotion.data` reads it. Pictures go the whole way: the largest face that is found, its
mesh, its crop. Of a clip every tenth frame is read, and the mean of their scores taken. The tight
crops of FER+ go to the network as they are.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from bench.emotion.sets import READERS, Item, Listing, read_set
from mien.describe.emotion import Emotion, EmotionModel
from mien.describe.mesh import Mesh
from mien.describe.pose import Pose
from mien.detect import ImageDetector
from mien.errors import InputNotFoundError, MienError
from mien.faces import EMOTIONS, Faces
from mien.media import open_video, read_image
from training.emotion import data, metrics

Array = NDArray[Any]

FER_PLUS = "fer+"
EVERY = 10
"""Of a clip, one frame in so many is read."""
NO_FACE = "no face was found"


@dataclass(frozen=True, eq=False)
class Judged:
    """What was said of n labelled items.

    Attributes:
        scores: (n, 8); a row of NaN where nothing could be said.
        labels: (n,) places in `EMOTIONS`.
        reasons: for each item why the stage would rather not judge it, or None.
        left_out: files that are no part of the measurement, with the reason.
    """

    scores: Array
    labels: Array
    reasons: tuple[str | None, ...]
    left_out: Counter[str]


class Reader:
    """Everything from a file to the scores of the face in it, loaded once."""

    def __init__(self, threads: int | None = None) -> None:
        self._detector = ImageDetector.load("balanced", threads=threads)
        self._stages = (Mesh.load(threads=threads), Pose.load())
        self._emotion = Emotion.load(threads=threads, abstain=False)

    def judge(self, item: Item) -> tuple[Array, str | None]:
        """Scores (8,), NaN where there is no face, and why they are in doubt, if they are.

        Raises:
            MienError: the file cannot be read.
        """
        read = [self._judge_picture(rgb, item) for rgb in _pictures(item)]
        seen = [scores for scores, _ in read if np.isfinite(scores).all()]
        doubts = [reason for _, reason in read]
        reason = None if None in doubts else Counter(doubts).most_common(1)[0][0]
        return (np.mean(seen, axis=0) if seen else np.full(len(EMOTIONS), np.nan)), reason

    def _judge_picture(self, rgb: Array, item: Item) -> tuple[Array, str | None]:
        if item.box_xyxy is not None:
            faces = Faces(np.array([item.box_xyxy]), np.ones(1))
        else:
            faces = self._detector.detect(rgb)
        if not len(faces):
            return np.full(len(EMOTIONS), np.nan), NO_FACE
        faces = faces[[int(np.prod(faces.size_wh, axis=1).argmax())]]
        for stage in (*self._stages, self._emotion):
            faces = stage.describe(rgb, faces)
        assert faces.emotion is not None
        reasons = [problem.reason for problem in faces.problems if problem.column == "emotion"]
        return faces.emotion[0], reasons[0] if reasons else None


def _pictures(item: Item) -> Iterator[Array]:
    if not item.is_clip:
        yield read_image(item.path)
        return
    with open_video(item.path) as video:
        for frame in video.frames():
            if frame.index % EVERY == 0:
                yield frame.rgb


def judge_set(listing: Listing, reader: Reader) -> Judged:
    """Judge every item of a set."""
    read = [reader.judge(item) for item in listing.items]
    return Judged(
        np.stack([scores for scores, _ in read]),
        np.array([item.label for item in listing.items]),
        tuple(reason for _, reason in read),
        listing.left_out,
    )


def judge_fer_plus(folder: Path, threads: int | None = None) -> Judged:
    """Judge the validation part of FER+ as tight crops, under its majority protocol.

    Raises:
        InputNotFoundError: the folder does not hold it.
    """
    try:
        part = data.read_part(data.data_folder(folder), "valid")
    except FileNotFoundError as error:
        raise InputNotFoundError(str(error)) from error
    labels = data.majority(part.votes)
    decided = labels != data.NO_MAJORITY
    scores = EmotionModel.load(threads=threads).scores(part.images[decided])
    left_out = Counter({"faces without a majority": int((~decided).sum())})
    return Judged(scores, labels[decided], (None,) * len(scores), left_out)


def measure(judged: Judged) -> dict[str, Any]:
    """Every figure, as plain numbers."""
    seen = np.isfinite(judged.scores).all(axis=1)
    scores, labels = judged.scores[seen], judged.labels[seen]
    clear = np.array([reason is None for reason in judged.reasons])[seen]
    own = sorted(set(judged.labels.tolist()))
    table = metrics.confusion(scores, labels)
    hit = scores.argmax(axis=1) == labels
    hit_own = np.array(own)[scores[:, own].argmax(axis=1)] == labels
    reasons = Counter(_kind(reason) for reason in judged.reasons if reason is not None)
    return {
        "items": len(judged.labels),
        "left_out": {name: count for name, count in judged.left_out.items() if count},
        "judged": int(seen.sum()),
        "doubts": dict(reasons),
        "accuracy": _share(hit),
        "accuracy_without_doubt": _share(hit[clear]),
        "expressions_of_the_set": [EMOTIONS[at] for at in own],
        "accuracy_among_those": _share(hit_own),
        "recall": {EMOTIONS[at]: _share(hit[labels == at]) for at in own},
        "confusion": table.tolist(),
        "calibration_error": metrics.label_calibration_error(scores, labels),
    }


def _kind(reason: str) -> str:
    """A reason without its numbers, so that equal ones are counted together."""
    words = [word for word in reason.split("(")[0].split() if not word.strip(".,").isdigit()]
    return " ".join(words)


def _share(hits: Array) -> dict[str, Any]:
    low, high = metrics.wilson(int(hits.sum()), len(hits))
    value = float(hits.mean()) if len(hits) else None
    return {"value": value, "low": low, "high": high, "items": len(hits)}


def report(figures: dict[str, Any]) -> str:
    """The figures as text."""
    lines = [f"{figures['items']} items, {figures['judged']} of them with a face"]
    lines += [f"  left out: {count} × {name}" for name, count in figures["left_out"].items()]
    lines += [f"  in doubt: {count} × {reason}" for reason, count in figures["doubts"].items()]
    lines += ["", *_accuracies(figures), "", "recall"]
    lines += [f"  {name:<10}{_percent(share)}" for name, share in figures["recall"].items()]
    lines += ["", "label in rows, top score in columns", *_matrix(figures["confusion"])]
    return "\n".join(lines)


def _accuracies(figures: dict[str, Any]) -> list[str]:
    lines = [f"accuracy               {_percent(figures['accuracy'])}"]
    if figures["doubts"]:
        lines.append(f"  faces without doubt  {_percent(figures['accuracy_without_doubt'])}")
    if len(figures["expressions_of_the_set"]) < len(EMOTIONS):
        many = len(figures["expressions_of_the_set"])
        lines.append(f"  among the set's {many:<5}{_percent(figures['accuracy_among_those'])}")
    return [*lines, f"calibration error      {figures['calibration_error']:.3f} (15 bins)"]


def _percent(share: dict[str, Any]) -> str:
    if share["value"] is None:
        return "nothing to count"
    value, low, high = (100 * share[name] for name in ("value", "low", "high"))
    return f"{value:5.1f} % ({low:.1f} to {high:.1f}) of {share['items']}"


def _matrix(confusion: Sequence[Sequence[int]]) -> list[str]:
    head = " " * 12 + "".join(f"{name[:9]:>10}" for name in EMOTIONS)
    rows = zip(EMOTIONS, confusion, strict=True)
    return [head, *(f"  {name:<10}" + "".join(f"{n:>10}" for n in row) for name, row in rows)]


@click.command()
@click.argument("name", metavar="SET", type=click.Choice([FER_PLUS, *READERS]))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--limit", type=click.IntRange(1), help="Take so many items, evenly spread.")
@click.option("--threads", type=click.IntRange(1), help="For inference [one for each core].")
@click.option("--json", "output", type=click.Path(path_type=Path), help="Write the figures here.")
def main(
    name: str, folder: Path, limit: int | None, threads: int | None, output: Path | None
) -> None:
    """Measure on SET (fer+, ck+, jaffe, ravdess, rafd, affectnet), which lies in FOLDER."""
    try:
        if name == FER_PLUS:
            judged = judge_fer_plus(folder, threads)
        else:
            listing = read_set(name, folder)
            judged = judge_set(limited(listing, limit), Reader(threads))
    except MienError as error:
        raise click.ClickException(str(error)) from error
    figures = measure(judged)
    if output is not None:
        output.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(report(figures))


def limited(listing: Listing, most: int | None) -> Listing:
    """At most so many of the items, evenly spread over the list."""
    if most is None or most >= len(listing.items):
        return listing
    chosen = np.linspace(0, len(listing.items) - 1, most).round().astype(int)
    left_out = listing.left_out + Counter({"over the limit": len(listing.items) - most})
    return Listing([listing.items[at] for at in chosen], left_out)


if __name__ == "__main__":
    sys.exit(main())
