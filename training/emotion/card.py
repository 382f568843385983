"""Put the figures of an evaluation into the model's card, between its two markers.

python -m training.emotion.card --figures evaluation.json --card emotion.md
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from training.emotion.data import LABELS

BEGIN, END = "<!-- figures: training.emotion.card -->", "<!-- end of figures -->"


def percent(share: dict[str, Any]) -> str:
    """``85.1 % (83.9 to 86.3)``."""
    return f"{share['value']:.1%} ({share['low']:.1%} to {share['high']:.1%})".replace("%", " %")


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def figures(report: dict[str, Any]) -> str:
    """All figures as Markdown."""
    jpeg = ", ".join(f"{q}: {percent(share)}" for q, share in report["accuracy_jpeg"].items())
    speed = report["speed_ms_a_face"]
    lines = [
        f"Accuracy on {report['faces']} faces of the validation part: "
        f"{percent(report['accuracy'])}; with the calibration fitted on other faces "
        f"{percent(report['accuracy_cross_fitted'])}; after JPEG of quality {jpeg}. "
        "Intervals are Wilson's, 95 %.",
        "",
        *table(["expression", "recall", "faces"], _recall(report)),
        "",
        "True expression in rows, top score in columns:",
        "",
        *table(["", *LABELS], _confusion(report)),
        "",
        f"Expected calibration error of the top score, 15 bins: {report['calibration_error']:.3f}. "
        "Mean score, share that is right, faces of each bin:",
        "",
        *table(["score", "right", "faces"], _reliability(report)),
        "",
        f"Agreement: off by {report['agreement_mean_error']:.3f} in the mean, correlation "
        f"{report['agreement_correlation']:.2f}, calibration error "
        f"{report['agreement_calibration_error']:.3f}.",
        "",
        "What recall of the rare expressions costs: their scores times a factor.",
        "",
        *table(["factor", "accuracy", "disgust", "fear", "contempt"], _trade_off(report)),
        "",
        f"Speed on two cores, the least of 200 runs: {speed['1']:.1f} ms a face alone, "
        f"{speed['16']:.1f} ms in a batch of 16. File: {report['bytes'] / 1e6:.1f} MB. "
        f"SHA-256 of the data: `{report['data_sha256']}`.",
    ]
    return "\n".join(lines)


def _recall(report: dict[str, Any]) -> list[list[str]]:
    return [[name, percent(share), str(share["faces"])] for name, share in report["recall"].items()]


def _confusion(report: dict[str, Any]) -> list[list[str]]:
    rows = zip(LABELS, report["confusion"], strict=True)
    return [[name, *map(str, counts)] for name, counts in rows]


def _reliability(report: dict[str, Any]) -> list[list[str]]:
    return [[f"{score:.2f}", f"{hit:.2f}", str(n)] for score, hit, n in report["reliability"]]


def _trade_off(report: dict[str, Any]) -> list[list[str]]:
    names = ("accuracy", "disgust", "fear", "contempt")
    return [
        [f"{line['factor']:g}", *(f"{line[name]:.3f}" for name in names)]
        for line in report["trade_off"]
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.emotion.card")
    parser.add_argument("--figures", type=Path, required=True, help="JSON of the evaluation")
    parser.add_argument("--card", type=Path, required=True, help="card to change")
    arguments = parser.parse_args()
    before, _, rest = arguments.card.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{arguments.card} does not have the lines {BEGIN} and {END}")
    text = figures(json.loads(arguments.figures.read_text(encoding="utf-8")))
    arguments.card.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
