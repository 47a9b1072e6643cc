"""The sample as text, for elsewhere: to the terminal's clipboard, or into a file."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ExportError, InputError, TamisError
from engine.sample import message_text
from tui.desk.base import DeskBase

CLIPBOARD_BYTES = 74_994
"""Longer texts are cut or dropped by common terminals.  Source: the limit that hterm documents
and tmux long had for OSC 52, 100,000 bytes of base64."""


class CopyActions(DeskBase):
    """What Y and W do."""

    def _sample_text(self) -> str:
        """Every turn of the sample as edited, under its role; text that is no Unicode is replaced.

        Raises:
            TamisError: the row could not be read.
        """
        row = self.table.cursor_row
        if row is None:
            raise ExportError("no sample is shown")
        if self.session.dataset.broken[row]:
            raise InputError(f"row {row} could not be read: there is nothing to copy")
        sample = self.session.edits.sample(row, self.session.side)
        parts = [f"{turn.role.value}:\n{message_text(turn)}\n" for turn in sample.turns]
        parts += [f"tools:\n{sample.tools}\n"] if sample.tools else []
        for number, candidate in enumerate(sample.candidates[1:], 2):
            parts.append(f"candidate {number}:\n{candidate}\n")
        return "\n".join(parts).encode("utf-8", "replace").decode("utf-8")

    def action_copy(self) -> None:
        """Send the sample to the terminal's clipboard, where it takes that (OSC 52)."""
        try:
            text = self._sample_text()
        except TamisError as error:
            self.say(str(error))
            return
        if len(text.encode()) > CLIPBOARD_BYTES:
            self.say(
                f"too long for a terminal's clipboard; {self.key('copy_to_file')} writes a file"
            )
            return
        self.app.copy_to_clipboard(text)
        self.say(
            f"sent to the clipboard, if this terminal takes it; {self.key('copy_to_file')} writes "
            "a file"
        )

    def action_copy_to_file(self) -> None:
        """Write the sample into a file of its own."""
        row = self.table.cursor_row
        if row is None:
            self.say("no sample is shown")
            return
        name = f"{self.session.dataset.path.name}-row-{row}.txt"
        hint = f"a new file, in {Path.cwd()} unless it says where"
        self.ask("copy to", hint, self._write_sample, value=name)

    def _write_sample(self, name: str) -> None:
        text = self._sample_text()
        path = Path(name.strip()).expanduser()
        if not name.strip():
            raise ExportError("a name is needed")
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            raise ExportError(f"{path} exists", "another name") from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise ExportError(f"{path}: {reason}") from error
        self.say(f"written to {path}", timeout=8)
