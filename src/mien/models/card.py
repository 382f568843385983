"""Model cards: what the catalogue says of a model, and what was measured of it."""

from __future__ import annotations

from mien.models.catalogue import Entry, entry


def card(name: str) -> str:
    """The model's card as Markdown: source, hash, licence, input, output, thresholds, weak sides.

    Raises:
        UnknownModelError: no such name in the catalogue.
    """
    model = entry(name)
    lines = [f"# {name}", "", "| | |", "|---|---|"]
    lines += [f"| {label} | {value} |" for label, value in _facts(model)]
    if model.card is not None:
        lines += ["", model.card.read_text(encoding="utf-8").rstrip()]
    return "\n".join(lines) + "\n"


def _facts(model: Entry) -> list[tuple[str, str]]:
    facts = [("kind", model.kind), ("source", str(model.source)), ("licence", model.licence)]
    if model.opt_in:
        facts.append(("fetched", "only once its licence is accepted"))
    if model.sha256:
        facts += [("sha256", model.sha256), ("size", f"{model.size:,} bytes")]
    if model.convert is not None:
        facts.append(("converted", "when it is fetched; hash and size are those of the source"))
    if model.input is not None:
        facts.append(("input", model.input))
    if model.labels:
        facts.append(("labels", ", ".join(model.labels)))
    return facts
