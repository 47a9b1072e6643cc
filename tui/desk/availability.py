"""What can be done now: the footer leaves the rest out, help and palette say why it cannot."""

from __future__ import annotations

from engine.review.decision import Verdict
from engine.session.carried_verdicts import carriers_of
from tui.desk.moving import MovingActions
from tui.desk.panels import UNDOING
from tui.keys.actions import Action, Group, actions_of, actions_on
from tui.widgets.status import KeyBar


class Possible(MovingActions):
    """Reasons, each a line; asked for the footer at every tick, so each is cheap."""

    @property
    def place(self) -> str:
        """What has the keys, in words."""
        if self.panel is not None and self.at_panel:
            return self.panel.place
        return "the sample" if self.detail.has_focus else "the table"

    def obstacles(self) -> dict[str, str]:
        """Action -> why it cannot be done now, for those that cannot."""
        found = {
            action.id: self.obstacle(action) for action in actions_on(None, actions_of(self.app))
        }
        return {action: why for action, why in found.items() if why}

    def obstacle(self, action: Action) -> str:
        """Why `action` cannot be done now; empty where it can."""
        if action.writes and self.session.read_only:
            return self.read_only_text
        if action.group is Group.VERDICTS and self.at_panel and action.id not in UNDOING:
            return f"{self.place} has the keys: {self.key('next_pane')} goes back to the table"
        if (panel := self.panel_of(action)) is not None:
            return self.panel_obstacle(panel, action)
        if action.id in _ON_SAMPLE:
            return self._sample_obstacle()
        return self._obstacle(action.id)

    def refusal(self, name: str) -> str:
        """See `WorkingScreen`; what the footer leaves out may still do something."""
        if name == "zoom" or (name == "code" and self.panel is not None and self.at_panel):
            return ""  # back from focus mode; a number for the panel
        return super().refusal(name)

    def _sample_obstacle(self) -> str:
        if self.table.selection_anchor is not None:
            return ""
        row = self.table.cursor_row
        if row is None:
            return "no sample is shown"
        return "this row could not be read" if self.session.dataset.broken[row] else ""

    def _obstacle(self, action: str) -> str:
        session = self.session
        match action:
            case "undo" if not session.undoable:
                return "nothing to undo"
            case "redo" if not session.review.redoable:
                return "nothing to redo"
            case "clear" if self._nothing_to_clear():
                return "there is no verdict here"
            case "next_match" | "previous_match" if self._search is None:
                return "no search yet"
            case "code":
                return self.nothing_to_code
            case "bulk_accept" | "bulk_reject" | "bulk_clear" | "bulk_tag" | "boost_shown" if (
                not len(self.table.order)
            ):
                return "no row is shown"
            case "threshold_down" | "threshold_up" | "threshold_far_down" | "threshold_far_up" if (
                session.threshold is None
            ):
                return "no scores yet: a threshold can be typed"
            case "pause" | "stop" if session.scoring.worker is None:
                return f"nothing is being scored; {self.key('model')} chooses a scorer"
            case "retry" if not session.board.failed.any():
                return "no row has failed"
            case "settle" if not len(session.scoring.uncertain(session.threshold)):
                return "bfloat16 leaves no row open"
            case "other_columns" | "frequencies" if not session.other_columns.names:
                return "this dataset has no column beside those of its samples"
            case "side" if session.sides == 1:
                return "only preference data has two sides"
            case "import_verdicts" if not any(carriers_of(session.dataset.all_column_names)):
                return "no column of this dataset is known to hold verdicts"
            case "problems" if not session.dataset.problems_total:
                return "every row could be read"
            case "explain" if not self.simulating:
                places = f"{self.key('simulate')} and {self.key('clusters')}"
                return f"the simulator and the duplicates have numbers to explain: {places}"
            case "zoom" if self._zoomed:
                return f"the sample fills the screen already: {self.key('close')} goes back"
            case "repeat" if self._last_done is None:
                return "nothing was done yet that could be repeated"
            case "close" if not self._closable():
                return "nothing is open"
            case "suspend" if self.app.is_headless or self.app.is_web:
                return "there is no shell behind this screen"
        return ""

    def _nothing_to_clear(self) -> bool:
        row = self.table.cursor_row
        if self.table.selection_anchor is not None or row is None:
            return False
        return int(self.session.verdicts[row]) == Verdict.UNDECIDED

    def _closable(self) -> bool:
        """Whether esc would close something."""
        return (
            self.session.view.at_work
            or self._zoomed
            or self.panel is not None
            or self.table.selection_anchor is not None
            or self.detail.has_focus
            or self._search is not None
        )

    def is_at_rest(self) -> bool:
        """Whether all that is known is drawn and nothing is being counted."""
        session = self.session
        drawn = self._seen[:2] == (session.board.version, session.review.version)
        drawn = drawn and not session.view.at_work
        return drawn and (self.panel is None or self.panel.is_at_rest)

    def _tick(self) -> None:
        """Also keep the footer to what can be done."""
        super()._tick()
        shown = [action for action in actions_on(None, actions_of(self.app)) if action.footer]
        self.query_one(KeyBar).leave_out(
            frozenset(
                action.id
                for action in shown
                if self.obstacle(action) or (not self.at_panel and self.belongs_to_panel(action))
            )
        )


_ON_SAMPLE = frozenset(
    {
        *("accept", "reject", "skip", "note", "long_note", "tag", "edit", "boost"),
        *("copy", "copy_to_file"),
    }
)
