"""The config file: what a person prefers, whatever the dataset.

A flag goes before it; so does what a session remembers of its own dataset. It goes before what
is built in. What is wrong in it is named with file and line and left out, and the rest is used:
a preference is no reason not to start.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any

from engine.dataset.reading.options import LONGEST_PLACEHOLDER, PLACEHOLDERS
from engine.errors import UsageError
from engine.preferences.toml_lines import TomlValue, read_lined, shown
from engine.review.threshold import parse_threshold
from engine.scoring.kinds import find_kind, known_scorers
from engine.simulator.cost import TrainingRun

REJECT_REASONS = (
    "wrong",
    "off-topic",
    "refusal",
    "unsafe",
    "truncated",
    "format",
    "duplicate",
    "other",
)
"""Quick codes of a reject: the digit after it is the place in this list, from 1."""

MAX_REASONS = 9
"""As many as there are digits from 1."""

MAX_BYTES = 1_000_000

KEYS = "keys"
"""The table of keys, whose names only the screen knows."""


@dataclass(frozen=True, slots=True)
class Config:
    """What the file says; a field that it does not say has its built-in value."""

    scorer: str = ""
    """For a dataset that remembers none; empty: the built-in one."""
    threshold: str = ""
    """As typed, for a scorer that has none set; empty: the scorer's own, or the median."""
    reviewer: str = ""
    """Empty: the login name."""
    theme: str = ""
    """Empty: what fits the terminal."""
    ascii: bool | None = None
    """Draw the signs in ASCII; None: where the terminal needs it."""
    mouse: bool = True
    reasons: tuple[str, ...] = REJECT_REASONS
    placeholders: tuple[str, ...] = PLACEHOLDERS
    """Inputs that are read as no input."""
    training: TrainingRun = field(default_factory=TrainingRun)
    """The training run that the simulator prices until a dataset has its own."""
    keys: tuple[TomlValue, ...] = ()
    """The table `[keys]`, for the screen to read."""
    path: Path | None = None
    """The file; None where there is none."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Setting -> its line, for those that the file gives."""
    problems: tuple[str, ...] = ()
    """What was left out, each with file and line."""

    def problem(self, line: int, text: str) -> str:
        """`text` with its place, as problems are written."""
        return f"{self.path}:{line}: {text}"


def config_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where a person's settings and themes lie.

    Source: XDG Base Directory Specification 0.8 (a relative path counts as unset).
    """
    named = environ.get("XDG_CONFIG_HOME", "")
    base = Path(named) if named and Path(named).is_absolute() else Path("~/.config")
    try:
        return base.expanduser() / "tamis"
    except RuntimeError:  # no home: a place where nothing is
        return base / "tamis"


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """The config file, whether it exists or not."""
    return config_folder(environ) / "config.toml"


def sample_config() -> str:
    """A commented file with every setting; its comments are the documentation."""
    return resources.files("engine.help").joinpath("config.toml").read_text("utf-8")


def load_config(path: Path | None = None) -> Config:
    """Read the file at `path` (the person's own by default); one that is absent says nothing."""
    path = config_path() if path is None else path
    empty = Config(path=path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Config()
    except OSError as error:
        return replace(empty, problems=(f"{path}: {error.strerror or error}",))
    if len(raw) > MAX_BYTES:
        return replace(empty, problems=(f"{path}: too long for a config file",))
    try:
        return read_config(raw.decode("utf-8"), path)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return replace(empty, problems=(empty.problem(line, "not UTF-8: nothing of it is used"),))


def read_config(text: str, path: Path) -> Config:
    """The settings of a file's `text`; `path` is what its problems name."""
    config = Config(path=path)
    entries, faults = read_lined(text)
    problems = [(line, f"{fault}; left out") for line, fault in faults]
    settings: dict[str, Any] = {}
    training: dict[str, float] = {}
    keys: list[TomlValue] = []
    lines: dict[str, int] = {}
    for entry in entries:
        if entry.path[0] == KEYS and len(entry.path) == 2:
            keys.append(entry)
            continue
        if entry.value == {} and entry.name in _TABLES:
            continue
        if (read := _READERS.get(entry.name)) is None:
            problems.append((entry.line, f"no such setting: {entry.name}{_near(entry)}"))
            continue
        try:
            value = read(entry.value)
        except UsageError as error:
            problems.append((entry.line, f"{entry.name}: {error.message}; left out"))
            continue
        table, _, name = entry.name.partition(".")
        (training if table == "simulator" else settings)[name] = value
        lines[entry.name] = entry.line
    return replace(
        config,
        **settings,
        training=replace(config.training, **training),
        keys=tuple(keys),
        lines=lines,
        problems=tuple(config.problem(line, text) for line, text in sorted(problems)),
    )


def _near(entry: TomlValue) -> str:
    same = [name for name in _READERS if name.rpartition(".")[2] == entry.path[-1]]
    near = same or get_close_matches(entry.name, _READERS, 1)
    return f"; did you mean {near[0]}?" if near else ""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError(f"a text in quotes, not {shown(value)}")
    return value.strip()


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"true or false, not {shown(value)}")
    return value


def _scorer(value: Any) -> str:
    spec = _text(value)
    if spec and find_kind(spec) is None:
        raise UsageError(f"no such scorer: {spec!r}; one of {known_scorers()}")
    return spec


def _threshold(value: Any) -> str:
    text = shown(value) if type(value) in (int, float) else _text(value)
    if text:
        parse_threshold(text)
    return text


def _reasons(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise UsageError('a list of texts: ["wrong", "refusal"]')
    words = tuple(word.strip() for word in value)
    if len(words) > MAX_REASONS:
        raise UsageError(f"{len(words)} reasons, but only {MAX_REASONS} digits")
    if not all(words) or len(set(words)) < len(words):
        raise UsageError("a reason is empty or given twice")
    return words


def _placeholders(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise UsageError('a list of texts: ["noinput", "n/a"]')
    words = tuple(word.strip().lower() for word in value)
    longest = max(map(len, words), default=0)
    if not all(words) or longest > LONGEST_PLACEHOLDER:
        raise UsageError(f"a text is empty, or longer than {LONGEST_PLACEHOLDER} characters")
    return words


def _positive(value: Any) -> float:
    if type(value) not in (int, float) or not 0 < value <= sys.float_info.max:
        raise UsageError(f"a number above 0, not {shown(value)}")
    return float(value)


def _price(value: Any) -> float:
    return 0.0 if type(value) in (int, float) and value == 0 else _positive(value)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "defaults.scorer": _scorer,
    "defaults.threshold": _threshold,
    "defaults.reviewer": _text,
    "screen.theme": _text,
    "screen.ascii": _yes_or_no,
    "screen.mouse": _yes_or_no,
    "reject.reasons": _reasons,
    "reading.placeholders": _placeholders,
    "simulator.tokens_per_s": _positive,
    "simulator.price_per_hour": _price,
    "simulator.epochs": _positive,
}

_TABLES = {KEYS, *(name.partition(".")[0] for name in _READERS)}

SETTINGS = tuple(_READERS)
"""Every setting but the keys, as the file names it."""
