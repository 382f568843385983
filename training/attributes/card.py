"""Put what was measured into the model's card, and the hash of the weights into the catalogue.

    python -m training.attributes.card --figures evaluation.json --card cards/attributes.md \\
        --catalogue catalogue.toml

Text goes between two markers; the rest of the card is written by hand. The card names the weights
by their hash, so that figures of other weights are noticed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from training.attributes.metrics import ASKED
from training.cards import percent, pin, placed, read_more, table

ENTRY = "attributes"
"""Name of the card and of the catalogue's entry."""
FIGURES = ("<!-- figures: training.attributes.card -->", "<!-- end of figures -->")


def figures(report: dict[str, Any]) -> str:
    """All figures as Markdown."""
    speed = report["speed_ms_a_face"]
    parts = [_ranking(report), _by_eye(report)]
    if "made" in report:
        parts.append(_made(report["made"]))
    if "framing" in report:
        parts.append(_framing(report["framing"]))
    hashes = f"SHA-256 of the faces: `{report['data_sha256']}`"
    if report.get("made"):
        hashes += f", of the generated test pictures: `{report['made']['sha256']}`"
    lines = [
        f"Figures of the weights with the SHA-256 `{report['model_sha256']}`.",
        *(line for part in parts for line in ("", *part)),
        "",
        f"Speed on two cores, the least of 100 runs: {speed['1']:.1f} ms a face alone, "
        f"{speed['8']:.1f} ms in a batch of 8. File: {report['bytes'] / 1e6:.1f} MB. {hashes}.",
    ]
    return "\n".join(lines)


def _ranking(report: dict[str, Any]) -> list[str]:
    found = report["areas"]
    return [
        f"Ranking on {report['unseen_faces']} faces of {report['unseen_persons']} persons who were "
        "not trained on: area under the ROC curve, the faces that the published scores rank "
        "highest (the share above 0.5, 3 to 50 %) against the lower half. "
        f"Mean over the {len(ASKED)} marked *: {report['mean_asked']:.3f}; after JPEG of quality "
        f"50: {report['mean_asked_jpeg']:.3f}; from 48 x 48 pixels: "
        f"{report['mean_asked_small']:.3f}.",
        "",
        *table(
            ["attribute", "area"],
            [[name + " *" * (name in ASKED), f"{area:.3f}"] for name, area in found.items()],
        ),
    ]


def _by_eye(report: dict[str, Any]) -> list[str]:
    rows = [
        [name, percent(share), _of(share["there"]), _of(share["not_there"])]
        for name, share in report["decided"].items()
    ]
    colour = report["hair_colour"]
    said = list(next(iter(colour["confusion"].values())))
    return [
        f"Against {report['test_faces']} faces labelled by eye, each of another person, none seen "
        "in training or calibration, at one half; faces that were unsure to the eye left out:",
        "",
        *table(["what", "accuracy", "right where it is there", "right where not"], rows),
        "",
        f"The likeliest of four colours of hair is the one seen on {percent(colour)} of "
        f"{colour['faces']} faces. Seen in rows, said in columns:",
        "",
        *table(
            ["", *said],
            [[seen, *map(str, row.values())] for seen, row in colour["confusion"].items()],
        ),
    ]


def _of(share: dict[str, Any]) -> str:
    if not share["faces"]:
        return "–"
    return f"{share['value']:.0%} of {share['faces']}".replace("%", " %")


def _made(made: dict[str, Any]) -> list[str]:
    rows = [
        [name, percent(share), _of(share["there"]), _of(share["not_there"])]
        for name, share in made["decided"].items()
    ]
    real = [[name, _of(share["there"]), _of(share["not_there"])]
            for name, share in made["real"].items()]  # fmt: skip
    return [
        f"On {made['pictures']} pictures with generated occluders (other shapes, patterns, persons "
        "and renderer settings than those trained on), where the label is known:",
        "",
        *table(["what", "accuracy", "right where it is there", "right where not"], rows),
        "",
        f"All together: {percent(made['all'])}. On real pictures, labelled by eye (test part):",
        "",
        *table(["what", "right where it is there", "right where not"], real),
    ]


def _framing(framing: dict[str, Any]) -> list[str]:
    return [
        f"Faces of the set against the same faces found in an enlarged picture and cut by their "
        f"landmarks ({framing['faces']} faces): scores differ by {framing['mean_difference']:.3f} "
        f"in the mean, and {framing['same_side']:.1%} of the decisions at one half stay.".replace(
            "%", " %"
        )
    ]


def main() -> None:
    """Rewrite the figures of the card, and pin the weights."""
    parser = argparse.ArgumentParser(prog="python -m training.attributes.card")
    parser.add_argument("--figures", type=Path, required=True, help="JSON of the evaluation")
    parser.add_argument("--framing", type=Path, help="JSON of training.attributes.framing")
    parser.add_argument("--card", type=Path, required=True, help="card to change")
    parser.add_argument("--catalogue", type=Path, help="catalogue to pin the weights in")
    arguments = parser.parse_args()
    report = json.loads(arguments.figures.read_text(encoding="utf-8"))
    if arguments.framing:
        report["framing"] = read_more(arguments.framing, report)
    text = placed(arguments.card.read_text(encoding="utf-8"), FIGURES, figures(report))
    arguments.card.write_text(text, encoding="utf-8")
    if arguments.catalogue:
        pin(arguments.catalogue, ENTRY, report)


if __name__ == "__main__":
    main()
