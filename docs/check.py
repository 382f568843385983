"""Hold the documentation to the code: links, commands, options, figures of the public surface.

python -m docs.check            exit code 1 and one line for each fault
python -m docs.check --write    write docs/reference/cli.md anew first
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from mien.cli.main import COMMANDS, mien

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs/reference/cli.md"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def walk_commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, groups before their members."""
    context = click.Context(mien, info_name="mien")
    for name in COMMANDS:
        command = mien.get_command(context, name)
        assert command is not None
        yield f"mien {name}", command
        if isinstance(command, click.Group):
            for child in sorted(command.commands):
                yield f"mien {name} {child}", command.commands[child]


def command_reference() -> str:
    """The page that lists the help of every command, as the command line prints it."""
    origin = "Written by `python -m docs.check --write` from the commands' own help."
    parts = [f"# Command line\n\n{origin}\n"]
    for name, command in walk_commands():
        context = click.Context(command, info_name=name, terminal_width=96)
        parts.append(f"## {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def faults() -> Iterator[str]:
    """One line for each thing the documentation says that is not so."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for target in LINK.findall(text):
            if not (page.parent / target).exists():
                yield f"{page.relative_to(ROOT)}: there is no {target}"
    for name, command in walk_commands():
        if not isinstance(command, click.Group) and "Example" not in (command.help or ""):
            yield f"{name}: its help has no example"
        for option in command.params:
            if isinstance(option, click.Option) and not option.help:
                yield f"{name}: {option.opts[0]} has no help"
    if not REFERENCE.exists() or REFERENCE.read_text(encoding="utf-8") != command_reference():
        yield "docs/reference/cli.md is not what the commands say: run python -m docs.check --write"


def main() -> None:
    """Print the faults and exit with 1 if there are any."""
    if "--write" in sys.argv[1:]:
        REFERENCE.write_text(command_reference(), encoding="utf-8")
    found = list(faults())
    for fault in found:
        print(fault)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
