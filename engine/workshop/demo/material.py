"""The hand-written material of the demo: one text file per kind, one entry per line.

Everything in `bank/` was written for this project. A line holds fields divided by `|`; lines
that begin with `#` say what the fields are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BANK = Path(__file__).parent / "bank"


@dataclass(frozen=True, slots=True)
class Task:
    """A prompt with an answer that fits it, before it becomes a row.

    `kind` says what sort of task it is. Two tasks may share their `subject`, never their prompt.
    """

    kind: str
    subject: str
    instruction: str
    input: str
    response: str

    @property
    def prompt(self) -> str:
        """Instruction and input as one text."""
        return f"{self.instruction}\n{self.input}" if self.input else self.instruction


def lines(name: str) -> list[list[str]]:
    """The entries of `bank/NAME.txt`, each as its fields."""
    text = (BANK / f"{name}.txt").read_text(encoding="utf-8")
    return [line.split("|") for line in text.splitlines() if line and not line.startswith("#")]


def snippets() -> list[tuple[str, str, str]]:
    """The entries of `bank/code.txt`: what the code does, a remark, the code."""
    text = (BANK / "code.txt").read_text(encoding="utf-8")
    body = text.split("\n", 1)[1]
    entries = (block.strip("\n").split("\n", 2) for block in body.split("%%\n"))
    return [(task, remark, code) for task, remark, code in entries]


def capital(text: str) -> str:
    """`text` with its first letter in upper case and the rest as it is."""
    return text[:1].upper() + text[1:]


def joined(words: list[str], word: str = "and") -> str:
    """`a, b and c`."""
    return f"{', '.join(words[:-1])} {word} {words[-1]}" if len(words) > 1 else words[0]
