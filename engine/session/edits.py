"""Edited samples: revisions beside a source that is never touched.

An edit is an event like a decision: it says which part of a sample has which text from then on.
Here the edited rows are kept with their edits applied, for the screen, the scorer and the export.
Verdicts and notes stay with the sample as it is in the source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.dataset import Dataset
from engine.dataset.edited_rows import Revision
from engine.dataset.editing import Editable, Part, editable, with_text
from engine.dataset.reading.identify import row_identity
from engine.dataset.reading.rows import RowContent
from engine.errors import TamisError, UsageError
from engine.review.decision import Aspect, Said
from engine.review.review import Change, Review
from engine.sample import IDENTITY_BYTES, Family, Sample, Side, says_nothing, split_turns
from engine.session.recorder import Recorder

MOST_CHARACTERS = 1_000_000


class Edits:
    """The edits of one session."""

    def __init__(
        self,
        dataset: Dataset,
        review: Review,
        recorder: Recorder,
        rescore: Callable[[Mapping[int, Revision], NDArray[np.int64]], None],
    ) -> None:
        """Nothing is edited before `restore`.

        Args:
            dataset: the source.
            review: what holds now.
            recorder: puts on file what is said.
            rescore: told of all revisions, and of the rows whose text is another now.
        """
        self._dataset = dataset
        self._review = review
        self._recorder = recorder
        self._rescore = rescore
        self.revisions: Mapping[int, Revision] = {}
        """Row -> its sample with all edits, for the rows that differ from the source."""
        self.unmade = 0
        """Edits of earlier visits that the rows of this dataset have no place for."""
        self._texts: tuple[Mapping[int, Revision], pl.DataFrame] | None = None
        self._empty: tuple[Mapping[int, Revision], NDArray[np.bool_]] | None = None

    @property
    def texts(self) -> pl.DataFrame:
        """Columns prompt, response, rejected of every row, edits applied."""
        revisions, known = self.revisions, self._texts  # an edit may come at any moment
        if not revisions:
            return self._dataset.texts
        if known is None or known[0] is not revisions:
            known = self._texts = (revisions, self._with_revisions(revisions))
        return known[1]

    def _with_revisions(self, revisions: Mapping[int, Revision]) -> pl.DataFrame:
        rows = sorted(revisions)
        readings = [revisions[row].reading for row in rows]
        names = ("prompt", "response", "rejected")
        said = zip(*(reading.texts for reading in readings), strict=True)
        columns = {name: list(texts) for name, texts in zip(names, said, strict=True)}
        texts = self._dataset.texts
        return texts.with_columns(
            texts[name].rechunk().clone().scatter(rows, values)
            for name, values in columns.items()
            if name in texts.columns and texts.schema[name] == pl.String
        )

    def empty_responses(self, side_index: int) -> NDArray[np.bool_]:
        """Samples whose response has nothing to train on, edits applied.  (rows,)."""
        revisions, known = self.revisions, self._empty
        if known is None or known[0] is not revisions:
            known = self._empty = (revisions, self._empty_with(revisions))
        empty: NDArray[np.bool_] = known[1][side_index]
        return empty

    def _empty_with(self, revisions: Mapping[int, Revision]) -> NDArray[np.bool_]:
        empty = self._dataset.empty_responses
        if not revisions:
            return empty
        empty = empty.copy()
        for row, revision in revisions.items():
            for index, side in enumerate((Side.CHOSEN, Side.REJECTED)[: len(empty)]):
                _, answer = split_turns(revision.sample(row, side).turns)
                empty[index, row] = answer is not None and says_nothing(answer)
        return empty

    def sample(self, row: int, side: Side) -> Sample:
        """The sample at `row`, edits applied."""
        revision = self.revisions.get(row)
        if revision is not None:
            return revision.sample(row, side)
        return self._dataset.sample(row, side)

    def record(self, row: int) -> dict[str, Any]:
        """The columns of `row`, edits applied."""
        revision = self.revisions.get(row)
        return self._dataset.record(row) if revision is None else revision.record

    def editable(self, row: int) -> dict[Part, Editable]:
        """The parts of `row` that can be edited, with the edits so far.

        Raises:
            UsageError: a broken row, a row of no known family, or a read-only session.
        """
        self._recorder.check_writable()
        if self._dataset.broken[row]:
            raise UsageError(f"row {row} could not be read: there is nothing to edit")
        family, columns = self._dataset.spelling_of(row)
        if family is Family.OTHER:
            raise UsageError(
                "nobody knows which column is the prompt", "name it with --prompt-column"
            )
        parts = editable(self.record(row), family, columns)
        if not parts:
            raise UsageError(f"row {row} holds no text that could be edited")
        return parts

    def revise(self, row: int, part: Part, text: str) -> Change | None:
        """Change `part` of `row` to `text`, as one event; None where that is its text already.

        Raises:
            UsageError: the row cannot hold this text there, or nothing can be edited.
            StoreError: it could not be written; nothing has changed.
        """
        parts = self.editable(row)
        if part in parts and parts[part].text == text:
            return None
        if len(text) > MOST_CHARACTERS:
            raise UsageError(f"an edited text holds at most {MOST_CHARACTERS:,} characters")
        # What the session file cannot hold would be another text after a restart.
        if "\0" in text or text != text.encode("utf-8", "replace").decode():
            raise UsageError("the text holds characters that no dataset should", "take them out")
        with_text(self.record(row), *self._dataset.spelling_of(row), part, text)
        said = Said(aspect=Aspect.EDIT, subject=part.value, text=text)
        change = self._recorder.say(said, np.array([row], np.int64))
        self.follow(change)
        return change

    def follow(self, change: Change | None) -> None:
        """Apply an edit that was made, undone or redone to the texts."""
        if change is not None and change.aspect is Aspect.EDIT:
            self._refresh(change.rows)

    def restore(self) -> None:
        """Take up the edits of earlier visits."""
        self._refresh(self._review.edited_rows())

    def _refresh(self, rows: NDArray[np.int64]) -> None:
        revisions = dict(self.revisions)
        before = {row: _identity(revisions.get(row)) for row in rows.tolist()}
        for row in rows.tolist():
            found = self._revision(row)
            if found is None:
                revisions.pop(row, None)
            else:
                revisions[row] = found
        self.revisions = revisions
        changed = [row for row, old in before.items() if _identity(revisions.get(row)) != old]
        if changed:
            self._rescore(revisions, np.array(changed, np.int64))

    def _revision(self, row: int) -> Revision | None:
        """The sample of `row` with the edits that stand; None where it is as in the source."""
        edits = self._review.edits(row)
        if not edits or self._dataset.broken[row]:
            return None
        family, columns = self._dataset.spelling_of(row)
        record = source = self._dataset.record(row)
        reading: RowContent | None = None
        parts: list[Part] = []
        original = editable(source, family, columns)
        for name, text in edits.items():
            part = Part(name)
            if part in original and original[part].text == text:
                continue
            try:
                record, reading = with_text(record, family, columns, part, text)
            except TamisError:  # this version of the dataset has no such part
                self.unmade += 1
            else:
                parts.append(part)
        if reading is None:
            return None
        identity = row_identity(reading, record)
        return Revision(record, reading, family, identity, tuple(parts))


def _identity(revision: Revision | None) -> bytes:
    return b"\0" * IDENTITY_BYTES if revision is None else revision.identity
