"""A line of input whose text may come from anybody: a note of another reviewer, a file name."""

from __future__ import annotations

import re

from rich.text import Text
from textual import events
from textual.widgets import Input

from tui.terminal.display import sanitize

_TO_SPACES = str.maketrans("\r\n\t", "   ")


_BREAKS = re.compile(r"[\r\n\t\v\f\x85\u2028\u2029]+")


class LineInput(Input):
    """Shows no character that a terminal would obey; what it holds and answers stays as it is."""

    @property
    def _value(self) -> Text:
        """One character for each of the value, so that cursor and selection fit."""
        shown = sanitize(self.value.translate(_TO_SPACES))
        text = Text(shown, no_wrap=True, overflow="ignore", end="")
        return text if self.highlighter is None else self.highlighter(text)

    def _on_paste(self, event: events.Paste) -> None:
        """Take all of it, its lines in one: Textual's own would drop all but the first."""
        event.prevent_default()
        event.stop()
        self.replace(sanitize(_BREAKS.sub(" ", event.text)), *self.selection)
