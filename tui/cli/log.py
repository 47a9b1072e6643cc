"""`tamis log`: what libraries had to say while a desk was open."""

from __future__ import annotations

from typing import Annotated

import typer

from tui.cli import flags
from tui.cli.streams import complain, print_json, print_text


def log(
    *,
    lines: Annotated[
        int, typer.Option("--lines", metavar="N", min=1, help="How many, from the end.")
    ] = 50,
    path: Annotated[bool, typer.Option("--path", help="Print where the file is.")] = False,
    as_json: flags.Json = False,
) -> None:
    """Show what libraries had to say while a desk was open."""
    from tui.terminal.screen_log import log_lines, log_path

    if path:
        print_text(str(log_path()))
        return
    found = log_lines(lines)
    if as_json:
        print_json({"path": str(log_path()), "lines": found})
    elif found:
        print_text("\n".join(found))
    else:
        complain(f"nothing has been logged in {log_path()}")
