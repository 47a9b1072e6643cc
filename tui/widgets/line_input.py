"""A line of input whose text may come from anybody: a note of another reviewer, a file name."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Input

from tui.terminal.display import sanitize

_TO_SPACES = str.maketrans("\r\n\t", "   ")


class LineInput(Input):
    """Shows no character that a terminal would obey; what it holds and answers stays as it is."""

    @property
    def _value(self) -> Text:
        """One character for each of the value, so that cursor and selection fit."""
        shown = sanitize(self.value.translate(_TO_SPACES))
        text = Text(shown, no_wrap=True, overflow="ignore", end="")
        return text if self.highlighter is None else self.highlighter(text)
