"""The command line: the same engine without a screen, and the way into the desk.

Nothing here imports textual until a screen opens. Results go to stdout, progress and messages to
stderr, progress only where stderr is a terminal.

Exit codes: 0 done (also with problem rows), 2 usage, 3 input, 4 scores or model, 5 locked,
130 cancelled.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

import orjson
import typer

from engine.errors import Cancelled, TamisError, UsageError
from engine.sample import Family

LISTED_PROBLEMS = 20

Choice = TypeVar("Choice", bound=StrEnum)

app = typer.Typer(
    name="tamis",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Review an instruction-tuning dataset by keyboard while reward scores stream in.\n\n"
    "`tamis DATA` opens the review desk; every command below works without a screen.",
)

DataArgument = Annotated[Path, typer.Argument(metavar="DATA", help="A file or folder, local.")]
FamilyOption = Annotated[
    Family | None, typer.Option(help="Read the rows as this family instead of detecting it.")
]
PromptOption = Annotated[
    str | None, typer.Option("--prompt-column", help="The column that holds the prompt.")
]
ResponseOption = Annotated[
    str | None, typer.Option("--response-column", help="The column that holds the response.")
]
SessionOption = Annotated[
    Path | None, typer.Option("--session", help="The session file; default beside the dataset.")
]
ReviewerOption = Annotated[
    str | None, typer.Option("--reviewer", help="Who decides; default the login name.")
]
ScorerOption = Annotated[
    str | None,
    typer.Option(
        "--scorer",
        metavar="S",
        help="heuristic, hf:NAME_OR_PATH, column:NAME, file:PATH[:COLUMN] or none; "
        "default the one used last, else heuristic.",
    ),
]
ThresholdOption = Annotated[
    str | None,
    typer.Option("--threshold", metavar="T", help="1.5, 'top 1000' or 25%, after >= or <=."),
]
FormatOption = Annotated[
    str,
    typer.Option(
        "--input-format",
        help="What the model reads: pair, chat, text, chapter or template:FILE; "
        "default what it was trained with.",
    ),
]
LabelOption = Annotated[
    str, typer.Option("--label", help="Which output of a classifier is the score.")
]
DeviceOption = Annotated[str, typer.Option("--device", help="cuda, mps or cpu; default the best.")]
LengthOption = Annotated[
    int, typer.Option("--max-length", min=0, help="Tokens the model reads; 0: as it says.")
]
PickleOption = Annotated[
    bool, typer.Option("--allow-pickle", help="Load pickled weights (weights only, no code).")
]
RemoteOption = Annotated[
    bool, typer.Option("--trust-remote-code", help="Run the model repository's own code.")
]
DownloadOption = Annotated[
    bool, typer.Option("--download", help="Fetch a model that is not on this disk.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


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
def open_desk(
    data: DataArgument,
    *,
    scorer: ScorerOption = None,
    threshold: ThresholdOption = None,
    family: FamilyOption = None,
    prompt_column: PromptOption = None,
    response_column: ResponseOption = None,
    session: SessionOption = None,
    reviewer: ReviewerOption = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Look, beside a desk that is open, decide nothing.")
    ] = False,
    input_format: FormatOption = "",
    label: LabelOption = "",
    device: DeviceOption = "",
    max_length: LengthOption = 0,
    allow_pickle: PickleOption = False,
    trust_remote_code: RemoteOption = False,
    download: DownloadOption = False,
) -> None:
    """Open the review desk on DATA; `tamis DATA` is the same."""
    from engine.session import OpenOptions

    _run_desk(
        data,
        OpenOptions(family, prompt_column, response_column, session, reviewer, read_only),
        scorer=scorer,
        threshold=threshold,
        scorer_options={
            "input_format": input_format,
            "label": label,
            "device": device,
            "max_length": max_length,
            "allow_pickle": allow_pickle,
            "trust_remote_code": trust_remote_code,
            "download": download,
        },
    )


@app.command()
def demo(
    *,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget earlier decisions on the demo.")
    ] = False,
    scorer: ScorerOption = None,
    reviewer: ReviewerOption = None,
) -> None:
    """Open the review desk on the bundled dataset: 2,000 rows with planted faults."""
    from engine.demo import demo_folder
    from engine.session import OpenOptions

    _run_desk(
        demo_folder(),
        OpenOptions(reviewer=reviewer, demo=True, fresh=fresh),
        scorer=scorer,
        threshold=None,
        scorer_options={},
    )


@app.command()
def info(
    data: DataArgument,
    *,
    family: FamilyOption = None,
    prompt_column: PromptOption = None,
    response_column: ResponseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what DATA is: family, columns used, rows, and its problems with file and line."""
    from engine.dataset import open_dataset
    from engine.info import describe

    with _Progress() as progress:
        dataset = open_dataset(
            data,
            family=family,
            prompt_column=prompt_column,
            response_column=response_column,
            progress=progress,
        )
        description = describe(dataset)
    if as_json:
        _print_json(description)
    else:
        typer.echo(_info_text(description))


@app.command()
def score(
    data: DataArgument,
    *,
    scorer: ScorerOption = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", help="Also write the scores as Parquet: row, identity, score."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the output file.")
    ] = False,
    family: FamilyOption = None,
    prompt_column: PromptOption = None,
    response_column: ResponseOption = None,
    session: SessionOption = None,
    input_format: FormatOption = "",
    label: LabelOption = "",
    device: DeviceOption = "",
    max_length: LengthOption = 0,
    allow_pickle: PickleOption = False,
    trust_remote_code: RemoteOption = False,
    download: DownloadOption = False,
    as_json: JsonOption = False,
) -> None:
    """Score every row; a run that is killed goes on where it was."""
    from engine.scores_file import refuse_existing, write_scores
    from engine.scoring import ScorerOptions
    from engine.session import OpenOptions, Session

    if output is not None:
        refuse_existing(output, overwrite=overwrite, source=data)
    options = OpenOptions(family, prompt_column, response_column, session)
    with _Progress() as progress:
        review = Session.open(data, options, progress=progress)
        try:
            review.start_scoring(
                scorer or review.last_scorer,
                ScorerOptions(
                    device=device,
                    input_format=input_format,
                    max_length=max_length,
                    label=label,
                    allow_pickle=allow_pickle,
                    download=download,
                    trust_remote_code=trust_remote_code,
                ),
            )
            _wait(review, progress)
            result = review.scoring_result()
            if output is not None:
                write_scores(review, output)
                result["output"] = str(output)
        finally:
            review.close()
    if as_json:
        _print_json(result)
    else:
        typer.echo(
            f"{result['scored']:,} of {result['rows']:,} rows scored by {result['scorer']}"
            f", {result['failed']:,} failed, {result['broken']:,} could not be read"
        )


@app.command("export")
def export_command(
    data: DataArgument,
    *,
    output: Annotated[Path, typer.Option("--output", metavar="OUT", help="A new folder.")],
    threshold: ThresholdOption = None,
    scorer: ScorerOption = None,
    file_format: Annotated[
        str, typer.Option("--format", help="jsonl, parquet, csv or hf; default as the source.")
    ] = "",
    keep: Annotated[
        str, typer.Option("--keep", help="Which rows: kept, dropped, pending or all.")
    ] = "kept",
    annotate: Annotated[
        bool, typer.Option("--annotate", help="Add what tamis knows as tamis_* columns.")
    ] = False,
    allow_pending: Annotated[
        bool, typer.Option("--allow-pending", help="Export although rows are not scored.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier export of tamis.")
    ] = False,
    family: FamilyOption = None,
    prompt_column: PromptOption = None,
    response_column: ResponseOption = None,
    session: SessionOption = None,
    input_format: FormatOption = "",
    label: LabelOption = "",
    device: DeviceOption = "",
    max_length: LengthOption = 0,
    allow_pickle: PickleOption = False,
    trust_remote_code: RemoteOption = False,
    download: DownloadOption = False,
    as_json: JsonOption = False,
) -> None:
    """Score what is not scored yet, apply verdicts and threshold, and write the subset."""
    from engine.export import ExportFormat, ExportPlan, Keep
    from engine.scoring import ScorerOptions
    from engine.session import OpenOptions, Session

    wanted = _choice(ExportFormat, file_format, "--format") if file_format else None
    rows = _choice(Keep, keep, "--keep")
    options = OpenOptions(family, prompt_column, response_column, session)
    with _Progress() as progress:
        review = Session.open(data, options, progress=progress)
        try:
            review.start_scoring(
                scorer or review.last_scorer,
                ScorerOptions(
                    device=device,
                    input_format=input_format,
                    max_length=max_length,
                    label=label,
                    allow_pickle=allow_pickle,
                    download=download,
                    trust_remote_code=trust_remote_code,
                ),
            )
            if threshold is not None:
                review.set_threshold(threshold)
            _wait(review, progress)
            plan = ExportPlan(
                output=output,
                format=wanted or review.native_format,
                keep=rows,
                annotate=annotate,
                overwrite=overwrite,
                allow_pending=allow_pending,
            )
            report = review.export(
                plan, progress=lambda done, total: progress("exporting", done, total)
            )
        finally:
            review.close()
    if as_json:
        _print_json({"output": str(report.output), "counts": report.counts, "files": report.files})
    else:
        counts = ", ".join(f"{count:,} {name}" for name, count in report.counts.items())
        typer.echo(f"{report.output}: {counts}")


def _choice(kind: type[Choice], text: str, flag: str) -> Choice:
    """One of an enumeration's values.

    Raises:
        UsageError: it is none of them.
    """
    try:
        return kind(text)
    except ValueError:
        names = ", ".join(member.value for member in kind)
        raise UsageError(f"{flag} {text!r} does not exist", f"one of: {names}") from None


def _run_desk(
    data: Path,
    options: Any,
    *,
    scorer: str | None,
    threshold: str | None,
    scorer_options: dict[str, Any],
) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "the desk needs a terminal",
            "without one, use tamis info, tamis score or tamis export",
        )
    from engine.scoring import ScorerOptions
    from tui.app import run_desk

    run_desk(
        data,
        options,
        scorer=scorer,
        threshold=threshold,
        scorer_options=ScorerOptions(**scorer_options),
    )


def _wait(review: Any, progress: _Progress) -> None:
    """Wait for the worker; ctrl+c cancels it, and what it has scored stays."""

    def tick(status: Any) -> bool:
        rate = f", {status.rows_per_s:,.0f}/s" if status.rows_per_s else ""
        progress(f"{status.state.value}: {status.scorer}{rate}", status.done, status.total)
        return False

    try:
        review.wait_for_scores(tick)
    except KeyboardInterrupt:
        raise Cancelled("cancelled; what was scored is kept") from None


class _Progress:
    """One line on stderr that is written over, and nothing where stderr is no terminal."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._last_s = 0.0
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._write("")

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Show it, at most ten times a second."""
        if not self._shown or (time.monotonic() - self._last_s < 0.1 and done != total):
            return
        self._last_s = time.monotonic()
        share = f" of {total:,} ({done / total:.0%})" if total else ""
        self._write(f"{what}: {done:,}{share}")

    def _write(self, text: str) -> None:
        if self._shown and (text or self._width):
            from tui.display import sanitize

            text = sanitize(text)[:120]
            sys.stderr.write("\r" + text.ljust(self._width) + ("" if text else "\r"))
            sys.stderr.flush()
            self._width = len(text)


def _print_json(value: object) -> None:
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def _info_text(description: dict[str, Any]) -> str:
    """`tamis info` for people; data is quoted through `sanitize`."""
    from tui.display import sanitize

    columns = ", ".join(f"{part} = {name}" for part, name in description["columns"].items())
    longest = description["longest"]
    lines = [
        f"family    {description['family']}",
        f"columns   {columns or 'none recognised: name them with --prompt-column'}",
        f"rows      {description['rows']:,}",
        f"longest   row {longest['row']}, {longest['characters']:,} characters" if longest else "",
        f"system    {description['system_turns']:,} turns, tool {description['tool_turns']:,}",
        f"problems  {description['problems_total']:,}",
    ]
    for problem in description["problems"][:LISTED_PROBLEMS]:
        where = problem["file"] + (f":{problem['line']}" if problem["line"] else "")
        lines.append(f"  {where}: {problem['cause']}")
    hidden = description["problems_total"] - LISTED_PROBLEMS
    if hidden > 0:
        lines.append(f"  … and {hidden:,} more: --json lists the first 1,000")
    return "\n".join(sanitize(line) for line in lines if line)


def with_default_command(arguments: Sequence[str], commands: Sequence[str]) -> list[str]:
    """`DATA …` becomes `open DATA …`; a file named like a command is written `./info`."""
    for argument in arguments:
        if argument in ("--help", "--version") or argument in commands:
            return list(arguments)
        if not argument.startswith("-"):
            return ["open", *arguments]
    return list(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    raise SystemExit(_run(list(sys.argv[1:] if arguments is None else arguments)))


def _run(arguments: list[str]) -> int:
    commands = [
        command.name or command.callback.__name__
        for command in app.registered_commands
        if command.callback
    ]
    try:
        return _exit_code(app(with_default_command(arguments, commands), standalone_mode=True))
    except TamisError as error:
        from tui.display import sanitize

        sys.stderr.write(sanitize(f"tamis: {error}") + "\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("tamis: cancelled\n")
        return Cancelled.exit_code


def _exit_code(result: object) -> int:
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    main()
