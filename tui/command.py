"""The command line: the same engine without a screen, and the way into the desk.

Nothing here imports textual until a screen opens. Results go to stdout, progress and messages to
stderr, progress only where stderr is a terminal.

Exit codes: 0 done (also with problem rows), 2 usage, 3 input, 4 scores or model, 5 locked,
130 cancelled.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import orjson
import typer

from engine.errors import (
    Cancelled,
    ExportError,
    InputError,
    ScorerError,
    SessionLockedError,
    TamisError,
    UsageError,
)
from engine.sample import Family
from engine.threshold import parse_threshold

if TYPE_CHECKING:
    from engine.export import ExportReport
    from engine.scoring.worker import WorkerStatus
    from engine.session import OpenOptions, Session

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
    Family | None,
    typer.Option(metavar="F", help="Read the rows as this family instead of detecting it."),
]
PromptOption = Annotated[
    str | None,
    typer.Option("--prompt-column", metavar="NAME", help="The column that holds the prompt."),
]
ResponseOption = Annotated[
    str | None,
    typer.Option("--response-column", metavar="NAME", help="The column that holds the response."),
]
SessionOption = Annotated[
    Path | None,
    typer.Option("--session", metavar="PATH", help="The session file; default beside the dataset."),
]
ReviewerOption = Annotated[
    str | None,
    typer.Option("--reviewer", metavar="NAME", help="Who decides; default the login name."),
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
        metavar="I",
        help="What the model reads: pair, chat, text, chapter or template:FILE; "
        "default what it was trained with.",
    ),
]
LabelOption = Annotated[
    str,
    typer.Option("--label", metavar="NAME", help="Which output of a classifier is the score."),
]
DeviceOption = Annotated[
    str, typer.Option("--device", metavar="D", help="cuda, mps or cpu; default the best.")
]
LengthOption = Annotated[
    int,
    typer.Option("--max-length", metavar="N", min=0, help="Tokens the model reads; 0: as it says."),
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
    """Open the desk on 2,000 bundled rows with planted faults."""
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
    """Say what DATA is: family, columns, rows, problems."""
    from engine.dataset import open_dataset
    from engine.info import describe

    with _headless() as progress:
        dataset = open_dataset(
            data,
            family=family,
            prompt_column=prompt_column,
            response_column=response_column,
            progress=progress,
        )
        description = describe(dataset)
        dataset.close()
    if as_json:
        _print_json(description)
    else:
        _print(_info_text(description))


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
    """Score every row; resumes a run that was stopped or killed."""
    from engine.scores_file import check_output, write_scores
    from engine.scoring import ScorerOptions
    from engine.session import OpenOptions

    _refuse_no_scorer(scorer)
    options = OpenOptions(family, prompt_column, response_column, session)
    how = ScorerOptions(
        device=device,
        input_format=input_format,
        max_length=max_length,
        label=label,
        allow_pickle=allow_pickle,
        download=download,
        trust_remote_code=trust_remote_code,
    )
    with _headless() as progress, _opened(data, options, progress) as review:
        _refuse_no_scorer(scorer or review.last_scorer)
        _refuse_unknown_rows(review, scorer)
        if output is not None:
            check_output(output, review, overwrite=overwrite)
        review.start_scoring(scorer, how)
        _wait(review, progress)
        result = review.scoring_result()
        if not result["scored"] and result["failed"]:
            reason = next(iter(review.board.reasons.values()), "")
            raise ScorerError(f"none of {result['rows']:,} rows could be scored", reason)
        if output is not None:
            write_scores(review, output)
            result["output"] = str(output)
    if as_json:
        _print_json(result)
    else:
        _print(
            f"{result['scored']:,} of {result['rows']:,} rows scored by {result['scorer']}"
            f", {result['failed']:,} failed, {result['broken']:,} could not be read; "
            f"{result['new_scores']:,} scores are new"
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
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Export beside a desk that is open.")
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
    """Write the subset that verdicts, scores and threshold keep.

    What is not scored yet is scored first. The threshold holds for this run; without one, the
    one set in the desk, else the scorer's own, else the median as a guess.
    """
    from engine.export import ExportFormat, ExportPlan, Keep
    from engine.scoring import ScorerOptions
    from engine.session import OpenOptions

    wanted = _choice(ExportFormat, file_format, "--format") if file_format else None
    rows = _choice(Keep, keep, "--keep")
    if threshold is not None:
        parse_threshold(threshold)
    options = OpenOptions(family, prompt_column, response_column, session, read_only=read_only)
    how = ScorerOptions(
        device=device,
        input_format=input_format,
        max_length=max_length,
        label=label,
        allow_pickle=allow_pickle,
        download=download,
        trust_remote_code=trust_remote_code,
    )
    with _headless() as progress, _opened(data, options, progress) as review:
        plan = ExportPlan(
            output=output,
            format=wanted or review.native_format,
            keep=rows,
            annotate=annotate,
            overwrite=overwrite,
            allow_pending=allow_pending,
        )
        review.check_place(plan)
        _refuse_unknown_rows(review, scorer)
        review.start_scoring(scorer, how)
        _wait(review, progress)
        if threshold is not None:
            review.forget_threshold()
            review.set_threshold(threshold, save=False)
        report = review.export(plan, progress=lambda done, all_: progress("exporting", done, all_))
        source = _threshold_source(review, threshold)
    described = report.manifest["threshold"]
    if isinstance(described, dict):
        described = {**described, "source": source}
    if as_json:
        _print_json(
            {
                "output": str(report.output),
                "counts": report.counts,
                "threshold": described,
                "files": report.files,
            }
        )
    else:
        _print(_export_text(report, described))


def _refuse_no_scorer(scorer: str | None) -> None:
    if scorer == "none":
        raise UsageError("none scores nothing", "name a scorer with --scorer")


def _refuse_unknown_rows(review: Session, scorer: str | None) -> None:
    """A scorer that reads samples would score nothing but emptiness.

    Raises:
        UsageError: no column is known to hold a prompt or a response.
    """
    spec = scorer or review.last_scorer
    if review.dataset.family is not Family.OTHER or spec.startswith(("column:", "file:", "none")):
        return
    names = ", ".join(review.dataset.column_names[:12])
    raise UsageError(
        f"no family fits the columns of this dataset: {names}",
        "name the prompt with --prompt-column (and --response-column) to score it",
    )


@contextlib.contextmanager
def _opened(data: Path, options: OpenOptions, progress: _Progress) -> Iterator[Session]:
    """The session, and what it has to say, on stderr."""
    from engine.session import Session

    try:
        review = Session.open(data, options, progress=progress)
    except SessionLockedError as error:
        raise SessionLockedError(
            error.message,
            "wait until it is closed; tamis export --read-only works beside it",
        ) from error
    try:
        for notice in review.notices:
            progress.say(notice)
        yield review
    finally:
        review.close()


def _threshold_source(review: Session, given: str | None) -> str:
    """Who set the threshold of an export."""
    if given is not None:
        return "given"
    if review.threshold_text:
        return "set in the session"
    guess = review.threshold is not None and review.threshold.guess
    return "a guess: the median" if guess else "the scorer's own"


def _export_text(report: ExportReport, threshold: object) -> str:
    count = {name: f"{rows:,}" for name, rows in report.counts.items()}
    kept = f"{count['kept_by_hand']} by hand, {count['kept_by_rule']} by rule"
    dropped = f"{count['dropped_by_hand']} by hand, {count['dropped_by_rule']} by rule"
    lines = [
        f"{report.output}: {count['rows']} rows",
        f"kept      {count['kept']}: {kept}",
        f"dropped   {count['dropped']}: {dropped}, {count['dropped_broken']} could not be read",
        f"pending   {count['pending']}",
    ]
    if isinstance(threshold, dict):
        typed = f", for {threshold['text']}" if threshold["text"] else ""
        lines.append(f"threshold {threshold['says']} ({threshold['source']}{typed})")
        asked = parse_threshold(threshold["text"]).top if threshold["text"] else None
        if asked is not None and report.counts["kept_by_rule"] > asked:
            lines.append("equal scores stand together, so more rows are kept than asked for")
        if threshold["guess"]:
            lines.append("nobody chose that threshold: set one with --threshold")
    else:
        lines.append("threshold none")
    return "\n".join(lines)


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
    _check_there(data)
    if threshold is not None:
        parse_threshold(threshold)
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


def _wait(review: Session, progress: _Progress) -> None:
    """Wait for the worker; ctrl+c cancels it, and what it has scored stays."""
    told = False

    def tick(status: WorkerStatus) -> bool:
        nonlocal told
        if status.scorer and not told:
            told = True
            for warning in status.warnings:
                progress.say(warning)
        rate = f", {status.rows_per_s:,.0f}/s" if status.rows_per_s else ""
        left = f", {status.left_s:,.0f} s left" if status.left_s else ""
        name = status.scorer or review.scorer_spec
        progress(f"{status.state.value}: {name}{rate}{left}", status.done, status.total)
        return False

    try:
        status = review.wait_for_scores(tick)
    except KeyboardInterrupt:
        review.stop_scoring()
        raise Cancelled("cancelled; what was scored is kept") from None
    if status is not None:
        tick(status)


class _Progress:
    """One line on stderr that is written over, and nothing where stderr is no terminal."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._last_s = 0.0
        self._width = 0

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Show it, at most ten times a second."""
        if not self._shown or (time.monotonic() - self._last_s < 0.1 and done != total):
            return
        self._last_s = time.monotonic()
        share = f" of {total:,} ({done / total:.0%})" if total else ""
        self._write(f"{what}: {done:,}{share}")

    def say(self, message: str) -> None:
        """A line that stays, terminal or not."""
        self.clear()
        _complain(message)

    def clear(self) -> None:
        """Take the line away."""
        self._write("")

    def _write(self, text: str) -> None:
        if self._shown and (text or self._width):
            from tui.display import one_line

            room = shutil.get_terminal_size().columns - 1
            shown = one_line(text, room)
            with contextlib.suppress(OSError):
                sys.stderr.write(f"\r{shown:<{min(self._width, room)}}" + ("" if text else "\r"))
                sys.stderr.flush()
            self._width = len(shown)


@contextlib.contextmanager
def _headless() -> Iterator[_Progress]:
    """Progress, and a way to stop: SIGTERM and a closed terminal work like ctrl+c."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
                before[number] = signal.signal(number, signal.default_int_handler)
    progress = _Progress()
    try:
        yield progress
    finally:
        progress.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def _print(text: str) -> None:
    """A result for people, on stdout; whatever in it comes from data is shown as text."""
    from tui.display import sanitize

    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    _put((sanitize(text) + "\n").encode(encoding, "replace"))


def _put(result: bytes) -> None:
    """A result on stdout, all of it.

    Raises:
        ExportError: there is no room for it. A reader who has seen enough is no error.
    """
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(result)
        sys.stdout.buffer.flush()
    except OSError as error:
        # What is left in the buffer would be tried again at exit, with a message of its own.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        if not isinstance(error, BrokenPipeError):
            raise ExportError(f"the result could not be written: {error.strerror}") from error


def _complain(message: str) -> None:
    """A message on stderr."""
    from tui.display import sanitize

    with contextlib.suppress(OSError):
        sys.stderr.write(sanitize(f"tamis: {message}").rstrip("\n") + "\n")
        sys.stderr.flush()


def _print_json(value: object) -> None:
    _put(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")


def _info_text(description: dict[str, Any]) -> str:
    """`tamis info` for people."""
    columns = ", ".join(f"{part} = {name}" for part, name in description["columns"].items())
    families = description["families"]
    counted = ", ".join(f"{name} {rows:,}" for name, rows in families.items())
    longest = description["longest"]
    broken = description["broken"]
    files = description["files"]
    unread = f", {broken:,} could not be read" if broken else ""
    lines = [
        f"family    {description['family']}" + (f" ({counted})" if len(families) > 1 else ""),
        f"format    {description['format']}" + (f", {files:,} files" if files > 1 else ""),
        f"columns   {columns or 'none recognised: name them with --prompt-column'}",
        f"rows      {description['rows']:,}{unread}",
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
    return "\n".join(" ".join(line.splitlines()) for line in lines if line)


def with_default_command(arguments: Sequence[str], commands: Sequence[str]) -> list[str]:
    """`DATA …` becomes `open DATA …`; a file named like a command is written `./info`."""
    if not arguments or arguments[0] in ("--help", "--version", *commands):
        return list(arguments)
    return ["open", *arguments]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
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
        _complain(str(error))
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
        _complain_of_usage(shown.getvalue())
        return int(getattr(error, "exit_code", UsageError.exit_code))
    if result == Cancelled.exit_code:
        _complain("cancelled")
    return result if isinstance(result, int) else 0


def _complain_of_usage(text: str) -> None:
    from tui.display import sanitize

    with contextlib.suppress(OSError):
        sys.stderr.write(sanitize(text))


if __name__ == "__main__":
    main()
