"""The flags and arguments that several commands share, with their help."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from engine.errors import UsageError
from engine.review.threshold import parse_threshold
from engine.sample import Family
from engine.scoring.kinds import DEFAULT_SCORER, known_scorers

if TYPE_CHECKING:
    from engine.dataset.reading.options import ReadOptions
    from engine.scoring import ScorerOptions

Choice = TypeVar("Choice", bound=StrEnum)


def _threshold(text: str | None) -> str | None:
    """Refuse what is no threshold before anything is opened."""
    if text is not None:
        parse_threshold(text)
    return text


Data = Annotated[
    Path, typer.Argument(metavar="DATA", help="A file or folder, or hf://datasets/ORG/NAME.")
]
Session = Annotated[
    Path | None,
    typer.Option("--session", metavar="PATH", help="The session file; default beside the dataset."),
]
Reviewer = Annotated[
    str | None,
    typer.Option("--reviewer", metavar="NAME", help="Who decides; default the login name."),
]
Scorer = Annotated[
    str | None,
    typer.Option(
        "--scorer",
        metavar="S",
        help=f"{known_scorers()}; default the one used last, else {DEFAULT_SCORER}.",
    ),
]
Threshold = Annotated[
    str | None,
    typer.Option(
        "--threshold",
        metavar="T",
        help="1.5, 'top 1000' or 25%, after >= or <=.",
        callback=_threshold,
    ),
]
DropDuplicates = Annotated[
    str | None,
    typer.Option(
        "--drop-duplicates",
        metavar="SIM",
        help="Drop rows at least so similar to a kept one, 0.8 for example; off by default.",
    ),
]
Copies = Annotated[
    str,
    typer.Option(
        "--copies",
        "--repeats",
        metavar="HOW",
        help="How samples that count more than once are written: rows, or a weight column.",
    ),
]
Keys = Annotated[
    str | None,
    typer.Option("--keys", metavar="PRESET", help="default, prodigy or visidata, over the file's."),
]
Theme = Annotated[
    str | None,
    typer.Option("--theme", metavar="NAME", help="Colours; default what fits the terminal."),
]
Download = Annotated[
    bool, typer.Option("--download", help="Fetch a hub dataset that is not on this disk.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output file.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How rows are read, where that is not to be detected."""

    family: Annotated[
        Family | None,
        typer.Option(metavar="F", help="Read the rows as this family instead of detecting it."),
    ] = None
    prompt_column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="The column of the prompt; several are joined in this order. A name with dots "
            "leads into nested ones.",
        ),
    ] = None
    system_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column of the system prompt.")
    ] = None
    response_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column of the (chosen) response.")
    ] = None
    rejected_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column of the rejected response.")
    ] = None
    label_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column that says which is better.")
    ] = None
    messages_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column of the whole conversation.")
    ] = None
    mapping: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file that names these columns (TOML).")
    ] = None
    rows_at: Annotated[
        str, typer.Option(metavar="PATH", help="Where in a wrapped JSON file its rows are: data.")
    ] = ""
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Open the first N rows only, for a first look."),
    ] = None
    delimiter: Annotated[
        str, typer.Option(metavar="D", help="Of a CSV, where it is not to be detected; tab is one.")
    ] = ""
    quoting: Annotated[
        str,
        typer.Option(metavar="Q", help="Of a CSV: doubled, backslash or none; default detected."),
    ] = ""
    encoding: Annotated[
        str, typer.Option(metavar="E", help="Of a text file: utf-8, utf-16, cp1252 …")
    ] = ""

    def options(self) -> ReadOptions:
        """What the engine takes.

        Raises:
            InputError: the file of the mapping cannot be read.
        """
        from engine.dataset.reading.mapping_file import read_mapping
        from engine.dataset.reading.options import ColumnMapping, ReadOptions

        base = read_mapping(self.mapping) if self.mapping is not None else ColumnMapping()
        named = ColumnMapping(
            self.family or base.family,
            tuple(self.prompt_column or ()) or base.prompt,
            self.system_column or base.system,
            self.response_column or base.response,
            self.rejected_column or base.rejected,
            self.label_column or base.label,
            self.messages_column or base.messages,
        )
        return ReadOptions(
            named,
            limit=self.limit,
            rows_at=self.rows_at,
            delimiter="\t" if self.delimiter in ("tab", "\\t") else self.delimiter,
            quoting=self.quoting,
            encoding=self.encoding,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Which part of a folder, or of a dataset of the hub, is opened."""

    config: Annotated[
        str,
        typer.Option(
            metavar="C",
            help="Which configuration; else all of a folder, of a hub dataset its default.",
        ),
    ] = ""
    split: Annotated[str, typer.Option(metavar="S", help="Which split; else all.")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """How a model is found, loaded and read; the fields are those of `ScorerOptions`."""

    input_format: Annotated[
        str,
        typer.Option(
            metavar="I",
            help="What the model reads: pair, chat, text, hh, chapter or template:FILE; "
            "default what it was trained with.",
        ),
    ] = ""
    label: Annotated[
        str, typer.Option(metavar="NAME", help="Which output of a classifier is the score.")
    ] = ""
    device: Annotated[
        str,
        typer.Option(metavar="D", help="cuda (every GPU), cuda:1, mps or cpu; default the best."),
    ] = ""
    max_length: Annotated[
        int, typer.Option(metavar="N", min=0, help="Tokens the model reads; 0: as it says.")
    ] = 0
    dtype: Annotated[
        str,
        typer.Option(
            metavar="T",
            help="float32, bfloat16, or auto: bfloat16 where it is measured to be faster.",
        ),
    ] = ""
    allow_pickle: Annotated[
        bool, typer.Option("--allow-pickle", help="Load pickled weights (weights only, no code).")
    ] = False
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run the model repository's own code.")
    ] = False
    download: Annotated[
        bool, typer.Option("--download", help="Fetch a model or dataset that is not on this disk.")
    ] = False

    def options(self) -> ScorerOptions:
        """What the engine takes."""
        from engine.scoring import ScorerOptions

        return ScorerOptions(**asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """How the desk looks and is handled, over the configuration file."""

    keys: Keys = None
    theme: Theme = None
    ascii_only: Annotated[
        bool | None, typer.Option("--ascii/--no-ascii", help="Signs in ASCII; default by terminal.")
    ] = None
    mouse: Annotated[
        bool | None, typer.Option("--mouse/--no-mouse", help="Use the mouse, or leave it alone.")
    ] = None


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Let Typer see each flag of the groups above that a command takes as one argument."""
    taken = inspect.signature(command, eval_str=True).parameters
    flags = {
        name: inspect.signature(parameter.annotation, eval_str=True).parameters
        for name, parameter in taken.items()
        if isinstance(parameter.annotation, type) and is_dataclass(parameter.annotation)
    }

    @functools.wraps(command)
    def flat(**given: object) -> None:
        for name, members in flags.items():
            given[name] = taken[name].annotation(**{flag: given.pop(flag) for flag in members})
        command(**given)

    shown = [each for name in taken for each in flags.get(name, {name: taken[name]}).values()]
    flat.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined] # what Typer reads
    return flat


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
