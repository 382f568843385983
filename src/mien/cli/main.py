"""The `mien` command: finds the sub-command, turns errors into a sentence and an exit code."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Sequence

import click

from mien.errors import MienError
from mien.version import __version__

COMMANDS = {
    "analyze": "find, follow and describe faces in photos and videos",
    "audit": "say whether faces can be seen in a redacted photo or video",
    "demo": "run the main jobs on a real clip and a real photo",
    "doctor": "check that this machine has what mien needs",
    "fairness": "measure how evenly mien works over the people in your own pictures",
    "jobs": "submit, list, watch, cancel and download the media jobs of a service",
    "keys": "make, list, revoke and rotate API keys of the service",
    "live": "find, follow and describe faces as a camera, a stream or a file shows them",
    "models": "list, fetch, check and explain the models",
    "redact": "hide the faces in photos and videos",
    "serve": "answer programs that were written for Azure's, Kairos' and other face services",
    "users": "add, list, disable and remove the users of the studio",
    "verify": "say whether two photos show the same person",
}
"""Each command is `mien.cli.<name>:command`, imported when it is called: start-up stays short."""

INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group whose commands are imported on use; its help needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"mien.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mien")
def mien() -> None:
    """Find, follow, read, recognise and hide faces, on your own machine.

    Example: mien analyze clip.mp4 -o clip.json
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 all was done, 1 it failed, 2 bad usage, 130 interrupted."""
    _announce_downloads()
    try:
        code = mien.main(args=arguments, prog_name="mien", standalone_mode=False)
    except click.Abort:
        code = _say("interrupted; nothing unfinished was kept", INTERRUPTED)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except MienError as error:
        code = _say(str(error), error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone; Python would complain about it
        code = 1
    except MemoryError:
        code = _say("there is not enough memory for this; close what else is running", 1)
    except Exception as error:
        if os.environ.get("MIEN_TRACEBACK"):
            raise
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        code = _say(
            f"this is a fault of mien itself ({what}); run it again with MIEN_TRACEBACK=1 and "
            "report what that prints",
            1,
        )
    sys.exit(code if isinstance(code, int) else 0)


def _announce_downloads() -> None:
    """A first use may fetch a hundred megabytes; that must not happen in silence."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("mien: %(message)s"))
    log = logging.getLogger("mien.models.store")
    log.setLevel(logging.INFO)
    log.handlers[:] = [handler]


def _say(sentence: str, code: int) -> int:
    click.echo(f"mien: {sentence}", err=True)
    return code
