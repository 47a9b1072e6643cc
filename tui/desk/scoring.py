"""Pause, stop, retry, another scorer, the other side."""

from __future__ import annotations

from functools import partial

import numpy as np

from engine.errors import TamisError, UsageError
from engine.sample import Side
from engine.scoring import kinds
from engine.scoring.kinds import check_scorer, find_kind, known_scorers
from engine.scoring.models.fetching import fetch_model
from engine.scoring.models.known_models import known_model
from engine.scoring.models.model_list import size_text
from engine.scoring.worker.worker import FINISHED, WorkerState
from tui.desk.base import NOTHING_SEEN, DeskBase
from tui.dialogs.dialogs import WorkDialog
from tui.dialogs.scorer_dialog import ScorerDialog


class ScoringActions(DeskBase):
    """What p and m do."""

    def action_pause(self) -> None:
        """Pause or go on."""
        worker = self.session.scoring.at_work
        self._status_due_s = 0.0
        if worker is not None and worker.paused:
            worker.resume()
            self.say("scoring goes on")
            return
        if worker is not None:
            worker.pause()
        state = worker.status().state if worker is not None else None
        if state is WorkerState.DONE:
            self.say("everything is scored: there is nothing to pause")
        elif state is None or state in FINISHED:
            self.say(f"nothing is being scored; {self.key('model')} chooses a scorer")
        elif state is WorkerState.LOADING:
            self.say(f"paused as soon as it is loaded; {self.key('pause')} goes on")

    def action_settle(self) -> None:
        """Score the rows near the threshold again, in float32."""
        scoring = self.session.scoring
        rows = scoring.uncertain(self.session.threshold)
        try:
            scoring.settle(rows)
        except TamisError as error:
            self.say(str(error))
            return
        self.say(f"scoring {len(rows):,} rows near the threshold in float32")
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
        spec = self.session.scoring.spec
        choices = [(kind.name, kind.line) for kind in kinds.KINDS if not kind.argument]
        self.app.push_screen(ScorerDialog(spec, choices, self._choose_scorer))

    def _choose_scorer(self, spec: str) -> None:
        """Switch to it; a model that is not on this disk is asked about first."""
        kind, what = find_kind(spec.strip()), spec.strip().partition(":")[2]
        absent = kind.absent_model if kind and not self._scorer_options.download else None
        if absent and (name := absent(what)):
            self.call_later(self._ask_to_fetch, name, spec.strip())  # answered to the desk
        else:
            self._switch_scorer(spec)

    def _ask_to_fetch(self, name: str, spec: str) -> None:
        known = known_model(name)
        lines = [name, "It is not on this disk, and would come from huggingface.co."]
        if known is not None:
            size = size_text(known.parameters * known.element_bytes)
            lines += [f"{known.label}, about {size}, licence {known.licence or 'see its page'}"]
        lines.append("esc stops a download; what has come stays for the next try.")

        self.confirm("Download this model?", lines, "download", partial(self._fetch, name, spec))

    def _fetch(self, name: str, spec: str) -> None:
        dialog = WorkDialog(f"downloading {name}…")

        def progress(done: int, total: int) -> None:
            title = f"downloading {name}: {size_text(done)} of {size_text(total)}"
            self.app.call_from_thread(dialog.show, title, done, total or None)

        self._work(
            "downloading…",
            lambda: fetch_model(
                name,
                self._scorer_options,
                progress=progress,
                cancelled=lambda: dialog.cancelled,
            ),
            lambda _folder: self._switch_fetched(spec),
            background=True,
            dialog=dialog,
        )

    def _switch_fetched(self, spec: str) -> None:
        try:
            self._switch_scorer(spec)
        except TamisError as error:
            self.say(str(error), severity="error", timeout=12)

    def _switch_scorer(self, spec: str) -> None:
        spec = spec.strip()
        if not spec:
            raise UsageError("no scorer named", f"one of {known_scorers()}")
        names = self.session.dataset.column_names
        check_scorer(spec, columns=names, options=self._scorer_options)
        self.session.start_scoring(spec, self._scorer_options)
        self._show_other_scores()

    def action_side(self) -> None:
        """Review the other side of preference data."""
        session = self.session
        if session.sides == 1:
            self.say("only preference data has two sides")
            return
        try:
            session.review_side(Side.REJECTED if session.side is Side.CHOSEN else Side.CHOSEN)
        except TamisError as error:
            self.say(str(error), severity="error", timeout=12)
            return
        self._seen = NOTHING_SEEN
        self._counts_due_s = 0.0
        self.table.refresh()
        self._show_when_ready(session.view.refresh())
