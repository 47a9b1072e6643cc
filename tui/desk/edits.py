"""Editing a sample: which part, in the editor, and the difference before it is taken."""

from __future__ import annotations

from functools import partial

from engine.dataset.editing import Editable, Part
from engine.errors import TamisError
from tui.desk.annotations import AnnotationActions
from tui.dialogs.diff_dialog import DiffAnswer, DiffDialog
from tui.terminal.display import one_line
from tui.terminal.editor import edited

SHOWN_CELLS = 48


class EditActions(AnnotationActions):
    """What E does."""

    def action_edit(self) -> None:
        """Ask which part, where there are several, and open it in the editor."""
        row = self.table.cursor_row
        if row is None:
            return
        try:
            parts = self.session.edits.editable(row)
        except TamisError as error:
            self.say(str(error), severity="warning", timeout=8)
            return
        response = Part.RESPONSE if Part.RESPONSE in parts else next(iter(parts))
        if len(parts) == 1:
            if response is Part.PROMPT:
                self.say("this sample has no response: the prompt is opened")
            self._edit(row, parts[response], None)
            return
        choices = [
            (part.value, f"{part.value:<9} {one_line(found.text, SHOWN_CELLS)}")
            for part, found in parts.items()
        ]

        def chosen(name: str) -> None:
            self._edit(row, parts[Part(name)], None)

        self.choose(f"Edit row {row}", choices, chosen, response.value)

    def _edit(self, row: int, part: Editable, begun: str | None) -> None:
        """Open a part in the editor; `begun` is what an edit that goes on has come to."""
        start = part.text if begun is None else begun
        try:
            text = edited(self.app, start, f"row-{row}-{part.part.value}.md")
        except TamisError as error:
            self.say(str(error), severity="error", timeout=12)
            return
        new = start if text is None else text
        if new == part.text:
            self.say("nothing was changed")
            return
        self.app.push_screen(
            DiffDialog(f"Row {row}: edited {part.part.value}", part.text, new),
            partial(self._answered, row, part, new),
        )

    def _answered(self, row: int, part: Editable, text: str, answer: DiffAnswer | None) -> None:
        if answer is DiffAnswer.AGAIN:
            self._edit(row, part, text)
        elif answer is DiffAnswer.TAKE:
            self._take(row, part.part, text)
        else:
            self.say("the edit was thrown away")

    def _take(self, row: int, part: Part, text: str) -> None:
        try:
            self.session.edits.revise(row, part, text)
        except TamisError as error:
            self.say(str(error), severity="error", timeout=12)
            return
        self.say(f"edited the {part.value} of row {row}; {self.taken_back}")
        self._text_changed()

    def _text_changed(self) -> None:
        """Show the sample as it reads now, and score it soon: it is looked at."""
        self.table.forget_texts()
        self._show_sample()
        self._focus_scoring()
