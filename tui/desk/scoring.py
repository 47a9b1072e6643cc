"""Pause, stop, retry, another scorer, the other side."""

from __future__ import annotations

import numpy as np

from engine.errors import UsageError
from engine.sample import Side
from engine.scoring import check_scorer
from engine.scoring.worker import WorkerState
from tui.desk.base import DeskBase
from tui.prompt_bar import PromptBar, Question


class ScoringActions(DeskBase):
    """What p and m do."""

    def action_pause(self) -> None:
        """Pause or go on."""
        worker = self.session.scoring.worker
        if worker is None:
            self.say("nothing is being scored; m chooses a scorer")
            return
        if worker.status().state is WorkerState.PAUSED:
            worker.resume()
        else:
            worker.pause()
        self._status_due_s = 0.0

    def action_stop(self) -> None:
        """Stop scoring."""
        self.session.scoring.stop()
        self._status_due_s = 0.0

    def action_retry(self) -> None:
        """Try the failed rows again."""
        rows = np.flatnonzero(self.session.board.failed.any(axis=0))
        if self.session.scoring.worker is None or not len(rows):
            self.say("no row has failed")
            return
        self.session.scoring.worker.retry(rows)
        self.say(f"trying {len(rows):,} rows again")

    def action_model(self) -> None:
        """Choose another scorer."""
        self.query_one(PromptBar).ask(
            Question(
                label="scorer",
                hint="heuristic · hf:PATH · column:NAME · file:PATH[:COLUMN] · none",
                value=self.session.scoring.spec,
                answer=self._switch_scorer,
            )
        )

    def _switch_scorer(self, spec: str) -> None:
        spec = spec.strip()
        if not spec:
            raise UsageError(
                "no scorer named", "heuristic, hf:PATH, column:NAME, file:PATH or none"
            )
        names = self.session.dataset.column_names
        check_scorer(spec, columns=names, options=self._scorer_options)
        self._told.clear()
        self.app.clear_notifications()
        self._bins = None
        self.session.start_scoring(spec, self._scorer_options)
        self._focus_scoring()
        self._status_due_s = 0.0

    def action_side(self) -> None:
        """Review the other side of preference data."""
        session = self.session
        if session.sides == 1:
            self.say("only preference data has two sides")
            return
        session.review_side(Side.REJECTED if session.side is Side.CHOSEN else Side.CHOSEN)
        self._seen = (-1, -1, 0, -1)
        self._counts_due_s = 0.0
        self.table.refresh()
        self._show_sample()
        self._draw_title()
