"""Does the expression network doubt what it should doubt?

    python -m bench.emotion.doubt
    python -m bench.emotion.doubt --patches 3000 --json doubt.json

Three questions. How many patches without a face get a confident score (above 0.6)? How many free
faces are not judged, and why? How many faces of which half is covered are not judged? Pictures are
those of the detection corpus; none of them was used in making the network.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from bench.detection.scoring import Rate
from bench.emotion import patches
from bench.emotion.covered import (
    COVERED,
    HEAD,
    KINDS,
    PARTLY,
    Fitter,
    Seen,
    bare,
    covered,
    framed,
    seen_faces,
)
from mien.describe.emotion import Emotion, EmotionModel
from mien.models import file_of

Array = NDArray[Any]

CONFIDENT = 0.6
"""A top score above this is a confident label."""
SEED = 1
JUDGED = "judged"
COVER = "the face is covered"


def no_faces(model: EmotionModel, count: int) -> dict[str, Any]:
    """For each kind of patch: how many there are, how many get a confident label, the worst."""
    figures = {}
    for name, make in patches.kinds().items():
        read = model.read(make(count, SEED))
        top = read.scores.max(axis=1)
        figures[name] = {
            "patches": count,
            "confident": _rate(int((top > CONFIDENT).sum()), count),
            "agreement_above": _rate(int((read.agreement > CONFIDENT).sum()), count),
            "taken_for_a_face": _rate(int((read.face > 0.5).sum()), count),
            "highest_score": round(float(top.max()), 3),
        }
    return figures


def said_of(stage: Emotion, rgb: Array, faces: Any) -> str:
    """`JUDGED`, or why the one face is not."""
    found = stage.describe(rgb, faces)
    reasons = [problem.reason for problem in found.problems if problem.column == "emotion"]
    return reasons[0] if reasons else JUDGED


def free_faces(stage: Emotion, faces: list[Seen]) -> dict[str, Any]:
    """How many free faces are not judged; what is said of those that are covered in truth."""
    said = {(face.name, face.which): said_of(stage, face.rgb, face.faces) for face in faces}
    free = {key: reason for key, reason in said.items() if key not in COVERED | PARTLY}
    refused = {key: reason for key, reason in free.items() if reason != JUDGED}
    wrongly = sum(reason.startswith(COVER) for reason in free.values())
    return {
        "free": len(free),
        "called_covered": _rate(wrongly, len(free)),
        "refused": {f"{name} {which}": reason for (name, which), reason in refused.items()},
        "covered": {
            f"{name} {which}, {COVERED[name, which]}": said[name, which]
            for name, which in COVERED
            if (name, which) in said
        },
    }


def made_covers(stage: Emotion, faces: list[Seen], threads: int | None = None) -> dict[str, Any]:
    """What is said of free faces once half of them is covered, for each kind of cover."""
    fitter, rng = Fitter(threads), np.random.default_rng(SEED)
    things, heads = patches.without_faces(200, SEED), [framed(face) for face in faces]
    clear = [
        face
        for face in faces
        if (face.name, face.which) not in COVERED | PARTLY
        and said_of(stage, face.rgb, face.faces) == JUDGED
    ]
    figures = {}
    for kind in KINDS:
        said = []
        for face in clear:
            rgb = covered(face, kind, heads if kind == HEAD else things, rng)
            said.append(said_of(stage, rgb, fitter.fit(rgb, bare(face.faces))))
        figures[kind] = {
            "faces": len(clear),
            "not_judged": _rate(sum(reason != JUDGED for reason in said), len(said)),
            "reasons": dict(Counter(_kind(reason) for reason in said).most_common()),
        }
    return figures


def _kind(reason: str) -> str:
    return " ".join(word for word in reason.split("(")[0].split() if not word.isdigit())


def _rate(hits: int, trials: int) -> dict[str, float]:
    rate = Rate(hits, trials)
    low, high = rate.interval
    return {"hits": hits, "trials": trials, "value": rate.value, "low": low, "high": high}


def report(figures: dict[str, Any]) -> str:
    """The figures as text."""
    lines = [f"patches without a face: confident (above {CONFIDENT}), agreement above it, a face"]
    for name, kind in figures["no_faces"].items():
        rates = (_percent(kind[key]) for key in ("confident", "agreement_above"))
        lines.append(f"  {name:<24}" + "".join(f"{rate:<24}" for rate in rates))
        lines[-1] += f"{_percent(kind['taken_for_a_face']):<24}highest {kind['highest_score']}"
    free = figures["free_faces"]
    lines += ["", f"free faces called covered: {_percent(free['called_covered'])}; not judged:"]
    lines += [f"  {name}: {reason}" for name, reason in free["refused"].items()]
    lines += ["covered in truth:"]
    lines += [f"  {name}: {reason}" for name, reason in free["covered"].items()]
    lines += ["", "half covered, and not judged:"]
    for name, kind in figures["made_covers"].items():
        lines.append(f"  {name:<14}{_percent(kind['not_judged']):<26}{kind['reasons']}")
    return "\n".join(lines)


def _percent(rate: dict[str, float]) -> str:
    low, high = 100 * rate["low"], 100 * rate["high"]
    return f"{100 * rate['value']:.1f} % ({low:.1f} to {high:.1f})"


@click.command()
@click.option("--patches", "count", type=click.IntRange(1), default=1500, help="Of each kind.")
@click.option("--threads", type=click.IntRange(1), help="For inference [one for each core].")
@click.option("--json", "output", type=click.Path(path_type=Path), help="Write the figures here.")
def main(count: int, threads: int | None, output: Path | None) -> None:
    """Measure on non-faces, free faces and covered faces."""
    stage, faces = Emotion.load(threads=threads), list(seen_faces(threads))
    figures = {
        "model_sha256": hashlib.sha256(file_of("emotion").read_bytes()).hexdigest(),
        "no_faces": no_faces(stage.model, count),
        "free_faces": free_faces(stage, faces),
        "made_covers": made_covers(stage, faces, threads),
    }
    if output is not None:
        output.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(report(figures))


if __name__ == "__main__":
    sys.exit(main())
