"""`tamis spotcheck`: draw rows for a spot check, or say how the last one stands."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from engine.errors import UsageError
from tui.cli import flags
from tui.cli.headless import headless, opened, score_rows
from tui.cli.streams import print_result

DEFAULT_ROWS = 100


@flags.grouped
def spotcheck(
    data: flags.Data,
    *,
    rows: Annotated[
        int, typer.Option("--rows", metavar="N", help="How many to draw.")
    ] = DEFAULT_ROWS,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="S", help="Draw by this seed; random where left out."),
    ] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Draw nothing, say how the last one stands.")
    ] = False,
    threshold: flags.Threshold = None,
    scorer: flags.Scorer = None,
    parts: flags.Parts,
    reading: flags.Reading,
    session: flags.Session = None,
    reviewer: flags.Reviewer = None,
    model: flags.Model,
    as_json: flags.Json = False,
) -> None:
    """Draw kept rows at random, to see how many of them are bad.

    What is not scored yet is scored first; a threshold given here holds in the desk, too. The
    desk then opens on the drawn rows, their scores hidden, and tells the share at the end.
    Earlier checks stay on file and are in the manifest of an export.
    """
    from engine.audit.spotcheck import check_rows, values
    from engine.session import OpenOptions

    check_rows(rows)
    if report and (seed is not None or threshold is not None):
        raise UsageError("--report draws nothing", "leave --seed and --threshold out")
    options = OpenOptions(
        reading=reading.options(), session=session, reviewer=reviewer, read_only=report
    )
    with (
        headless() as progress,
        opened(data, options, progress, parts, download=model.download) as review,
    ):
        score_rows(review, scorer, model.options(), progress)
        if threshold is not None:
            review.set_threshold(threshold)
        check = review.orders.check if report else review.orders.draw(rows, seed=seed)
        if check is None:
            raise UsageError("no spot check has been drawn", "leave --report out to draw one")
        result = review.orders.result(check)
        described = {
            **values(check, result),
            "threshold": None if review.threshold is None else str(review.threshold),
            "earlier": review.orders.checks.index(check),
            "session": str(review.store.path),
        }
    which = f" --session {shlex.quote(str(session))}" if session is not None else ""
    lines = [
        f"{check.drawn:,} of {check.population:,} rows kept by rule ({described['threshold']})",
        f"seed {check.seed}, drawn by {check.drawn_by} on {check.drawn_at[:10]}",
        str(result),
    ]
    if result.under_way:
        lines.append(f"decide them with: tamis {shlex.quote(str(data))}{which}")
    print_result(described, "\n".join(lines), as_json=as_json)
