"""`tamis demo`: the desk on the bundled rows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from tui.cli import flags
from tui.cli.desk import refuse_without_terminal


@flags.grouped
def demo(
    *,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget earlier decisions on the demo.")
    ] = False,
    scorer: flags.Scorer = None,
    reviewer: flags.Reviewer = None,
    looks: flags.Desk,
) -> None:
    """Open the desk on 2,000 bundled rows with planted faults."""
    from engine.demo import demo_folder
    from engine.session import OpenOptions
    from tui.preferences import load_preferences

    preferences = load_preferences(**asdict(looks))
    refuse_without_terminal()
    from tui.app import run_desk

    run_desk(
        demo_folder(),
        OpenOptions(reviewer=reviewer, demo=True, fresh=fresh),
        scorer=scorer,
        threshold=None,
        scorer_options=None,
        preferences=preferences,
    )
