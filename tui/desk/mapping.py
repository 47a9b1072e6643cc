"""Other columns for the parts of a sample: chosen in a dialog, then read anew."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, cast

from engine.dataset.reading.mapping_file import mapping_text
from engine.dataset.reading.options import ColumnMapping
from engine.dataset.reading.preview import Previews
from engine.errors import ExportError
from engine.sample import Family
from tui.desk.base import DeskBase
from tui.dialogs.mapping_dialog import MappingDialog

PREVIEWED_ROWS = 100
"""Rows that the dialog can show."""


class _Reopens(Protocol):
    """The part of the application that this module needs."""

    def reopen(self, mapping: ColumnMapping, said: str = "") -> None:
        """Read the dataset anew, and say something once it is."""
        ...


class MappingActions(DeskBase):
    """What & does."""

    def action_mapping(self) -> None:
        """Choose the columns that hold prompt, response and the rest."""
        dataset = self.session.dataset
        records = [dataset.record(row) for row in range(min(PREVIEWED_ROWS, dataset.rows))]
        previews = Previews([record for record in records if record])
        mapping = self.session.reading.mapping
        self.app.push_screen(MappingDialog(previews, mapping, self._ask_for_file), self._read_as)

    def _read_as(self, mapping: ColumnMapping | None) -> None:
        if mapping is None or mapping == self.session.reading.mapping:
            if self.session.dataset.family is Family.OTHER:
                names = ", ".join(self.session.dataset.column_names[:12])
                self.say(
                    f"no family fits the columns of this dataset: {names}\nname the prompt "
                    f"({self.key('mapping')}, or --prompt-column) to score it",
                    severity="warning",
                )
            return
        self.read_anew(mapping)

    def read_anew(self, mapping: ColumnMapping, said: str = "") -> None:
        """Open the dataset again under other columns, and say `said` then."""
        cast("_Reopens", self.app).reopen(mapping, said)

    def _ask_for_file(self, mapping: ColumnMapping) -> None:
        hint = "a new file, for --mapping FILE on other datasets"
        name = f"{self.session.dataset.path.stem}-columns.toml"
        self.ask("save columns to", hint, lambda text: self._write(text, mapping), value=name)

    def _write(self, name: str, mapping: ColumnMapping) -> None:
        path = Path(name.strip()).expanduser()
        if not name.strip():
            raise ExportError("a name is needed")
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(mapping_text(mapping))
        except FileExistsError:
            raise ExportError(f"{path} exists", "another name") from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise ExportError(f"{path}: {reason}") from error
        self.say(f"written to {path}", timeout=8)
