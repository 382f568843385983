"""The three pictures of the model's card, drawn as SVG by hand: no plotting library is needed.

Calibration (what came true by what was said), the confusion matrix, and what recall of the rare
expressions costs. Colours are of Okabe and Ito's set, which colour-blind people can tell apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from training.emotion.data import LABELS

SIDE, MARGIN = 300, 56
CELL = 44
FEW = 20
"""Bins with fewer faces are drawn without a line through them."""
BLUE, ORANGE, GREEN, GRAY = "#0072b2", "#d55e00", "#009e73", "#777777"
RARE = {"disgust": GREEN, "fear": BLUE, "contempt": ORANGE}


def pictures(report: dict[str, Any]) -> dict[str, str]:
    """Every picture of an evaluation by its name."""
    return {
        "calibration": calibration(report["reliability"]),
        "confusion": confusion(report["confusion"]),
        "trade-off": trade_off(report["trade_off"]),
    }


def calibration(bins: Sequence[tuple[float, float, int]]) -> str:
    """Share that is right by mean score; the area of a dot grows with the faces of its bin."""
    most = max(faces for _, _, faces in bins)
    parts = [*_axes("top score", "share that is right", (0, 1), (0, 1))]
    parts.append(_line([(0, 0), (1, 1)], GRAY, dashed=True))
    parts.append(_line([(score, right) for score, right, n in bins if n >= FEW], BLUE))
    for score, right, faces in bins:
        x, y = _place(score, right)
        radius = 2.5 + 9 * (faces / most) ** 0.5
        told = f"score {score:.2f}, right {right:.2f}, {faces} faces"
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{BLUE}" '
            f'fill-opacity="0.5"><title>{told}</title></circle>'
        )
    return _svg(SIDE + 2 * MARGIN, SIDE + 2 * MARGIN, parts, "Calibration of the top score")


def trade_off(lines: Sequence[dict[str, float]]) -> str:
    """Recall of each rare expression by accuracy, as its scores are weighed down and up."""
    accuracies = [line["accuracy"] for line in lines]
    low, high = min(accuracies) - 0.002, max(accuracies) + 0.002
    parts = [*_axes("accuracy", "recall", (low, high), (0, 1))]
    for row, (name, colour) in enumerate(RARE.items()):
        spots = [((line["accuracy"] - low) / (high - low), line[name]) for line in lines]
        parts.append(_line(spots, colour))
        for spot, line in zip(spots, lines, strict=True):
            x, y = _place(*spot)
            told = f"factor {line['factor']:g}: accuracy {line['accuracy']:.3f}, {line[name]:.3f}"
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{5 if line["factor"] == 1 else 3}" '
                f'fill="{colour}"><title>{told}</title></circle>'
            )
        parts.append(_text(MARGIN + 10, MARGIN + 16 + 16 * row, name, colour=colour))
    return _svg(SIDE + 2 * MARGIN, SIDE + 2 * MARGIN, parts, "Recall of the rare expressions")


def confusion(counts: Sequence[Sequence[int]]) -> str:
    """True expression in rows, top score in columns; the shade is the share of the row."""
    left, top = 84, 70
    parts = []
    for row, values in enumerate(counts):
        total = max(1, sum(values))
        parts.append(_text(left - 6, top + CELL * (row + 0.6), LABELS[row], anchor="end"))
        for column, value in enumerate(values):
            x, y, share = left + CELL * column, top + CELL * row, value / total
            parts.append(
                f'<rect x="{x}" y="{y}" width="{CELL - 1}" height="{CELL - 1}" fill="{BLUE}" '
                f'fill-opacity="{0.04 + 0.9 * share:.3f}"/>'
            )
            colour = "#ffffff" if share > 0.5 else "#222222"
            place = (x + CELL / 2, y + CELL * 0.6)
            parts.append(_text(*place, str(value), anchor="middle", colour=colour))
    for column, name in enumerate(LABELS):
        parts.append(_text(left + CELL * (column + 0.5), top - 8, name, turn=-40))
    size = CELL * len(LABELS)
    return _svg(left + size + 40, top + size + 12, parts, "Confusion matrix")


def _axes(
    across: str, up: str, x_range: tuple[float, float], y_range: tuple[float, float]
) -> Iterable[str]:
    """Frame, five marks on each side, and what the sides stand for."""
    yield (
        f'<rect x="{MARGIN}" y="{MARGIN}" width="{SIDE}" height="{SIDE}" fill="none" '
        f'stroke="{GRAY}"/>'
    )
    for mark in range(6):
        share = mark / 5
        x, y = _place(share, share)
        values = (low + share * (high - low) for low, high in (x_range, y_range))
        shown_x, shown_y = (f"{value:.3f}".rstrip("0").rstrip(".") or "0" for value in values)
        yield _text(x, MARGIN + SIDE + 18, shown_x, anchor="middle")
        yield _text(MARGIN - 6, y + 4, shown_y, anchor="end")
    yield _text(MARGIN + SIDE / 2, MARGIN + SIDE + 40, across, anchor="middle")
    yield _text(16, MARGIN + SIDE / 2, up, anchor="middle", turn=-90)


def _place(x: float, y: float) -> tuple[float, float]:
    """Pixels of a place given in shares of the axes."""
    return MARGIN + SIDE * x, MARGIN + SIDE * (1 - y)


def _line(spots: Iterable[tuple[float, float]], colour: str, *, dashed: bool = False) -> str:
    points = " ".join("{:.1f},{:.1f}".format(*_place(*spot)) for spot in spots)
    dash = ' stroke-dasharray="4 4"' if dashed else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>'


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", colour: str = "#222222", turn: int = 0
) -> str:
    turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{turned}>'
        f"{escape(words)}</text>"
    )


def _svg(width: int, height: int, parts: Iterable[str], title: str) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="12">'
    )
    ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", ground, *parts, "</svg>"]) + "\n"
