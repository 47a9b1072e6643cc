"""Verdicts that the dataset carries: offered when it is new here, taken over after a yes."""

from __future__ import annotations

from textual.worker import get_current_worker

from engine.errors import TamisError
from engine.review.decision import Aspect
from engine.session.carried_verdicts import carriers_of
from engine.session.verdict_import import ImportPlan, import_verdicts, plan_for
from tui.deciding import INLINE_ROWS
from tui.desk.base import DeskBase


class ImportActions(DeskBase):
    """What the underscore does."""

    def offer_import(self) -> None:
        """Say that there are verdicts to import, where nobody has decided anything here yet."""
        session = self.session
        decided = any(event.said.aspect is Aspect.VERDICT for event in session.review.events)
        carries = any(carriers_of(session.dataset.all_column_names))
        if carries and not decided and not session.read_only:
            self.run_worker(self._look_for_verdicts, thread=True, group="import")

    def _look_for_verdicts(self) -> None:
        worker = get_current_worker()
        try:
            plan = plan_for(self.session, lambda: worker.is_cancelled)
        except TamisError:  # who asks for it is told why
            return
        if plan is not None and len(plan.rows) and not worker.is_cancelled:
            self.app.call_from_thread(self._offer, plan)

    def _offer(self, plan: ImportPlan) -> None:
        press = f"press {self.key('import_verdicts')} to take them over, after a question"
        self._tell(f"{plan.carried}: {press}", severity="warning")

    def action_import_verdicts(self) -> None:
        """Count what the dataset carries, ask, and take it over."""
        if self.session.read_only:
            self.say("read-only: nothing can be decided here")
            return
        self._work(
            "reading verdicts…",
            lambda: plan_for(self.session),
            self._ask_to_import,
            background=self.session.dataset.rows > INLINE_ROWS,
        )

    def _ask_to_import(self, plan: ImportPlan | None) -> None:
        if plan is None:
            self.say("the dataset carries no verdicts that tamis knows")
            return
        if not len(plan.rows):
            self.say(f"nothing to import: {'; '.join(plan.lines())}")
            return
        lines = [
            *plan.lines(),
            f"One undo ({self.key('undo')}) takes all of it back.",
        ]
        if self.session.sides > 1:
            lines.insert(1, f"as verdicts on the {self.session.side} response")
        self.confirm(
            f"Import the verdicts of {plan.carried.label}?",
            lines,
            f"import {len(plan.rows):,} verdicts",
            lambda: self._import(plan),
        )

    def _import(self, plan: ImportPlan) -> None:
        self._work(
            "importing verdicts…",
            lambda: import_verdicts(self.session, plan),
            self._imported,
            background=len(plan.rows) > INLINE_ROWS,
        )

    def _imported(self, count: int) -> None:
        self.say(f"imported {count:,} verdicts; {self.taken_back}", timeout=8)
        self._show_changed()
