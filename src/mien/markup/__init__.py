"""Pages for people: one HTML file that needs nothing else; no text put into it can be markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

VOID = frozenset({"meta", "img"})

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""A page may load nothing and run nothing, whatever stands in it."""


class Html(str):
    """Markup, as against text, which is escaped where it is put into markup."""

    __slots__ = ()


def tag(name: str, /, *inside: str, **attributes: object) -> Html:
    """An element. Text is escaped, markup is not; `class_` is the attribute class, and other
    underscores stand for hyphens."""
    pairs = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    told = "".join(f' {key}="{escape(str(value))}"' for key, value in pairs)
    if name in VOID:
        return Html(f"<{name}{told}>")
    within = "".join(part if isinstance(part, Html) else escape(part) for part in inside)
    return Html(f"<{name}{told}>{within}</{name}>")


def page(title: str, sections: Iterable[Html], *, style: str = "") -> str:
    """A whole page as text, light or dark as the reader has it.

    Args:
        title: what the browser's tab says.
        sections: what is on it.
        style: CSS beside that of all pages, which is `page.css`.
    """
    shared = files("mien.markup").joinpath("page.css").read_text("utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Html(shared + style)),
    )
    body = tag("body", tag("main", *sections))
    return f"<!doctype html>\n{tag('html', head, Html(chr(10)), body, lang='en')}\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    """A table; the first cell of each row is its heading. A wide one scrolls by itself."""
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in heads)))
    lines = (
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]))
        for row in rows
    )
    return tag("div", tag("table", head, tag("tbody", *lines)), class_="scroll")
