"""`tamis export`: the subset that verdicts, scores and threshold keep, without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.cli import flags
from tui.cli.headless import headless, opened, score_rows, wait_for_duplicates
from tui.cli.hub import Push, push_report, push_text
from tui.cli.streams import print_json, print_text

if TYPE_CHECKING:
    from engine.export.plan import ExportReport
    from engine.session import Session


@flags.grouped
def export(
    data: flags.Data,
    *,
    output: Annotated[Path, typer.Option("--output", metavar="OUT", help="A new folder.")],
    threshold: flags.Threshold = None,
    scorer: flags.Scorer = None,
    drop_duplicates: flags.DropDuplicates = None,
    copies: flags.Copies = "rows",
    file_format: Annotated[
        str, typer.Option("--format", help="jsonl, parquet, csv or hf; default as the source.")
    ] = "",
    keep: Annotated[
        str, typer.Option("--keep", help="Which rows: kept, dropped, pending or all.")
    ] = "kept",
    annotate: Annotated[
        bool, typer.Option("--annotate", help="Add what tamis knows as tamis_* columns.")
    ] = False,
    edits: Annotated[
        str,
        typer.Option("--edits", help="Edited samples: apply (as they read now) or ignore."),
    ] = "apply",
    allow_pending: Annotated[
        bool, typer.Option("--allow-pending", help="Export although rows are not scored.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier export of tamis.")
    ] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Export beside a desk that is open.")
    ] = False,
    push: Push,
    parts: flags.Parts,
    reading: flags.Reading,
    session: flags.Session = None,
    model: flags.Model,
    as_json: flags.Json = False,
) -> None:
    """Write the subset that verdicts, scores and threshold keep.

    What is not scored yet is scored first. The threshold holds for this run; without one, the
    one set in the desk, else the scorer's own, else the median as a guess. With
    --drop-duplicates, or with the rule switched on in the desk, rows too like a better kept one
    are dropped last. With --push, the finished folder is sent to the hub after a count and a
    yes.
    """
    from engine.export.formats import format_named, native_format
    from engine.export.plan import Copies, Edited, ExportPlan, Keep
    from engine.session import OpenOptions
    from engine.session.exporting import check_plan, export_session

    wanted = format_named(file_format).name if file_format else None
    rows = flags.choice(Keep, keep, "--keep")
    written = flags.choice(Copies, copies, "--copies")
    edited = flags.choice(Edited, edits, "--edits")
    similarity = None
    if drop_duplicates is not None:
        from engine.duplicates.settings import parse_similarity

        similarity = parse_similarity(drop_duplicates)
    options = OpenOptions(reading=reading.options(), session=session, read_only=read_only)
    with headless() as progress:
        standing = push.check(progress)
    with (
        headless() as progress,
        opened(data, options, progress, parts, download=model.download) as review,
    ):
        plan = ExportPlan(
            output=output,
            format=wanted or native_format(review.dataset.source_kind),
            keep=rows,
            annotate=annotate,
            overwrite=overwrite,
            allow_pending=allow_pending,
            copies=written,
            edits=edited,
        )
        check_plan(review, plan)
        score_rows(review, scorer, model.options(), progress)
        if threshold is not None:
            review.threshold_choice.forget()
            review.set_threshold(threshold, save=False)
        if similarity is not None:
            review.duplicates.set_rule(similarity, save=False)
        if not review.duplicates.ready:
            review.duplicates.require()
            wait_for_duplicates(review, progress)
        report = export_session(
            review, plan, progress=lambda done, all_: progress("exporting", done, all_)
        )
        source = _threshold_source(review, threshold)
    described = report.manifest["threshold"]
    if isinstance(described, dict):
        described = {**described, "source": source}
    values: dict[str, Any] = {
        "output": str(report.output),
        "counts": report.counts,
        "threshold": described,
        "duplicates": report.manifest["duplicates"],
        "copies": report.manifest["copies"],
        "files": report.files,
    }
    if not as_json:
        print_text(export_text(report, described))
    if standing is not None:
        with headless() as progress:
            pushed = push_report(report, standing, progress, yes=push.yes)
        values["push"] = pushed
        if not as_json:
            print_text(push_text(pushed))
    if as_json:
        print_json(values)


def _threshold_source(review: Session, given: str | None) -> str:
    """Who set the threshold of an export."""
    if given is not None:
        return "given"
    if review.threshold_choice.preferred:
        return "the config file's"
    if review.threshold_choice.text:
        return "set in the session"
    guess = review.threshold is not None and review.threshold.guess
    return "a guess: the median" if guess else "the scorer's own"


def export_text(report: ExportReport, threshold: object) -> str:
    """An export, and the threshold of its manifest with who set it."""
    count = {name: f"{rows:,}" for name, rows in report.counts.items()}
    kept = f"{count['kept_by_hand']} by hand, {count['kept_by_rule']} by rule"
    dropped = f"{count['dropped_by_hand']} by hand, {count['dropped_by_rule']} by rule"
    lines = [
        f"{report.output}: {count['rows']} rows",
        f"kept      {count['kept']}: {kept}",
        f"dropped   {count['dropped']}: {dropped}, {count['dropped_broken']} could not be read",
        f"empty     {count['dropped_empty']} of the dropped have an empty response"
        if report.counts["dropped_empty"]
        else "",
        f"pending   {count['pending']}",
    ]
    if isinstance(threshold, dict):
        typed = f", for {threshold['text']}" if threshold["text"] else ""
        lines.append(f"threshold {threshold['says']} ({threshold['source']}{typed})")
        if threshold["rank"]:
            lines.append(f"          {threshold['rank']['says']}")
        if threshold["guess"]:
            lines.append("nobody chose that threshold: set one with --threshold")
    else:
        lines.append("threshold none")
    rule = report.manifest["duplicates"]
    if isinstance(rule, dict):
        lines.append(
            f"alike     {rule['dropped']:,} duplicates dropped at a similarity of "
            f"{rule['similarity']:g} or more; {rule['duplication_rate_kept']:.1%} of the kept rows "
            "are duplicates still"
        )
    copies = report.manifest["copies"]
    if isinstance(copies, dict) and copies["repeated_rows"]:
        how = f"column {copies['column']}" if copies["column"] else "lines"
        lines.append(
            f"copies    {copies['repeated_rows']:,} rows count more than once ({how}): "
            f"{copies['kept_counted']:,} rows with their copies"
        )
    return "\n".join(filter(None, lines))
