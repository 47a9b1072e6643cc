"""`tamis score`: every row scored, without a screen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.errors import ScorerError, UsageError
from engine.scoring.kinds import NO_SCORER
from tui.cli import flags
from tui.cli.headless import headless, opened, score_rows
from tui.cli.streams import print_result


@flags.grouped
def score(
    data: flags.Data,
    *,
    scorer: flags.Scorer = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", help="Also write the scores as Parquet: row, identity, score."),
    ] = None,
    overwrite: flags.Overwrite = False,
    parts: flags.Parts,
    reading: flags.Reading,
    session: flags.Session = None,
    model: flags.Model,
    as_json: flags.Json = False,
) -> None:
    """Score every row; resumes a run that was stopped or killed."""
    from engine.session import OpenOptions
    from engine.session.scores_file import check_output, write_scores

    _refuse_no_scorer(scorer)
    options = OpenOptions(reading=reading.options(), session=session)
    with (
        headless() as progress,
        opened(data, options, progress, parts, download=model.download) as review,
    ):
        _refuse_no_scorer(scorer or review.scoring.last_spec)
        if output is not None:
            check_output(output, review, overwrite=overwrite)
        score_rows(review, scorer, model.options(), progress)
        result = review.scoring.result()
        if not result["scored"] and result["failed"]:
            reason = next(iter(review.board.reasons.values()), "")
            raise ScorerError(f"none of {result['rows']:,} rows could be scored", reason)
        if output is not None:
            write_scores(review, output)
            result["output"] = str(output)
    print_result(result, score_text(result), as_json=as_json)


def _refuse_no_scorer(scorer: str | None) -> None:
    if scorer == NO_SCORER:
        raise UsageError(f"{NO_SCORER} scores nothing", "name a scorer with --scorer")


def score_text(result: Mapping[str, Any]) -> str:
    """A run of scoring, from `LiveScoring.result`."""
    form = f" in the format {result['input_format']}" if result["input_format"] else ""
    cut = f", {result['truncated']:,} read in part" if result["truncated"] else ""
    return (
        f"{result['scored']:,} of {result['rows']:,} rows scored by {result['scorer']}{form}"
        f"{cut}, {result['failed']:,} failed, {result['broken']:,} could not be read; "
        f"{result['new_scores']:,} scores are new"
    )
