"""The command line: the same engine without a screen, and the way into the desk.

Nothing here imports textual until a screen opens. Results go to stdout, progress and messages to
stderr, progress only where stderr is a terminal.

Exit codes: 0 done (also with problem rows), 2 usage, 3 input, 4 scores or model, 5 locked,
130 cancelled.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import Cancelled, InputError, ScorerError, TamisError, UsageError
from engine.review.threshold import parse_threshold
from tui.cli.dedup import dedup
from tui.cli.headless import (
    headless,
    opened,
    refuse_unknown_rows,
    wait_for_duplicates,
    wait_for_scores,
)
from tui.cli.merge import merge
from tui.cli.models import models
from tui.cli.options import (
    CopiesOption,
    DataArgument,
    DeskFlags,
    DropOption,
    JsonOption,
    ModelFlags,
    OverwriteOption,
    ReadingFlags,
    ReviewerOption,
    ScorerOption,
    SessionOption,
    ThresholdOption,
    choice,
    grouped,
)
from tui.cli.report_text import export_text, info_text, score_text
from tui.cli.screenshot import screenshot
from tui.cli.settings import config, keys, log
from tui.cli.simulate import simulate
from tui.cli.spotcheck import spotcheck
from tui.cli.streams import complain, complain_of_usage, print_json, print_text

if TYPE_CHECKING:
    from engine.scoring import ScorerOptions
    from engine.session import OpenOptions, Session
    from tui.preferences import Preferences

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


@app.command("open")
@grouped
def open_desk(
    data: DataArgument,
    *,
    scorer: ScorerOption = None,
    threshold: ThresholdOption = None,
    reading: ReadingFlags,
    session: SessionOption = None,
    reviewer: ReviewerOption = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Look, beside a desk that is open, decide nothing.")
    ] = False,
    model: ModelFlags,
    looks: DeskFlags,
) -> None:
    """Open the review desk on DATA; `tamis DATA` is the same."""
    from engine.session import OpenOptions
    from tui.preferences import load_preferences

    _run_desk(
        data,
        OpenOptions(**asdict(reading), session=session, reviewer=reviewer, read_only=read_only),
        scorer=scorer,
        threshold=threshold,
        scorer_options=model.options(),
        preferences=load_preferences(**asdict(looks)),
    )


@app.command()
@grouped
def demo(
    *,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget earlier decisions on the demo.")
    ] = False,
    scorer: ScorerOption = None,
    reviewer: ReviewerOption = None,
    looks: DeskFlags,
) -> None:
    """Open the desk on 2,000 bundled rows with planted faults."""
    from engine.demo import demo_folder
    from engine.session import OpenOptions
    from tui.preferences import load_preferences

    _run_desk(
        demo_folder(),
        OpenOptions(reviewer=reviewer, demo=True, fresh=fresh),
        scorer=scorer,
        threshold=None,
        scorer_options=None,
        preferences=load_preferences(**asdict(looks)),
    )


@app.command()
@grouped
def info(
    data: DataArgument,
    *,
    reading: ReadingFlags,
    as_json: JsonOption = False,
) -> None:
    """Say what DATA is: family, columns, rows, problems."""
    from engine.dataset.dataset import open_dataset
    from engine.dataset.info import describe

    with headless() as progress:
        dataset = open_dataset(data, **asdict(reading), progress=progress)
        description = describe(dataset)
        dataset.close()
    if as_json:
        print_json(description)
    else:
        print_text(info_text(description))


@app.command()
@grouped
def score(
    data: DataArgument,
    *,
    scorer: ScorerOption = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", help="Also write the scores as Parquet: row, identity, score."),
    ] = None,
    overwrite: OverwriteOption = False,
    reading: ReadingFlags,
    session: SessionOption = None,
    model: ModelFlags,
    as_json: JsonOption = False,
) -> None:
    """Score every row; resumes a run that was stopped or killed."""
    from engine.session import OpenOptions
    from engine.session.scores_file import check_output, write_scores

    _refuse_no_scorer(scorer)
    options = OpenOptions(**asdict(reading), session=session)
    with headless() as progress, opened(data, options, progress) as review:
        _refuse_no_scorer(scorer or review.scoring.last_spec)
        refuse_unknown_rows(review, scorer)
        if output is not None:
            check_output(output, review, overwrite=overwrite)
        review.start_scoring(scorer, model.options())
        wait_for_scores(review, progress)
        result = review.scoring.result()
        if not result["scored"] and result["failed"]:
            reason = next(iter(review.board.reasons.values()), "")
            raise ScorerError(f"none of {result['rows']:,} rows could be scored", reason)
        if output is not None:
            write_scores(review, output)
            result["output"] = str(output)
    if as_json:
        print_json(result)
    else:
        print_text(score_text(result))


@app.command("export")
@grouped
def export_command(
    data: DataArgument,
    *,
    output: Annotated[Path, typer.Option("--output", metavar="OUT", help="A new folder.")],
    threshold: ThresholdOption = None,
    scorer: ScorerOption = None,
    drop_duplicates: DropOption = None,
    repeats: CopiesOption = "rows",
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
    reading: ReadingFlags,
    session: SessionOption = None,
    model: ModelFlags,
    as_json: JsonOption = False,
) -> None:
    """Write the subset that verdicts, scores and threshold keep.

    What is not scored yet is scored first. The threshold holds for this run; without one, the
    one set in the desk, else the scorer's own, else the median as a guess. With
    --drop-duplicates, or with the rule switched on in the desk, rows too like a better kept one
    are dropped last.
    """
    from engine.export import Copies, Edited, ExportPlan, Keep, format_named, native_format
    from engine.session import OpenOptions
    from engine.session.exporting import check_plan, export_session

    wanted = format_named(file_format).name if file_format else None
    rows = choice(Keep, keep, "--keep")
    written = choice(Copies, repeats, "--repeats")
    edited = choice(Edited, edits, "--edits")
    if threshold is not None:
        parse_threshold(threshold)
    similarity = None
    if drop_duplicates is not None:
        from engine.duplicates.settings import parse_similarity

        similarity = parse_similarity(drop_duplicates)
    options = OpenOptions(**asdict(reading), session=session, read_only=read_only)
    with headless() as progress, opened(data, options, progress) as review:
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
        refuse_unknown_rows(review, scorer)
        review.start_scoring(scorer, model.options())
        wait_for_scores(review, progress)
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
    if as_json:
        print_json(
            {
                "output": str(report.output),
                "counts": report.counts,
                "threshold": described,
                "duplicates": report.manifest["duplicates"],
                "repeats": report.manifest["repeats"],
                "files": report.files,
            }
        )
    else:
        print_text(export_text(report, described))


app.command("simulate")(simulate)
app.command("spotcheck")(spotcheck)
app.command("models")(models)
app.command("dedup")(dedup)
app.command("merge")(merge)
app.command("keys")(keys)
app.command("config")(config)
app.command("log")(log)
app.command("screenshot")(screenshot)


def _refuse_no_scorer(scorer: str | None) -> None:
    if scorer == "none":
        raise UsageError("none scores nothing", "name a scorer with --scorer")


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


def _run_desk(
    data: Path,
    options: OpenOptions,
    *,
    scorer: str | None,
    threshold: str | None,
    scorer_options: ScorerOptions | None,
    preferences: Preferences,
) -> None:
    _check_there(data)
    if threshold is not None:
        parse_threshold(threshold)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "the desk needs a terminal",
            "without one, use tamis info, tamis score or tamis export",
        )
    from tui.app import run_desk

    run_desk(
        data,
        options,
        scorer=scorer,
        threshold=threshold,
        scorer_options=scorer_options,
        preferences=preferences,
    )


def _check_there(data: Path) -> None:
    """Tell a slip in a command from a slip in a path, before a screen opens.

    Raises:
        UsageError: neither a file nor a command.
        InputError: no such file.
    """
    if os.path.lexists(data):
        return
    commands = ", ".join(_commands())
    if data.name == str(data) and not data.suffix:
        raise UsageError(f"no file and no command of this name: {data}", f"commands: {commands}")
    raise InputError(f"{data}: no such file or folder", "check the path")


def with_default_command(arguments: Sequence[str], commands: Sequence[str]) -> list[str]:
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


def _commands() -> list[str]:
    return [
        command.name or command.callback.__name__
        for command in app.registered_commands
        if command.callback
    ]


def _run(arguments: list[str]) -> int:
    given = with_default_command(arguments, _commands())
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
        complain_of_usage(shown.getvalue())
        return int(getattr(error, "exit_code", UsageError.exit_code))
    if result == Cancelled.exit_code:
        complain("cancelled")
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    main()
