"""The bundled demo: a made-up dataset of two families with planted faults, and their labels.

`generate.py` writes it; nothing in it comes from anywhere else. The labels are for tests and for
measuring scorers and duplicate search: the application itself never reads them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

DEMO = Path(__file__).parent
FILES = ("chats.jsonl", "tasks.jsonl")
"""The shards in the order in which a folder is read: by name."""


class FaultKind(StrEnum):
    """What was planted in a row."""

    GIBBERISH = "gibberish"
    REFUSAL = "refusal"
    TRUNCATED = "truncated"
    MISMATCHED = "mismatched"
    REPEATED = "repeated"
    WRONG_LANGUAGE = "wrong language"
    """A good answer in another language; the prompt is English and asks for no other."""
    EMPTY_TALK = "empty talk"
    """Fluent sentences that never come to an answer."""
    ECHOED = "echoed"
    """The prompt given back, whole or slightly reworded, and nothing else."""
    FORMAT_BROKEN = "format broken"
    """The answer is in there, among debris: half-open code, mangled JSON, leaked templates."""
    EXACT_DUPLICATE = "exact duplicate"
    """A copy; the row that it copies is sound and has no label."""
    NEAR_DUPLICATE = "near duplicate"
    """An edited copy; the row that it copies is sound and has no label."""
    CONTRADICTION = "contradiction"
    """One of a pair with the same question; both rows are labelled."""


SPOILT = frozenset(
    (
        FaultKind.GIBBERISH,
        FaultKind.REFUSAL,
        FaultKind.TRUNCATED,
        FaultKind.MISMATCHED,
        FaultKind.REPEATED,
        FaultKind.WRONG_LANGUAGE,
        FaultKind.EMPTY_TALK,
        FaultKind.ECHOED,
        FaultKind.FORMAT_BROKEN,
    )
)
"""The kinds whose response is bad by itself: what a scorer should find."""


@dataclass(frozen=True, slots=True)
class Label:
    """What was planted in one row of the demo.

    `row` and `partners` count through the whole folder, chats first. `detail` says how it was
    done: the style of gibberish, what is repeated, the language of an answer, which side of a
    contradiction is sound.
    """

    row: int
    kind: FaultKind
    detail: str
    partners: tuple[int, ...] = ()


def demo_folder() -> Path:
    """The folder to open: two shards, one per family."""
    return DEMO / "data"


def labels() -> tuple[Label, ...]:
    """All planted faults, by row; a row without a label is sound."""
    start = dict.fromkeys(FILES, 0)
    total = 0
    for name in FILES:
        start[name] = total
        total += (demo_folder() / name).read_bytes().count(b"\n")
    entries = json.loads((DEMO / "labels.json").read_text(encoding="utf-8"))
    found = [
        Label(
            row=start[entry["file"]] + entry["row"],
            kind=FaultKind(entry["kind"]),
            detail=entry["detail"],
            partners=tuple(start[entry["file"]] + partner for partner in entry["partners"]),
        )
        for entry in entries
    ]
    return tuple(sorted(found, key=lambda label: label.row))
