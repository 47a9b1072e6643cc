"""The flags and arguments that several commands share, with their help."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from engine.errors import UsageError
from engine.sample import Family

Choice = TypeVar("Choice", bound=StrEnum)

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
        help="builtin, heuristic, hf:NAME_OR_PATH, column:NAME, file:PATH[:COLUMN] or none; "
        "default the one used last, else builtin.",
    ),
]
ThresholdOption = Annotated[
    str | None,
    typer.Option("--threshold", metavar="T", help="1.5, 'top 1000' or 25%, after >= or <=."),
]
DropOption = Annotated[
    str | None,
    typer.Option(
        "--drop-duplicates",
        metavar="SIM",
        help="Drop rows at least so similar to a kept one, 0.8 for example; off by default.",
    ),
]
RepeatsOption = Annotated[
    str,
    typer.Option(
        "--repeats",
        metavar="HOW",
        help="Rows to be exported more than once: as rows, or with a weight column (weight).",
    ),
]
FormatOption = Annotated[
    str,
    typer.Option(
        "--input-format",
        metavar="I",
        help="What the model reads: pair, chat, text, hh, chapter or template:FILE; "
        "default what it was trained with.",
    ),
]
LabelOption = Annotated[
    str,
    typer.Option("--label", metavar="NAME", help="Which output of a classifier is the score."),
]
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device", metavar="D", help="cuda (every GPU), cuda:1, mps or cpu; default the best."
    ),
]
DtypeOption = Annotated[
    str,
    typer.Option(
        "--dtype",
        metavar="T",
        help="float32, bfloat16, or auto: bfloat16 where it is measured to be faster.",
    ),
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
KeysOption = Annotated[
    str | None,
    typer.Option("--keys", metavar="PRESET", help="default, prodigy or visidata, over the file's."),
]
ThemeOption = Annotated[
    str | None,
    typer.Option("--theme", metavar="NAME", help="Colours; default what fits the terminal."),
]
AsciiOption = Annotated[
    bool | None, typer.Option("--ascii/--no-ascii", help="Signs in ASCII; default by terminal.")
]
MouseOption = Annotated[
    bool | None, typer.Option("--mouse/--no-mouse", help="Use the mouse, or leave it alone.")
]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace the output file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def choice(
    kind: type[Choice], text: str, flag: str, among: Sequence[Choice] | None = None
) -> Choice:
    """One of an enumeration's values.

    Args:
        kind: the enumeration.
        text: what was typed.
        flag: behind which flag.
        among: those of its values that may be typed; default all.

    Raises:
        UsageError: it is none of them.
    """
    allowed = list(kind) if among is None else list(among)
    if text in allowed:
        return kind(text)
    names = ", ".join(member.value for member in allowed)
    raise UsageError(f"{flag} {text!r} does not exist", f"one of: {names}")
