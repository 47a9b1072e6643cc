"""What undo and redo show of what is about no row, and the log of the session."""

from __future__ import annotations

from functools import partial

import numpy as np

from engine.review.decision import CHOICES, Aspect, Event
from engine.review.review import Change
from engine.session.choices import SIDE
from tui.desk.annotations import AnnotationActions
from tui.desk.base import NOTHING_SEEN
from tui.desk.mapping import MappingActions
from tui.dialogs.session_log import SessionLogDialog
from tui.said_words import STEP_WORDS, choice_words, log_words, step_words


class UndoActions(AnnotationActions, MappingActions):
    """What U and R show after a threshold, a scorer, a side, a rule; what H does."""

    def _show_step(self, change: Change) -> str:
        if change.aspect not in CHOICES:
            return super()._show_step(change)
        self.show_choice(change)
        return ""

    def show_choice(self, change: Change) -> None:
        """Draw what the scorer, the side, the threshold, the duplicates are now."""
        said = {(event.said.aspect, event.said.subject) for event in change.decisions}
        aspects = {aspect for aspect, _ in said}
        if Aspect.MAPPING in aspects:
            words = f"{STEP_WORDS[change.kind]}: {step_words(self.session, change)}"
            self.read_anew(self.session.chosen_mapping, words)
            return
        if Aspect.FOCUS in aspects:
            self._show_other_scores()
        if (Aspect.FOCUS, SIDE) in said:
            self._show_when_ready(self.session.view.refresh())
        self._seen = NOTHING_SEEN
        self._counts_due_s = 0.0
        self._draw_counts(recount=True)
        self._show_changed()

    def action_session_log(self) -> None:
        """Show everything that was said; enter goes to the row."""
        self.app.push_screen(
            SessionLogDialog(
                self.session.review.log(), partial(log_words, self.session), glyphs=self._glyphs
            ),
            self._go_to,
        )

    def _go_to(self, decision: Event | None) -> None:
        """To the first row of a decision that is in view."""
        if decision is None:
            return
        if decision.said.aspect in CHOICES:
            self.say(f"that is about no row: {choice_words(self.session, decision)}")
            return
        rows = decision.rows[decision.rows >= 0]
        shown = rows[np.isin(rows, self.table.order)]
        if len(shown):
            self.table.go_to_row(int(shown[0]))
            self._show_sample()
        elif len(rows):
            self.say(
                f"row {rows[0]} is not in this view: {self.key('filter')} with an empty line "
                "shows all"
            )
        else:
            self.say("that is about samples that are not in this dataset")
