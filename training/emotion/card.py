"""Put what was measured into the model's card, its pictures beside it, its hash into the catalogue.

    python -m training.emotion.card --figures evaluation.json --doubt doubt.json \\
        --folds folds.json --card cards/emotion.md --catalogue catalogue.toml

Text goes between two markers of its own; the rest of the card is written by hand. The card names
the weights by their hash, so that figures of other weights are noticed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from training.cards import percent, pin, placed, read_more, table
from training.emotion import plots
from training.emotion.data import LABELS

ENTRY = "emotion"
"""Name of the card and of the catalogue's entry."""
FIGURES = ("<!-- figures: training.emotion.card -->", "<!-- end of figures -->")
FOLDED = ("<!-- folds: training.emotion.card -->", "<!-- end of folds -->")
DOUBT = ("<!-- doubt: training.emotion.card -->", "<!-- end of doubt -->")


def figures(report: dict[str, Any]) -> str:
    """All figures as Markdown."""
    jpeg = ", ".join(f"{q}: {percent(share)}" for q, share in report["accuracy_jpeg"].items())
    speed = report["speed_ms_a_face"]
    lines = [
        f"Figures of the weights with the SHA-256 `{report['model_sha256']}`.",
        "",
        f"Accuracy on {report['faces']} faces of the validation part: "
        f"{percent(report['accuracy'])}; with the calibration fitted on other faces "
        f"{percent(report['accuracy_cross_fitted'])}; after JPEG of quality {jpeg}. "
        "Intervals are Wilson's, 95 %.",
        "",
        *_recall(report),
        "",
        "True expression in rows, top score in columns:",
        "",
        *table(["", *LABELS], _confusion(report)),
        "",
        picture("confusion matrix", "confusion"),
        "",
        f"Expected calibration error of the top score, 15 bins: {report['calibration_error']:.3f}. "
        "Mean score, share that is right, faces of each bin:",
        "",
        *table(["score", "right", "faces"], _reliability(report)),
        "",
        picture("share that is right by top score", "calibration"),
        "",
        f"Agreement: off by {report['agreement_mean_error']:.3f} in the mean, correlation "
        f"{report['agreement_correlation']:.2f}, calibration error "
        f"{report['agreement_calibration_error']:.3f}.",
        "",
        "What recall of the rare expressions costs: their scores times a factor.",
        "",
        *_trade_off(report),
        "",
        picture("recall of the rare expressions by accuracy", "trade-off"),
        "",
        f"Speed on two cores, the least of 200 runs: {speed['1']:.1f} ms a face alone, "
        f"{speed['16']:.1f} ms in a batch of 16. File: {report['bytes'] / 1e6:.1f} MB. "
        f"SHA-256 of the data: `{report['data_sha256']}`.",
    ]
    return "\n".join(lines)


def _recall(report: dict[str, Any]) -> list[str]:
    recall = report["recall"].items()
    rows = [[name, percent(share), str(share["faces"])] for name, share in recall]
    return table(["expression", "recall", "faces"], rows)


def _confusion(report: dict[str, Any]) -> list[list[str]]:
    rows = zip(LABELS, report["confusion"], strict=True)
    return [[name, *map(str, counts)] for name, counts in rows]


def _reliability(report: dict[str, Any]) -> list[list[str]]:
    return [[f"{score:.2f}", f"{hit:.2f}", str(n)] for score, hit, n in report["reliability"]]


def _trade_off(report: dict[str, Any]) -> list[str]:
    names = ("accuracy", "disgust", "fear", "contempt")
    rows = [
        [f"{line['factor']:g}", *(f"{line[name]:.3f}" for name in names)]
        for line in report["trade_off"]
    ]
    return table(["factor", *names], rows)


def picture(words: str, name: str) -> str:
    """The Markdown of one picture beside the card."""
    return f"![{words}]({ENTRY}-{name}.svg)"


def folded(report: dict[str, Any]) -> str:
    """What `training.emotion.folds` measured, as Markdown."""
    stages = ", ".join(f"{epochs} epochs at {side} pixels" for side, epochs in report["stages"])
    lines = [
        f"{report['faces']} faces with a majority, each scored by that of {report['folds']} "
        f"networks that has not seen it ({stages}): right in {percent(report['accuracy'])}, "
        f"calibration error {report['calibration_error']:.3f}.",
        "",
        *_recall(report),
        "",
        "What recall of the rare expressions costs these networks:",
        "",
        *_trade_off(report),
    ]
    return "\n".join(lines)


def doubts(report: dict[str, Any]) -> str:
    """What `bench.emotion.doubt` measured, as Markdown."""
    patches = [
        [name, *(percent(kind[key]) for key in ("confident", "agreement_above"))]
        for name, kind in report["no_faces"].items()
    ]
    covers = [[name, percent(kind["not_judged"])] for name, kind in report["made_covers"].items()]
    free, covered = report["free_faces"], report["free_faces"]["covered"]
    glasses = {name: reason for name, reason in covered.items() if name.endswith("glasses")}
    hands = {name: reason for name, reason in covered.items() if name not in glasses}
    lines = [
        "Patches without a face, and how many of them get a top score above 0.6:",
        "",
        *table(["patches", "score above 0.6", "agreement above 0.6"], patches),
        "",
        f"Of {free['free']} free faces in photos, {percent(free['called_covered'])} are called "
        f"covered. Not judged are {refused(glasses)} of {len(glasses)} in dark glasses and "
        f"{refused(hands)} of {len(hands)} with a hand before the mouth. With a part covered by a "
        "photo of something else, these are not judged:",
        "",
        *table(["covered", "not judged"], covers),
    ]
    return "\n".join(lines)


def refused(said: dict[str, str]) -> int:
    """How many of some faces are not judged."""
    return sum(reason != "judged" for reason in said.values())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.emotion.card")
    parser.add_argument("--figures", type=Path, required=True, help="JSON of the evaluation")
    parser.add_argument("--doubt", type=Path, help="JSON of bench.emotion.doubt")
    parser.add_argument("--folds", type=Path, help="folds.json of training.emotion.folds")
    parser.add_argument("--card", type=Path, required=True, help="card to change")
    parser.add_argument("--catalogue", type=Path, help="catalogue to pin the weights in")
    arguments = parser.parse_args()
    report = json.loads(arguments.figures.read_text(encoding="utf-8"))
    text = placed(arguments.card.read_text(encoding="utf-8"), FIGURES, figures(report))
    if arguments.doubt:
        text = placed(text, DOUBT, doubts(read_more(arguments.doubt, report)))
    if arguments.folds:
        measured = json.loads(arguments.folds.read_text(encoding="utf-8"))
        text = placed(text, FOLDED, folded(measured))
    arguments.card.write_text(text, encoding="utf-8")
    for name, drawing in plots.pictures(report).items():
        path = arguments.card.with_name(f"{ENTRY}-{name}.svg")
        path.write_text(drawing, encoding="utf-8")
    if arguments.catalogue:
        pin(arguments.catalogue, ENTRY, report)


if __name__ == "__main__":
    main()
