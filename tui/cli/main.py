"""The command line: the same engine without a screen, and the way into the desk.

Nothing here imports textual until a screen opens. Results go to stdout, progress and messages to
stderr, progress only where stderr is a terminal. The exit codes are those of `engine.errors`;
engine/help/commands.md lists them.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from engine.errors import Cancelled, TamisError, UsageError
from tui.cli.config import config
from tui.cli.dedup import dedup
from tui.cli.demo import demo
from tui.cli.desk import open_desk
from tui.cli.export import export
from tui.cli.importing import import_carried
from tui.cli.info import info
from tui.cli.keys import keys
from tui.cli.log import log
from tui.cli.merge import merge
from tui.cli.models import models
from tui.cli.score import score
from tui.cli.screenshot import screenshot
from tui.cli.simulate import simulate
from tui.cli.spotcheck import spotcheck
from tui.cli.streams import complain, put_message

COMMANDS: Mapping[str, Callable[..., None]] = {
    "open": open_desk,
    "demo": demo,
    "info": info,
    "score": score,
    "export": export,
    "simulate": simulate,
    "spotcheck": spotcheck,
    "models": models,
    "dedup": dedup,
    "import": import_carried,
    "merge": merge,
    "keys": keys,
    "config": config,
    "log": log,
    "screenshot": screenshot,
}
"""Every command, in the order of the help. A new one is a module and a row."""

app = typer.Typer(
    name="tamis",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Review an instruction-tuning dataset by keyboard while reward scores stream in.\n\n"
    "`tamis DATA` opens the review desk; every command below works without a screen.",
)


@app.callback(invoke_without_command=True)
def _root(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.")
    ] = False,
) -> None:
    if show_version:
        typer.echo(f"tamis {version('tamis')}")
        raise typer.Exit


for _name, _command in COMMANDS.items():
    app.command(_name)(_command)


def with_default_command(arguments: Sequence[str], commands: Collection[str]) -> list[str]:
    """`DATA …` becomes `open DATA …`; a file named like a command is written `./info`."""
    if not arguments or arguments[0] in ("--help", "--version", *commands):
        return list(arguments)
    return ["open", *arguments]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - never closed
    raise SystemExit(_run(list(sys.argv[1:] if arguments is None else arguments)))


def _run(arguments: list[str]) -> int:
    given = with_default_command(arguments, COMMANDS)
    try:
        result = app(given, prog_name="tamis", standalone_mode=False)
    except TamisError as error:
        complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        result = Cancelled.exit_code
    except Exception as error:
        # Typer's usage errors have no public name, but they can all show themselves.
        show = getattr(error, "show", None)
        if show is None:
            raise
        shown = io.StringIO()
        show(shown)
        put_message(shown.getvalue())
        return int(getattr(error, "exit_code", UsageError.exit_code))
    if result == Cancelled.exit_code:
        complain("cancelled")
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    main()
